//! Names that the board's interpreter knows.

use super::Device;
use super::fs::{unexpected, values};
use crate::Error;
use crate::python::{Value, str_literal};

impl Device {
    /// Names that begin with `start`: attributes of the object that `path` leads to (`["sys", "implementation"]`), or, without
    /// one, globals and builtins. A name with a leading underscore is told only if `start` has one. None when there is no such
    /// object.
    ///
    /// Nothing of the user's runs for it: no property, no `__getattr__`. So attributes that exist only there are not told.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn names(&mut self, path: &[&str], start: &str) -> Result<Vec<String>, Error> {
        let steps: Vec<String> = path.iter().map(|name| str_literal(name)).collect();
        // `dir` of an instance reads every attribute; that of its class does not.
        let code = format!(
            "def _mpr(s):\n \
             global _mpr\n \
             del _mpr\n \
             import builtins as b,sys\n \
             def f(o):\n  \
             t=type(o)\n  \
             try:d=list(o.__dict__)\n  \
             except AttributeError:d=[]\n  \
             if t is type:return dir(o)\n  \
             if t is type(sys):return d or dir(o)\n  \
             return d+dir(t)\n \
             if not {path_is_there}:\n  \
             l=list(globals())+dir(b)\n \
             else:\n  \
             o=None\n  \
             for i,n in enumerate(({steps})):\n   \
             if i<1:\n    \
             if n in globals():o=globals()[n]\n    \
             elif hasattr(b,n):o=getattr(b,n)\n    \
             else:return\n   \
             elif n not in f(o)or isinstance(getattr(type(o),n,None),getattr(b,'property',())):return\n   \
             else:o=getattr(o,n)\n  \
             l=f(o)\n \
             for n in l:\n  \
             if n.startswith(s)and(s or n[0]!='_'):print(bytes(n,'utf8'))\n\
             _mpr({start})\n",
            path_is_there = u8::from(!path.is_empty()),
            steps = steps.iter().map(|step| format!("{step},")).collect::<String>(),
            start = str_literal(start),
        );
        let out = self.call("asking for names", &code)?;
        let name = |value: &Value| value.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        values(&out)?.iter().map(|value| name(value).ok_or_else(|| unexpected("name", &out))).collect()
    }
}
