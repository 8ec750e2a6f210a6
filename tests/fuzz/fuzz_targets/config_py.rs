#![no_main]

#[allow(dead_code)]
#[path = "../../../cli/src/config/python/mod.rs"]
mod python;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let program = python::read(&String::from_utf8_lossy(data));
    for assignment in program.assignments {
        assert!(assignment.place.line >= 1 && assignment.place.column >= 1);
    }
});
