//! Arguments of native functions.

use micropython_sys::ffi;
use micropython_sys::object::{Map, Obj};
use micropython_sys::qstr::{MP_QSTR_, Qstr};

use super::{Error, Result, protect};

/// The name of a parameter that has none, for [`Args::take`].
pub const POSITIONAL: Qstr = MP_QSTR_;

/// Keyword arguments.
#[derive(Clone, Copy)]
pub enum Keywords<'a> {
    /// A map, as functions get them.
    Map(&'a Map),
    /// Name, value, name, value, as type constructors get them.
    Pairs(&'a [Obj]),
}

impl Keywords<'_> {
    fn len(self) -> usize {
        match self {
            // SAFETY: a valid map.
            Self::Map(map) => unsafe { ffi::mpr_map_size(map) },
            Self::Pairs(pairs) => pairs.len() / 2,
        }
    }

    fn find(self, name: Qstr) -> Result<Option<Obj>> {
        match self {
            Self::Map(map) => {
                // SAFETY: a valid map; interned strings compare without Python code.
                let value = protect(|| unsafe { ffi::mpr_map_lookup(map, name.obj()) })?;
                Ok((!value.is_null()).then_some(value))
            }
            Self::Pairs(pairs) => {
                Ok(pairs.chunks_exact(2).find(|pair| pair[0] == name.obj()).map(|pair| pair[1]))
            }
        }
    }
}

/// All arguments of a native function that takes keywords.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    /// By position.
    pub positional: &'a [Obj],
    /// By name.
    pub keywords: Keywords<'a>,
}

impl Args<'_> {
    /// Sorts the arguments into named parameters: by position first, then by name.
    pub fn take<const N: usize>(self, names: [Qstr; N]) -> Result<[Option<Obj>; N]> {
        if self.positional.len() > N {
            return Err(Error::typ("extra positional arguments given"));
        }
        let mut values = [None; N];
        let mut named = 0;
        for (i, name) in names.into_iter().enumerate() {
            values[i] = self.positional.get(i).copied();
            if let Some(value) = self.keywords.find(name)? {
                if values[i].is_some() {
                    return Err(Error::typ("function got multiple values for argument"));
                }
                values[i] = Some(value);
                named += 1;
            }
        }
        if named < self.keywords.len() {
            return Err(Error::typ("extra keyword arguments given"));
        }
        Ok(values)
    }
}
