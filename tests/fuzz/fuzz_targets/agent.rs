#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mpr_protocol::agent_fuzz::session(data));
