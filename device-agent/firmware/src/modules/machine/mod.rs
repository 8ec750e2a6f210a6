//! `machine`: resets, the processor's clock, the real-time clock, sleeping, memory.

mod memory;
mod rtc;
mod timer;

use micropython_sys::ffi;
use micropython_sys::qstr::{
    MP_QSTR___name__, MP_QSTR_DEEPSLEEP_RESET, MP_QSTR_HARD_RESET, MP_QSTR_PWRON_RESET, MP_QSTR_RTC,
    MP_QSTR_SOFT_RESET, MP_QSTR_Timer, MP_QSTR_WDT_RESET, MP_QSTR_bootloader, MP_QSTR_deepsleep,
    MP_QSTR_disable_irq, MP_QSTR_enable_irq, MP_QSTR_freq, MP_QSTR_idle, MP_QSTR_lightsleep, MP_QSTR_machine,
    MP_QSTR_mem8, MP_QSTR_mem16, MP_QSTR_mem32, MP_QSTR_reset, MP_QSTR_reset_cause, MP_QSTR_soft_reset,
    MP_QSTR_unique_id,
};

use crate::hal::{ResetCause, hal};
use crate::mp::{self, Error, Obj, Result};
use crate::{native_fn, native_module, vm, wait};

native_fn!(RESET, 0..=0, |_: &[Obj]| -> Result { vm::reset(ResetCause::Hard) });
native_fn!(SOFT_RESET, 0..=0, soft_reset);
native_fn!(BOOTLOADER, 0..=1, bootloader);
native_fn!(UNIQUE_ID, 0..=0, |_: &[Obj]| mp::bytes(&hal().unique_id()));
native_fn!(FREQ, 0..=1, freq);
native_fn!(RESET_CAUSE, 0..=0, |_: &[Obj]| Ok(cause(hal().reset_cause())));
native_fn!(IDLE, 0..=0, |_: &[Obj]| wait::event(Some(1)).map(|()| Obj::NONE));
native_fn!(LIGHTSLEEP, 0..=1, lightsleep);
native_fn!(DEEPSLEEP, 0..=1, deepsleep);
native_fn!(DISABLE_IRQ, 0..=0, disable_irq);
native_fn!(ENABLE_IRQ, 1..=1, enable_irq);

native_module!(mp_module_machine, {
    MP_QSTR___name__: MP_QSTR_machine.obj(),
    MP_QSTR_reset: Obj::from_static(&RESET),
    MP_QSTR_soft_reset: Obj::from_static(&SOFT_RESET),
    MP_QSTR_bootloader: Obj::from_static(&BOOTLOADER),
    MP_QSTR_unique_id: Obj::from_static(&UNIQUE_ID),
    MP_QSTR_freq: Obj::from_static(&FREQ),
    MP_QSTR_reset_cause: Obj::from_static(&RESET_CAUSE),
    MP_QSTR_PWRON_RESET: cause(ResetCause::PowerOn),
    MP_QSTR_HARD_RESET: cause(ResetCause::Hard),
    MP_QSTR_WDT_RESET: cause(ResetCause::Watchdog),
    MP_QSTR_DEEPSLEEP_RESET: cause(ResetCause::DeepSleep),
    MP_QSTR_SOFT_RESET: cause(ResetCause::Soft),
    MP_QSTR_idle: Obj::from_static(&IDLE),
    MP_QSTR_lightsleep: Obj::from_static(&LIGHTSLEEP),
    MP_QSTR_deepsleep: Obj::from_static(&DEEPSLEEP),
    MP_QSTR_disable_irq: Obj::from_static(&DISABLE_IRQ),
    MP_QSTR_enable_irq: Obj::from_static(&ENABLE_IRQ),
    MP_QSTR_mem8: Obj::from_static(&memory::MEM8),
    MP_QSTR_mem16: Obj::from_static(&memory::MEM16),
    MP_QSTR_mem32: Obj::from_static(&memory::MEM32),
    MP_QSTR_RTC: Obj::from_static(&rtc::TYPE),
    MP_QSTR_Timer: Obj::from_static(&timer::TYPE),
});

pub use timer::on_alarm;

/// The constant for a cause.
const fn cause(cause: ResetCause) -> Obj {
    Obj::small_int(match cause {
        ResetCause::PowerOn => 1,
        ResetCause::Hard => 2,
        ResetCause::Watchdog => 3,
        ResetCause::DeepSleep => 4,
        ResetCause::Soft => 5,
    })
}

/// `machine.soft_reset()`: ends the program and starts the virtual machine again, with finalisers and boot.py.
fn soft_reset(_args: &[Obj]) -> Result {
    // SAFETY: the core reads this on the same thread when it meets `SystemExit`.
    unsafe { ffi::pyexec_system_exit = vm::FORCED_EXIT };
    // SAFETY: a static of the core.
    Err(Error::Message(unsafe { &ffi::mp_type_SystemExit }, ""))
}

/// `machine.bootloader([timeout])`: enters the board's boot loader; a board without one resets.
fn bootloader(_args: &[Obj]) -> Result {
    hal().enter_bootloader();
    vm::reset(ResetCause::Hard)
}

/// `machine.freq([hz])`
fn freq(args: &[Obj]) -> Result {
    let Some(&hz) = args.first() else {
        return mp::int(hal().cpu_hz() as isize);
    };
    match u32::try_from(mp::int_of(hz)?) {
        Ok(hz) if hal().set_cpu_hz(hz) => Ok(Obj::NONE),
        _ => Err(Error::value("cannot change frequency")),
    }
}

/// `machine.lightsleep([ms])`: waits; without a time, until something happens. Scheduled callbacks go on running.
fn lightsleep(args: &[Obj]) -> Result {
    match args.first() {
        None => wait::event(None)?,
        Some(&ms) => {
            let us = mp::long_of(ms)?.max(0).saturating_mul(1000);
            wait::until(hal().ticks_us().saturating_add(us as u64))?;
        }
    }
    Ok(Obj::NONE)
}

/// `machine.deepsleep([ms])`: waits, then resets.
fn deepsleep(args: &[Obj]) -> Result {
    lightsleep(args)?;
    vm::reset(ResetCause::DeepSleep)
}

/// `machine.disable_irq()`: holds back scheduled callbacks until `enable_irq`. Ctrl-C still comes through, so that a
/// program can't lock itself up.
fn disable_irq(_args: &[Obj]) -> Result {
    Ok(Obj::bool(vm::enable_callbacks(false)))
}

/// `machine.enable_irq(state)`, with what `disable_irq` returned.
fn enable_irq(args: &[Obj]) -> Result {
    vm::enable_callbacks(mp::truthy(args[0])?);
    Ok(Obj::NONE)
}
