//! `split`

use micropython_sys::ffi;

use super::matching::{Match, Search, Text};
use super::pattern;
use crate::mp::{self, Error, Obj, Result};

/// `split(text, max_split=-1)`: 0 and less mean no limit. As in stock MicroPython an empty match ends the splitting.
pub fn split(args: &[Obj]) -> Result {
    let pattern = pattern::from(args[0])?;
    let text = Text::new(args[1])?;
    let mut left = args.get(2).map_or(Ok(0), |&max| mp::int_of(max))?;
    let search = Search::new(pattern, text)?;
    if search.groups()? > 1 {
        // SAFETY: a static of the core.
        let not_implemented = unsafe { &ffi::mp_type_NotImplementedError };
        return Err(Error::Message(not_implemented, "splitting with sub-captures"));
    }
    let parts = mp::list(&[])?;
    let mut at = 0;
    while let Some(found) = search.run(at, text.bytes.len(), false)? {
        let (start, end) = mp::native::<Match>(found)?.span();
        if start == end {
            break;
        }
        mp::list_append(parts, text.part(at, start)?)?;
        at = end;
        left -= 1;
        if left == 0 {
            break;
        }
    }
    mp::list_append(parts, text.part(at, text.bytes.len())?)?;
    search.free();
    Ok(parts)
}
