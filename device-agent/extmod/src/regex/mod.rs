//! Regular expressions in MicroPython's dialect, matched in time proportional to text times expression, without
//! recursion.
//!
//! The dialect: `.` (any character), sets `[a-z]` `[^...]`, `\d \D \s \S \w \W` (ASCII), any other character behind a
//! backslash itself, `^` and `$` (the text's ends), groups `(...)` and `(?:...)`, `|`, and `* + ?` with their lazy forms
//! `*? +? ??`. Of several matches at the leftmost place the one that a backtracking matcher would find first counts.
//!
//! [`compile`] makes words of code in memory that the caller lends; a [`Program`] runs them with lent memory.

mod compile;
mod execute;
mod unit;

pub use compile::{CompileError, compile, max_words};
pub use execute::Program;
pub use unit::Unit;

// A word of code: the operation in the upper 8 bits, its operand in the lower 24. A program starts with two words: its
// number of groups (with the whole match as the first), and its number of operations that wait for a character or end the
// match.
pub(crate) mod op {
    /// Waits for this character.
    pub const CHAR: u32 = 1 << 24;
    /// Waits for any character.
    pub const ANY: u32 = 2 << 24;
    /// Waits for a character in one of so many ranges, which follow as pairs of words.
    pub const SET: u32 = 3 << 24;
    /// Waits for a character in none of the ranges.
    pub const NOT_SET: u32 = 4 << 24;
    /// Goes on, and if that fails goes on from here by the operand (signed).
    pub const SPLIT: u32 = 5 << 24;
    /// Goes on from here by the operand, and if that fails goes on with the next word.
    pub const SPLIT_FAR: u32 = 6 << 24;
    /// Goes on from here by the operand.
    pub const JUMP: u32 = 7 << 24;
    /// Notes the position in this slot.
    pub const SAVE: u32 = 8 << 24;
    /// Only at the start of the text.
    pub const START: u32 = 9 << 24;
    /// Only at the end of the text.
    pub const END: u32 = 10 << 24;
    /// A match.
    pub const MATCH: u32 = 11 << 24;

    pub const OPERATION: u32 = 0xff << 24;
    pub const OPERAND: u32 = !OPERATION;
}

/// Words before the first operation.
pub(crate) const HEADER: usize = 2;

/// The operand as a signed distance.
pub(crate) fn distance(word: u32) -> i32 {
    (word << 8) as i32 >> 8
}
