#![no_main]

#[path = "../shared/extmod.rs"]
#[allow(dead_code)]
mod extmod;

libfuzzer_sys::fuzz_target!(|data: &[u8]| extmod::webrepl(data));
