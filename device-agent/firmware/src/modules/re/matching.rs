//! Searching a text, and what was found.

use micropython_sys::ffi;
use micropython_sys::object::{Base, Type};
use mpr_extmod::regex::{Program, Unit};

use super::MATCH_TYPE;
use super::pattern::{Pattern, unit_of};
use crate::mp::{self, Error, Native, Obj, Result};

/// A text that is searched. Keep it on the stack: the collector finds the object there.
#[derive(Clone, Copy)]
pub struct Text {
    /// `str` or `bytes`.
    pub object: Obj,
    /// What is in it.
    pub bytes: &'static [u8],
    /// What it is made of.
    pub unit: Unit,
}

impl Text {
    /// `TypeError` if the object is neither `str` nor `bytes`.
    pub fn new(object: Obj) -> Result<Self> {
        Ok(Self { object, bytes: mp::str_bytes(object)?, unit: unit_of(object) })
    }

    /// The offset in bytes of the unit with this index, within the text.
    pub fn offset(self, index: isize) -> usize {
        let index = usize::try_from(index).unwrap_or(0);
        match self.unit {
            Unit::Byte => index.min(self.bytes.len()),
            Unit::Char => {
                let mut starts = (0..self.bytes.len()).filter(|&at| starts_char(self.bytes[at]));
                starts.nth(index).unwrap_or(self.bytes.len())
            }
        }
    }

    /// The index of the unit at this offset.
    fn index(self, offset: usize) -> usize {
        match self.unit {
            Unit::Byte => offset,
            Unit::Char => self.bytes[..offset].iter().filter(|&&byte| starts_char(byte)).count(),
        }
    }

    /// A part of the text, as an object of the same type.
    pub fn part(self, start: usize, end: usize) -> Result {
        let part = &self.bytes[start..end];
        match self.unit {
            Unit::Byte => mp::bytes(part),
            Unit::Char => mp::str_of_bytes(part),
        }
    }
}

fn starts_char(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

/// Memory for searching a text with an expression, on Python's heap. No destructor: a raise may skip it.
pub struct Search {
    text: Text,
    /// Asked for its program every time: that is a pointer into a block, which keeps nothing alive.
    pattern: &'static Pattern,
    scratch: *mut u32,
}

impl Search {
    /// Prepares.
    pub fn new(pattern: &'static Pattern, text: Text) -> Result<Self> {
        let program = pattern.program(text.unit)?;
        let scratch = mp::bytes_on_heap(4 * program.scratch_words())?.cast();
        Ok(Self { text, pattern, scratch })
    }

    /// Number of groups of the expression, with the whole match as the first.
    pub fn groups(&self) -> Result<usize> {
        Ok(self.program()?.groups())
    }

    fn program(&self) -> Result<Program<'static>> {
        self.pattern.program(self.text.unit)
    }

    /// Looks for a match within the bytes from `start` to `end`; the text ends at `end`.
    pub fn run(&self, start: usize, end: usize, anchored: bool) -> Result<Option<Obj>> {
        let program = self.program()?;
        let groups = program.groups();
        let memory = mp::bytes_on_heap(size_of::<Match>() + 8 * groups)?.cast::<Match>();
        let base = mp::base::<Match>();
        // SAFETY: fresh memory of the right size; the scratch memory is this search's own.
        let found = unsafe {
            memory.write(Match { base, text: self.text.object, groups: groups as u32 });
            program.run(
                &self.text.bytes[..end],
                start,
                anchored,
                self.text.unit,
                core::slice::from_raw_parts_mut(self.scratch, program.scratch_words()),
                core::slice::from_raw_parts_mut(memory.add(1).cast(), 2 * groups),
            )
        };
        if found {
            return Ok(Some(Obj::from_ptr(memory)));
        }
        // SAFETY: allocated above, not used any more.
        unsafe { ffi::m_free(memory.cast()) };
        Ok(None)
    }

    /// Gives the memory back.
    pub fn free(self) {
        // SAFETY: the search's own; it ends here.
        unsafe { ffi::m_free(self.scratch.cast()) };
    }
}

/// A match; its positions, two for each group, are in the same block behind it.
#[repr(C)]
pub struct Match {
    base: Base,
    text: Obj,
    groups: u32,
}

// SAFETY: `repr(C)` with the head first; the head is made with this type.
unsafe impl Native for Match {
    const TYPE: &'static Type = MATCH_TYPE.as_type();
}

impl Match {
    /// Number of groups, with the whole match as the first.
    pub fn group_count(&self) -> usize {
        self.groups as usize
    }

    /// The text that was searched.
    fn text(&self) -> Result<Text> {
        Text::new(self.text)
    }

    /// Start and end of a group, if it took part. The group must exist.
    fn positions(&self, group: usize) -> Option<(usize, usize)> {
        let behind = core::ptr::from_ref(self).wrapping_add(1).cast::<[u32; 2]>();
        // SAFETY: the block has as many pairs as groups.
        let [start, end] = unsafe { *behind.add(group) };
        (end != u32::MAX).then_some((start as usize, end as usize))
    }

    /// Start and end of the whole match.
    pub fn span(&self) -> (usize, usize) {
        self.positions(0).unwrap_or((0, 0))
    }

    /// The bytes of a group; none if it took no part. `IndexError` if there is no such group.
    pub fn group_bytes(&self, group: usize) -> Result<&'static [u8]> {
        let positions = self.checked(Obj::small_int(group as isize))?;
        let text = self.text()?;
        Ok(positions.map_or(&[], |(start, end)| &text.bytes[start..end]))
    }

    fn checked(&self, group: Obj) -> Result<Option<(usize, usize)>> {
        match usize::try_from(mp::int_of(group)?) {
            Ok(index) if index < self.group_count() => Ok(self.positions(index)),
            // SAFETY: a static of the core.
            _ => Err(Error::with_argument(unsafe { &ffi::mp_type_IndexError }, group)),
        }
    }

    fn object(&self, positions: Option<(usize, usize)>) -> Result {
        match positions {
            Some((start, end)) => self.text()?.part(start, end),
            None => Ok(Obj::NONE),
        }
    }
}

/// The match and the positions that the arguments of a method ask for; the whole match if they don't.
fn asked(args: &[Obj]) -> Result<(&'static Match, Option<(usize, usize)>)> {
    let found = mp::native::<Match>(args[0])?;
    let positions = found.checked(args.get(1).copied().unwrap_or(Obj::small_int(0)))?;
    Ok((found, positions))
}

/// `group([n])`
pub fn group(args: &[Obj]) -> Result {
    let (found, positions) = asked(args)?;
    found.object(positions)
}

/// `groups()`
pub fn groups(args: &[Obj]) -> Result {
    let found = mp::native::<Match>(args[0])?;
    let list = mp::list(&[])?;
    for group in 1..found.group_count() {
        mp::list_append(list, found.object(found.positions(group))?)?;
    }
    mp::tuple(mp::array(list)?)
}

fn index(found: &Match, offset: Option<usize>) -> Result {
    match offset {
        Some(offset) => mp::int(found.text()?.index(offset) as isize),
        None => Ok(Obj::small_int(-1)),
    }
}

/// `span([n])`: indexes of the start and the end; -1 if the group took no part.
pub fn span(args: &[Obj]) -> Result {
    let (found, positions) = asked(args)?;
    let start = index(found, positions.map(|(start, _)| start))?;
    let end = index(found, positions.map(|(_, end)| end))?;
    mp::tuple(&[start, end])
}

/// `start([n])`, `end([n])`
pub fn bound(args: &[Obj], at_end: bool) -> Result {
    let (found, positions) = asked(args)?;
    index(found, positions.map(|(start, end)| if at_end { end } else { start }))
}
