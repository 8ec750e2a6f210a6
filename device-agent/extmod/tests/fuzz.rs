//! The fuzz targets on their corpus and on random bytes.

#[path = "../../../tests/fuzz/shared/extmod.rs"]
mod extmod;

use proptest::collection::vec;
use proptest::prelude::*;

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 6] = [
    ("inflate", extmod::inflate),
    ("compress", extmod::compress),
    ("regex", extmod::regex),
    ("binascii", extmod::binascii),
    ("romfs", extmod::romfs),
    ("webrepl_server", extmod::webrepl),
];

#[test]
fn the_corpus() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz/corpus");
    for (name, target) in TARGETS {
        let mut seeds = 0;
        for entry in std::fs::read_dir(format!("{folder}/{name}")).expect("the corpus is there") {
            target(&std::fs::read(entry.expect("a readable folder").path()).expect("a readable seed"));
            seeds += 1;
        }
        assert!(seeds >= 4, "{name}: {seeds} seeds");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn random_bytes(data in vec(any::<u8>(), 0..600)) {
        for (_, target) in TARGETS {
            target(&data);
        }
    }
}
