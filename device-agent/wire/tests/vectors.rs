//! The examples that both sides are tested with.

use mpr_wire::{Answer, Answers, Frame, decode, encode, encode_answer};

fn bytes(hex: &str) -> Vec<u8> {
    let digits = if hex == "-" { "" } else { hex };
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex")).collect()
}

#[test]
fn frames_are_as_in_the_examples() {
    let mut count = 0;
    for line in include_str!("../vectors.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let ["frame" | "alone", number, deflated, payload, wire] = words[..] else { continue };
        let (number, deflated) = (number.parse().expect("a number"), deflated == "1");
        let (payload, wire) = (bytes(payload), bytes(wire));
        let mut encoded = Vec::new();
        encode(number, deflated, &payload, &mut encoded);
        assert_eq!(encoded, wire, "{line}");
        assert_eq!(decode(&wire), Ok(Frame { number, deflated, payload }), "{line}");
        count += 1;
    }
    assert!(count >= 10);
}

#[test]
fn answers_are_as_in_the_examples() {
    let mut count = 0;
    for line in include_str!("../vectors.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let ["answer", payload, wire] = words[..] else { continue };
        let mut encoded = Vec::new();
        encode_answer(&bytes(payload), &mut encoded);
        assert_eq!(encoded, bytes(wire), "{line}");
        let mut answers = Answers::new();
        answers.push(&encoded);
        assert_eq!(answers.next_answer(), Some(Answer::Frame(bytes(payload))), "{line}");
        count += 1;
    }
    assert!(count >= 5);
}
