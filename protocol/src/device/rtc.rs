//! The board's real-time clock.

use super::Device;
use super::fs::{unexpected, values};
use crate::Error;
use crate::python::Value;

/// What the clock shows, as `machine.RTC.datetime` gives and takes it: year, month, day, weekday (0 is Monday), hour,
/// minute, second, and a fraction of the second, whose unit is the port's.
pub type RtcFields = [i64; 8];

/// Binds `c` to the clock, or prints `None` and ends: some ports' RTC is a counter without a date.
const CLOCK: &str = "def _mpr():\n global _mpr\n del _mpr\n \
    try:\n  \
    from machine import RTC\n  \
    c=RTC()\n  \
    c.datetime\n \
    except(ImportError,AttributeError):\n  \
    print(None)\n  \
    return\n";

impl Device {
    /// Reads the board's clock.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on a board without `machine.RTC`.
    pub fn rtc(&mut self) -> Result<RtcFields, Error> {
        self.rtc_call("reading the clock", "")
    }

    /// Sets the board's clock. Returns what it shows right afterwards.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on a board without `machine.RTC`, [`Error::Exception`] when it refuses the date.
    pub fn set_rtc(&mut self, fields: &RtcFields) -> Result<RtcFields, Error> {
        let fields = fields.map(|field| field.to_string()).join(",");
        self.rtc_call("setting the clock", &format!(" c.datetime(({fields}))\n"))
    }

    fn rtc_call(&mut self, what: &'static str, before: &str) -> Result<RtcFields, Error> {
        let out = self.call(what, &format!("{CLOCK}{before} print(c.datetime())\n_mpr()\n"))?;
        match &values(&out)?[..] {
            [Value::None] => Err(Error::Unsupported { what, lacks: "machine.RTC with a date" }),
            [Value::Seq(fields)] => {
                let fields: Option<Vec<i64>> = fields.iter().map(Value::int).collect();
                fields.and_then(|fields| fields.try_into().ok()).ok_or_else(|| unexpected("date", &out))
            }
            _ => Err(unexpected("date", &out)),
        }
    }
}
