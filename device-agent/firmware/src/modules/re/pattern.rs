//! Compiled expressions: words of code on Python's heap.

use core::cell::Cell;

use micropython_sys::ffi;
use micropython_sys::object::{Base, Type};
use mpr_extmod::regex::{self, CompileError, Program, Unit};

use super::PATTERN;
use crate::mp::{self, Error, Native, Obj, Result};

/// An expression, compiled for the texts that it has met.
#[repr(C)]
pub struct Pattern {
    base: Base,
    /// The expression as the program gave it, `str` or `bytes`.
    source: Obj,
    /// For `str`: the number of words, then the words; or null.
    chars: Cell<*mut u32>,
    /// For `bytes`, likewise.
    bytes: Cell<*mut u32>,
}

// SAFETY: `repr(C)` with the head first; the head is made with this type.
unsafe impl Native for Pattern {
    const TYPE: &'static Type = PATTERN.as_type();
}

/// `compile(expression[, flags])`: there are no flags, and their number is not looked at.
pub fn compile(source: Obj) -> Result {
    let pattern = Pattern {
        base: mp::base::<Pattern>(),
        source,
        chars: Cell::new(core::ptr::null_mut()),
        bytes: Cell::new(core::ptr::null_mut()),
    };
    let pattern = mp::alloc(pattern)?;
    // An error shows now.
    pattern.program(unit_of(source))?;
    Ok(Obj::from_ptr(pattern))
}

/// A compiled expression, or the text of one, compiled.
pub fn from(object: Obj) -> Result<&'static Pattern> {
    mp::native::<Pattern>(if is_compiled(object) { object } else { compile(object)? })
}

/// Whether this is a compiled expression and not the text of one.
pub fn is_compiled(object: Obj) -> bool {
    mp::native::<Pattern>(object).is_ok()
}

/// What a text of this type is made of.
pub fn unit_of(text: Obj) -> Unit {
    if mp::is_str(text) { Unit::Char } else { Unit::Byte }
}

impl Pattern {
    /// The program for texts of this unit.
    pub fn program(&self, unit: Unit) -> Result<Program<'static>> {
        let cell = match unit {
            Unit::Char => &self.chars,
            Unit::Byte => &self.bytes,
        };
        if cell.get().is_null() {
            cell.set(translate(self.source, unit)?);
        }
        // SAFETY: made by `translate`; the object keeps it.
        Ok(unsafe { Program::new(core::slice::from_raw_parts(cell.get().add(1), *cell.get() as usize)) })
    }
}

/// Compiles into a block of exactly the right size.
fn translate(source: Obj, unit: Unit) -> Result<*mut u32> {
    let text = mp::str_bytes(source)?;
    let max = regex::max_words(text.len());
    let draft = mp::bytes_on_heap(4 * max)?.cast::<u32>();
    // SAFETY: allocated and zeroed; this is the only reference.
    let result = regex::compile(text, unit, unsafe { core::slice::from_raw_parts_mut(draft, max) });
    let code = match result {
        Ok(len) => mp::bytes_on_heap(4 * (1 + len)).map(|code| {
            let code = code.cast::<u32>();
            // SAFETY: two blocks of at least this size.
            unsafe {
                *code = len as u32;
                core::ptr::copy_nonoverlapping(draft, code.add(1), len);
            }
            code
        }),
        Err(CompileError::Syntax) => Err(Error::value("error in regex")),
        Err(CompileError::TooComplex) => Err(Error::value("regex too complex")),
    };
    // SAFETY: allocated above, not used any more.
    unsafe { ffi::m_free(draft.cast()) };
    code
}
