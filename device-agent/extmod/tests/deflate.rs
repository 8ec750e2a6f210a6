//! The small decompressor and compressor against `miniz_oxide`.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec;
use mpr_extmod::deflate::{Compress, Error, Inflate, Memory, Sizes};
use proptest::collection::vec;
use proptest::prelude::*;

/// Input that stops now and then, as a slow stream does.
struct Input<'a> {
    data: &'a [u8],
    at: usize,
    /// Stop before every byte whose position is a multiple of this, once.
    stop: usize,
    stopped: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Stop {
    Later,
    End,
}

impl Input<'_> {
    fn next(&mut self) -> Result<u8, Stop> {
        if self.stop > 0 && self.at.is_multiple_of(self.stop) && !self.stopped {
            self.stopped = true;
            return Err(Stop::Later);
        }
        self.stopped = false;
        let byte = *self.data.get(self.at).ok_or(Stop::End)?;
        self.at += 1;
        Ok(byte)
    }
}

/// Decompresses in pieces; gives the output and the number of bytes taken.
fn inflate(data: &[u8], wbits: u8, piece: usize, stop: usize) -> Result<(Vec<u8>, usize), Error<Stop>> {
    let mut window = vec![0; 1 << wbits];
    let mut input = Input { data, at: 0, stop, stopped: false };
    let mut machine = Inflate::new();
    let mut out = Vec::new();
    let mut buffer = vec![0; piece];
    loop {
        match machine.read(&mut window, &mut buffer, || input.next()) {
            Ok(0) => {
                assert!(machine.is_done());
                return Ok((out, input.at));
            }
            Ok(n) => out.extend_from_slice(&buffer[..n]),
            Err(Error::Io(Stop::Later)) => {}
            Err(error) => return Err(error),
        }
    }
}

fn compress(pieces: &[&[u8]], wbits: u8) -> Vec<u8> {
    let sizes = Sizes::new(wbits);
    let (mut data, mut heads, mut chain) = (vec![0; sizes.data], vec![0; sizes.heads], vec![0; sizes.chain]);
    let mut memory = Memory { data: &mut data, heads: &mut heads, chain: &mut chain };
    let mut out = Vec::new();
    let mut sink = |bytes: &[u8]| {
        out.extend_from_slice(bytes);
        Ok::<_, ()>(())
    };
    let mut machine = Compress::new(wbits);
    for piece in pieces {
        machine.write(&mut memory, piece, &mut sink).unwrap();
    }
    machine.finish(&mut memory, &mut sink).unwrap();
    out
}

/// Random bytes, text of few letters, and repetitions of what came before.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        vec(any::<u8>(), 0..400),
        vec(b'a'..b'e', 0..400),
        (any::<u8>(), 0..700_usize).prop_map(|(byte, n)| vec![byte; n]),
    ];
    (vec(part, 1..8), 1..5_usize).prop_map(|(parts, times)| parts.concat().repeat(times))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn inflates_what_others_deflate(data in data(), level in 0..=10_u8, piece in 1..600_usize, stop in 0..4_usize) {
        let mut compressed = compress_to_vec(&data, level);
        let len = compressed.len();
        compressed.extend_from_slice(b"not a part of the stream");
        let (out, taken) = inflate(&compressed, 15, piece, stop).unwrap();
        prop_assert!(out == data);
        prop_assert_eq!(taken, len);
    }

    #[test]
    fn a_cut_stream_never_ends(data in data(), level in 0..=10_u8, cut: usize) {
        let compressed = compress_to_vec(&data, level);
        let cut = cut % compressed.len();
        prop_assert_eq!(inflate(&compressed[..cut], 15, 100, 0).err(), Some(Error::Io(Stop::End)));
    }

    #[test]
    fn others_inflate_what_is_deflated_here(data in data(), wbits in 5..=15_u8, cuts in vec(any::<usize>(), 0..5)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (data.len() + 1)).collect();
        cuts.extend([0, data.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &data[pair[0]..pair[1]]).collect();
        let compressed = compress(&pieces, wbits);
        prop_assert!(decompress_to_vec(&compressed).unwrap() == data);
        // The window is all that a decompressor needs.
        let (out, taken) = inflate(&compressed, wbits, 77, 0).unwrap();
        prop_assert!(out == data);
        prop_assert_eq!(taken, compressed.len());
    }

    #[test]
    fn any_bytes_are_refused_or_inflated_alike(data in vec(any::<u8>(), 0..200)) {
        same_as_others(&data);
    }

    #[test]
    fn a_changed_stream_is_refused_or_inflated_alike(data in data(), at: usize, bit in 0..8_u8) {
        let mut compressed = compress_to_vec(&data, 9);
        let at = at % compressed.len();
        compressed[at] ^= 1 << bit;
        same_as_others(&compressed);
    }
}

fn same_as_others(data: &[u8]) {
    let ours = inflate(data, 15, 300, 0).map(|(out, _)| out).ok();
    let others = decompress_to_vec(data).ok();
    assert!(ours == others, "{:?} {:?}", ours.map(|out| out.len()), others.map(|out| out.len()));
}

#[test]
fn matches_of_every_length_and_distance() {
    for wbits in [5, 8, 15] {
        let window = 1 << wbits;
        for distance in (1..=window).step_by(if wbits == 15 { 1013 } else { 1 }) {
            let mut data: Vec<u8> = (0..distance).map(|i| (i * i / 7 + i) as u8).collect();
            for length in [3, 4, 10, 11, 257, 258, 259, 600] {
                for _ in 0..length {
                    data.push(data[data.len() - distance]);
                }
                data.push(length as u8);
            }
            let compressed = compress(&[&data], wbits);
            assert!(inflate(&compressed, wbits, 1000, 0).unwrap().0 == data);
        }
    }
}

#[test]
fn a_distance_beyond_the_window_is_refused() {
    let mut data: Vec<u8> = (0..200_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    data.extend_from_within(..50);
    let compressed = compress(&[&data], 8);
    assert!(inflate(&compressed, 8, 10, 0).is_ok());
    assert_eq!(inflate(&compressed, 7, 10, 0).err(), Some(Error::Invalid));
}

#[test]
fn text_becomes_a_good_deal_smaller() {
    let source = include_bytes!("../src/deflate/inflate.rs");
    for (wbits, percent) in [(8, 75), (10, 60), (12, 45), (15, 40)] {
        let len = compress(&[source], wbits).len();
        assert!(len * 100 < source.len() * percent, "{wbits}: {len} of {}", source.len());
    }
    let zeros = [0; 100_000];
    assert!(compress(&[&zeros], 8).len() < 1000);
}

#[test]
fn an_empty_stream_is_one_empty_block() {
    assert_eq!(compress(&[], 8), [3, 0]);
    assert_eq!(inflate(&[3, 0], 8, 1, 0), Ok((vec![], 2)));
}

#[test]
fn state_is_small() {
    assert!(size_of::<Inflate>() <= 1100, "{}", size_of::<Inflate>());
    assert!(size_of::<Compress>() <= 128, "{}", size_of::<Compress>());
}
