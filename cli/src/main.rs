//! `mpr`: manage MicroPython boards.

fn main() {}
