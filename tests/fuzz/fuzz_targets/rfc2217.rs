#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mpr_protocol::transport::rfc2217::fuzz::server(data));
