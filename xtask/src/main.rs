//! Development tasks: `cargo xtask setup|demo|test|bench`.

fn main() {}
