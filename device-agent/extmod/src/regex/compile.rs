//! From an expression to words of code, in one pass, with the open groups on a stack of limited depth.

use super::{HEADER, Unit, op};

/// Why an expression is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompileError {
    /// It is none in this dialect.
    Syntax,
    /// Groups are nested too deeply, or it is too long.
    TooComplex,
}

/// Groups open at the same time.
const MAX_DEPTH: usize = 40;
/// Words of a program: distances fit into 24 bits, and the memory for any number of groups into 32.
const MAX_WORDS: usize = 1 << 16;
/// Groups in all; slots are operands of 24 bits, but memory is short long before.
const MAX_GROUPS: u32 = 1000;
/// The largest character, and more: where ranges of negated classes end.
const LAST: u32 = op::OPERAND;

/// Words that suffice for an expression of `len` bytes.
pub fn max_words(len: usize) -> usize {
    // The worst is `\W` in a set: five ranges for two characters.
    HEADER + 4 + 5 * len
}

/// An open group, or the whole expression.
#[derive(Clone, Copy)]
struct Group {
    /// Its first word.
    start: usize,
    /// The first word of the alternative.
    alternative: usize,
    /// The last `JUMP` to the group's end, whose operand leads to the one before; 0: none.
    jump: usize,
    /// Its number, if it captures.
    number: Option<u32>,
}

struct Compiler<'a> {
    pattern: &'a [u8],
    at: usize,
    unit: Unit,
    code: &'a mut [u32],
    len: usize,
    groups: u32,
    /// The first word of what a quantifier would repeat.
    last_item: Option<usize>,
}

/// Compiles an expression into `code`, which has [`max_words`]; gives the number of words used.
pub fn compile(pattern: &[u8], unit: Unit, code: &mut [u32]) -> Result<usize, CompileError> {
    if max_words(pattern.len()) > MAX_WORDS || code.len() < max_words(pattern.len()) {
        return Err(CompileError::TooComplex);
    }
    let mut compiler = Compiler { pattern, at: 0, unit, code, len: HEADER, groups: 1, last_item: None };
    compiler.run()?;
    let (code, len) = (compiler.code, compiler.len);
    code[0] = compiler.groups;
    code[1] = waiting(&code[..len]);
    Ok(len)
}

/// Operations that wait for a character or end the match.
fn waiting(code: &[u32]) -> u32 {
    let (mut at, mut count) = (HEADER, 0);
    while at < code.len() {
        match code[at] & op::OPERATION {
            op::CHAR | op::ANY | op::MATCH => count += 1,
            op::SET | op::NOT_SET => {
                count += 1;
                at += 2 * (code[at] & op::OPERAND) as usize;
            }
            _ => {}
        }
        at += 1;
    }
    count
}

impl Compiler<'_> {
    fn run(&mut self) -> Result<(), CompileError> {
        let mut stack = [Group { start: 0, alternative: 0, jump: 0, number: None }; MAX_DEPTH];
        let mut depth = 0;
        self.push(op::SAVE);
        let mut group = Group { start: self.len, alternative: self.len, jump: 0, number: None };
        while self.at < self.pattern.len() {
            let c = self.code()?;
            // What is no ASCII stands for itself, as 0 does.
            match u8::try_from(c).unwrap_or(0) {
                b'(' => {
                    *stack.get_mut(depth).ok_or(CompileError::TooComplex)? = group;
                    depth += 1;
                    group = self.open()?;
                }
                b')' => {
                    self.close(group);
                    depth = depth.checked_sub(1).ok_or(CompileError::Syntax)?;
                    self.last_item = Some(group.start);
                    group = stack[depth];
                }
                b'|' => self.alternative(&mut group),
                quantifier @ (b'*' | b'+' | b'?') => self.repeat(quantifier)?,
                ascii => self.item(c, ascii)?,
            }
        }
        if depth > 0 {
            return Err(CompileError::Syntax);
        }
        self.close(group);
        self.push(op::SAVE | 1);
        self.push(op::MATCH);
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.pattern.get(self.at).copied()
    }

    fn skip(&mut self, c: u8) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    /// The next unit as its code.
    fn code(&mut self) -> Result<u32, CompileError> {
        if self.at >= self.pattern.len() {
            return Err(CompileError::Syntax);
        }
        let (c, len) = self.unit.at(self.pattern, self.at);
        self.at += len;
        Ok(c)
    }

    fn push(&mut self, word: u32) {
        self.code[self.len] = word;
        self.len += 1;
    }

    /// Inserts a word before `at`. Distances inside of what moves stay right, and nothing outside leads into it.
    fn insert(&mut self, at: usize, word: u32) {
        self.code.copy_within(at..self.len, at + 1);
        self.code[at] = word;
        self.len += 1;
    }

    fn open(&mut self) -> Result<Group, CompileError> {
        let start = self.len;
        let number = if self.skip(b'?') {
            if !self.skip(b':') {
                return Err(CompileError::Syntax);
            }
            None
        } else {
            if self.groups >= MAX_GROUPS {
                return Err(CompileError::TooComplex);
            }
            self.push(op::SAVE | (2 * self.groups));
            self.groups += 1;
            Some(self.groups - 1)
        };
        self.last_item = None;
        Ok(Group { start, alternative: self.len, jump: 0, number })
    }

    /// Ends the alternatives of a group, and the group.
    fn close(&mut self, group: Group) {
        let mut jump = group.jump;
        while jump != 0 {
            let before = (self.code[jump] & op::OPERAND) as usize;
            self.code[jump] = op::JUMP | (self.len - jump) as u32;
            jump = before;
        }
        if let Some(number) = group.number {
            self.push(op::SAVE | (2 * number + 1));
        }
    }

    fn alternative(&mut self, group: &mut Group) {
        // This alternative or, behind its jump to the group's end, the next one.
        let distance = self.len + 2 - group.alternative;
        self.insert(group.alternative, op::SPLIT | distance as u32);
        self.push(op::JUMP | group.jump as u32);
        group.jump = self.len - 1;
        group.alternative = self.len;
        self.last_item = None;
    }

    fn repeat(&mut self, quantifier: u8) -> Result<(), CompileError> {
        let start = self.last_item.take().ok_or(CompileError::Syntax)?;
        let lazy = self.skip(b'?');
        let (go_on, leave) = if lazy { (op::SPLIT, op::SPLIT_FAR) } else { (op::SPLIT_FAR, op::SPLIT) };
        if quantifier != b'?' {
            // Once more, or on. `x*` is `(?:x+)?`, so that an empty `x` counts as a round.
            let back = (start as i32 - self.len as i32) as u32 & op::OPERAND;
            self.push(go_on | back);
        }
        if quantifier != b'+' {
            let distance = self.len + 1 - start;
            self.insert(start, leave | distance as u32);
        }
        Ok(())
    }

    /// Anything that is no group, alternative or quantifier.
    fn item(&mut self, c: u32, ascii: u8) -> Result<(), CompileError> {
        let start = self.len;
        // The ends of the text can't be repeated.
        self.last_item = (!matches!(ascii, b'^' | b'$')).then_some(start);
        match ascii {
            b'^' => self.push(op::START),
            b'$' => self.push(op::END),
            b'.' => self.push(op::ANY),
            b'[' => self.set()?,
            b'\\' => match self.class() {
                Some((class, negated)) => {
                    self.push(if negated { op::NOT_SET } else { op::SET });
                    self.ranges(class, false);
                    self.close_set(start);
                }
                None => {
                    let c = self.code()?;
                    self.push(op::CHAR | c);
                }
            },
            _ => self.push(op::CHAR | c),
        }
        Ok(())
    }

    /// A class behind a backslash, if there is one: its letter in lower case, and whether it is negated.
    fn class(&mut self) -> Option<(u8, bool)> {
        let letter = self.peek().filter(|c| b"dDsSwW".contains(c))?;
        self.at += 1;
        Some((letter.to_ascii_lowercase(), letter.is_ascii_uppercase()))
    }

    /// Pushes the ranges of a class, or those between them.
    fn ranges(&mut self, class: u8, negated: bool) {
        let ranges: &[(u8, u8)] = match class {
            b'd' => &[(b'0', b'9')],
            b's' => &[(b'\t', b'\r'), (b' ', b' ')],
            _ => &[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')],
        };
        let mut next = 0;
        for &(first, last) in ranges {
            let (first, last) = (u32::from(first), u32::from(last));
            if negated {
                self.push(next);
                self.push(first - 1);
                next = last + 1;
            } else {
                self.push(first);
                self.push(last);
            }
        }
        if negated {
            self.push(next);
            self.push(LAST);
        }
    }

    /// A set behind its `[`.
    fn set(&mut self) -> Result<(), CompileError> {
        let start = self.len;
        let negated = self.skip(b'^');
        self.push(if negated { op::NOT_SET } else { op::SET });
        let mut first = true;
        // A `]` at the start stands for itself.
        while first || self.peek() != Some(b']') {
            first = false;
            let Some(from) = self.member()? else { continue };
            let is_range =
                self.peek() == Some(b'-') && self.pattern.get(self.at + 1).is_some_and(|&c| c != b']');
            let to = if is_range {
                self.at += 1;
                self.member()?.ok_or(CompileError::Syntax)?
            } else {
                from
            };
            self.push(from);
            self.push(to);
        }
        self.at += 1;
        self.close_set(start);
        Ok(())
    }

    /// A member of a set: a character, or a class whose ranges are pushed.
    fn member(&mut self) -> Result<Option<u32>, CompileError> {
        let c = self.code()?;
        if c != u32::from(b'\\') {
            return Ok(Some(c));
        }
        match self.class() {
            Some((class, negated)) => {
                self.ranges(class, negated);
                Ok(None)
            }
            None => self.code().map(Some),
        }
    }

    /// Notes the number of ranges in the set that starts at `start`.
    fn close_set(&mut self, start: usize) {
        self.code[start] |= ((self.len - start - 1) / 2) as u32;
    }
}
