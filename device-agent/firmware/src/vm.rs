//! The virtual machine's life: start-up, boot.py and main.py, the REPL, soft reset.

use core::ffi::{CStr, c_void};
use core::sync::atomic::{AtomicBool, Ordering};

use micropython_sys::ffi;
use micropython_sys::object::ROOTS;

use crate::hal::{self, Hal, ResetCause};
use crate::{console, modules, mp, vfs};

pub use crate::console::interrupt_on;

/// `pyexec_mode_kind` in the friendly REPL.
const MODE_FRIENDLY: i32 = 0;
/// `pyexec_mode_kind` in the raw REPL.
const MODE_RAW: i32 = 1;
/// Set in the result of `pyexec_*`: leave for a soft reset.
pub(crate) const FORCED_EXIT: i32 = 0x100;

static STOP: AtomicBool = AtomicBool::new(false);
static CALLBACKS: AtomicBool = AtomicBool::new(true);

/// The text behind `help()`; the core wants the characters themselves, ended by NUL.
#[allow(non_upper_case_globals)]
#[unsafe(no_mangle)]
static mpr_help_text: [u8; HELP.len()] = *HELP;
const HELP: &[u8; 186] = b"Welcome to MicroPython!\n\n\
    CTRL-A: raw REPL, CTRL-B: this prompt, CTRL-C: interrupt, CTRL-D: soft reset, CTRL-E: paste mode.\n\
    help('modules') lists the modules, help(thing) describes one.\n\0";

/// Runs MicroPython on `board` with this heap until [`stop`] is called; soft and hard resets start it again. `started` is
/// called once, when [`stop`], [`restart`] and [`interrupt_on`] may be used.
///
/// # Safety
/// Must be called once per process, on a thread with at least [`Hal::stack_limit`] bytes of stack.
pub unsafe fn run(board: &'static dyn Hal, heap: &'static mut [u8], started: impl FnOnce()) {
    // SAFETY: the first call of the crate, says the contract.
    unsafe { hal::install(board) };
    let mut bounds = heap.as_mut_ptr_range();
    started();
    while !STOP.load(Ordering::Acquire) {
        console::reset();
        board.set_alarm(None);
        // SAFETY: `session` has nothing with a destructor alive while the core runs.
        let hard = unsafe { ffi::mpr_abortable(session, (&raw mut bounds).cast()) };
        if hard {
            // SAFETY: the core is not running.
            unsafe { ffi::pyexec_mode_kind = MODE_FRIENDLY };
        } else {
            board.prepare_reset(ResetCause::Soft);
        }
    }
}

/// Ends the virtual machine as soon as it looks for pending events. May be called from any thread.
pub fn stop() {
    STOP.store(true, Ordering::Release);
    restart();
}

/// Starts the virtual machine again, as a hard reset does: nothing is closed or finalised. From any thread.
pub fn restart() {
    let state = hal::hal().atomic_begin();
    // SAFETY: made to be called asynchronously; the section excludes the scheduler's own updates.
    unsafe { ffi::mp_sched_vm_abort() };
    hal::hal().atomic_end(state);
}

/// The moment of [`Hal::set_alarm`] has come. False: it can't be taken in now. May be called from any thread or interrupt.
pub fn alarm() -> bool {
    // SAFETY: made to be called asynchronously; has its own critical section.
    unsafe { ffi::mp_sched_schedule(modules::machine::on_alarm(), mp::Obj::NONE) }
}

/// A socket that was watched has something. False: it can't be taken in now, tell it again a little later. May be called from
/// any thread or interrupt.
pub fn socket_ready() -> bool {
    modules::socket::on_ready()
}

/// Resets the board at once: nothing is closed or finalised.
pub(crate) fn reset(cause: ResetCause) -> ! {
    hal::hal().prepare_reset(cause);
    loop {
        restart();
        // SAFETY: jumps to `run`, over frames of the core and of native functions, where nothing has a destructor.
        unsafe { ffi::mp_handle_pending(true) };
    }
}

/// Whether scheduled callbacks may run; returns whether they might before.
pub(crate) fn enable_callbacks(on: bool) -> bool {
    let before = CALLBACKS.swap(on, Ordering::Relaxed);
    // SAFETY: the calls are paired: only a change of the flag makes one.
    unsafe {
        match (before, on) {
            (true, false) => ffi::mp_sched_lock(),
            (false, true) => ffi::mp_sched_unlock(),
            _ => {}
        }
    }
    before
}

/// One life of the virtual machine, from reset to soft reset.
unsafe extern "C" fn session(heap: *mut c_void) {
    // SAFETY: `run` passes the heap's bounds; all calls happen on the machine's own thread, in the core's order.
    unsafe {
        let heap = &*heap.cast::<core::ops::Range<*mut u8>>();
        let mut top = 0_usize;
        ffi::mp_stack_set_top((&raw mut top).cast());
        ffi::mp_stack_set_limit(hal::hal().stack_limit());
        ffi::gc_init(heap.start.cast(), heap.end.cast());
        ffi::mp_init();
        core::slice::from_raw_parts_mut(ffi::mpr_roots(), ROOTS).fill(mp::Obj::NULL);
        *ffi::mpr_dupterm_slots() = mp::Obj::NULL;
        ffi::readline_init0();
        CALLBACKS.store(true, Ordering::Relaxed);
        modules::reset();
        let from_rom: &[&str] = if vfs::mount_rom() { &["/rom", "/rom/lib"] } else { &[] };
        for folder in from_rom.iter().chain(&["/lib"]) {
            if let Ok(folder) = mp::str_obj(folder) {
                let _ = mp::list_append(ffi::mpr_sys_path(), folder);
            }
        }

        ffi::pyexec_frozen_module(c"_boot.py".as_ptr(), false);
        let alone = !hal::hal().runs_programs();
        if alone || run_file(c"boot.py") && (ffi::pyexec_mode_kind == MODE_RAW || run_file(c"main.py")) {
            while repl() {}
        }
        ffi::mp_hal_stdout_tx_str(c"MPY: soft reboot\r\n".as_ptr());
        modules::finish();
        ffi::gc_sweep_all();
        ffi::mp_deinit();
    }
}

/// Runs a script if it is there. False: it asked for a soft reset.
unsafe fn run_file(name: &CStr) -> bool {
    // SAFETY: as the caller.
    unsafe { ffi::pyexec_file_if_exists(name.as_ptr()) & FORCED_EXIT == 0 }
}

/// One REPL until its kind changes. False: leave for a soft reset.
unsafe fn repl() -> bool {
    // SAFETY: as the caller.
    unsafe {
        let result = if ffi::pyexec_mode_kind == MODE_RAW {
            ffi::pyexec_raw_repl()
        } else {
            ffi::pyexec_friendly_repl()
        };
        result == 0
    }
}

/// Frees what Python no longer reaches; finalisers run.
pub(crate) fn collect() {
    gc_collect();
}

#[unsafe(no_mangle)]
extern "C" fn gc_collect() {
    // SAFETY: called by the core on the machine's thread, in the order that it asks for.
    unsafe {
        ffi::gc_collect_start();
        ffi::gc_helper_collect_regs_and_stack();
        ffi::gc_collect_end();
    }
}

#[unsafe(no_mangle)]
extern "C" fn nlr_jump_fail(_value: *mut c_void) -> ! {
    panic!("an exception was raised outside of any handler");
}
