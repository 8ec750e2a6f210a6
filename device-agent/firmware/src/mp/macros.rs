//! Macros that make static Python objects.

/// A function object of positional arguments: `native_fn!(pub NAME, 1..=2, function);`
///
/// `function` is `fn(&[Obj]) -> Result`; it gets as many arguments as the range allows.
#[macro_export]
macro_rules! native_fn {
    ($vis:vis $name:ident, $min:literal ..= $max:expr, $function:expr) => {
        $vis static $name: micropython_sys::object::FunVar = {
            unsafe extern "C" fn thunk(n: usize, args: *const $crate::mp::Obj) -> $crate::mp::Obj {
                // SAFETY: the core passes `n` arguments.
                let args = if n == 0 { &[] } else { unsafe { core::slice::from_raw_parts(args, n) } };
                match $function(args) {
                    Ok(value) => value,
                    // SAFETY: results and arguments have no destructors.
                    Err(error) => unsafe { $crate::mp::Error::raise(error) },
                }
            }
            micropython_sys::object::FunVar::var($min, $max, thunk)
        };
    };
}

/// A function object of positional and keyword arguments: `native_kw_fn!(pub NAME, 1, function);`
///
/// `function` is `fn(Args) -> Result`; it gets at least as many positional arguments as the number says.
#[macro_export]
macro_rules! native_kw_fn {
    ($(#[$attr:meta])* $vis:vis $name:ident, $min:literal, $function:expr) => {
        $(#[$attr])*
        $vis static $name: micropython_sys::object::FunVar = {
            unsafe extern "C" fn thunk(
                n: usize,
                args: *const $crate::mp::Obj,
                kw: *const micropython_sys::object::Map,
            ) -> $crate::mp::Obj {
                // SAFETY: the core passes `n` arguments and a map.
                let args = unsafe {
                    $crate::mp::Args {
                        positional: if n == 0 { &[] } else { core::slice::from_raw_parts(args, n) },
                        keywords: $crate::mp::Keywords::Map(&*kw),
                    }
                };
                match $function(args) {
                    Ok(value) => value,
                    // SAFETY: results and arguments have no destructors.
                    Err(error) => unsafe { $crate::mp::Error::raise(error) },
                }
            }
            micropython_sys::object::FunVar::kw($min, thunk)
        };
    };
}

/// A constructor for a type's `MakeNew` slot: `native_make_new!(name, function);` with `fn(Args) -> Result`.
#[macro_export]
macro_rules! native_make_new {
    ($name:ident, $function:expr) => {
        unsafe extern "C" fn $name(
            _type: *const micropython_sys::object::Type,
            n: usize,
            n_kw: usize,
            args: *const $crate::mp::Obj,
        ) -> $crate::mp::Obj {
            let all: &[$crate::mp::Obj] = if n + n_kw == 0 {
                &[]
            } else {
                // SAFETY: the core passes `n` arguments, then `n_kw` pairs.
                unsafe { core::slice::from_raw_parts(args, n + 2 * n_kw) }
            };
            let (positional, pairs) = all.split_at(n);
            let args = $crate::mp::Args { positional, keywords: $crate::mp::Keywords::Pairs(pairs) };
            match $function(args) {
                Ok(value) => value,
                // SAFETY: results and arguments have no destructors.
                Err(error) => unsafe { $crate::mp::Error::raise(error) },
            }
        }
    };
}

/// A read-only dictionary for a module or a type: `native_dict!(pub NAME, { QSTR: value, ... });`
///
/// Values are [`Obj`](crate::mp::Obj)s: `Obj::from_static(&FUNCTION)`, `Obj::small_int(1)`, `MP_QSTR_x.obj()`.
#[macro_export]
macro_rules! native_dict {
    ($vis:vis $name:ident, { $($key:path : $value:expr),* $(,)? }) => {
        $vis static $name: micropython_sys::object::Dict = {
            const N: usize = [$(stringify!($key)),*].len();
            static TABLE: [micropython_sys::object::MapElem; N] = [
                $(micropython_sys::object::MapElem { key: $key.obj(), value: $value }),*
            ];
            micropython_sys::object::Dict::fixed(&TABLE)
        };
    };
}

/// A builtin module: `native_module!(mp_module_NAME, { QSTR: value, ... });` beside its line in `port/definitions.txt`.
#[macro_export]
macro_rules! native_module {
    ($symbol:ident, $entries:tt) => {
        $crate::native_dict!(GLOBALS, $entries);
        #[allow(non_upper_case_globals)]
        #[unsafe(no_mangle)]
        static $symbol: micropython_sys::object::Module = micropython_sys::object::Module::new(&GLOBALS);
    };
}
