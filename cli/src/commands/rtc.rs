//! `rtc`: prints the device's clock, or sets it.

use clap::Args;
use jiff::ZonedDateTime;
use jiff::civil::DateTime;
use mpr_protocol::RtcFields;
use serde::Serialize;

use super::Run;
use crate::failure::Failure;
use crate::session::Session;

/// How far the clock may be from what it was set to. The time on the way there and back is not the clock's fault.
const TOLERANCE_SECONDS: i64 = 5;

/// Arguments of `rtc`.
#[derive(Debug, Args)]
pub struct Rtc {
    /// Set it to this machine's local time
    #[arg(short, long, overrides_with = "no_set")]
    set: bool,
    #[arg(long, overrides_with = "set", hide = true)]
    no_set: bool,
}

#[derive(Serialize)]
struct Report {
    /// As the device tells it.
    datetime: RtcFields,
    /// ISO 8601, without a time zone: the device has none. Absent if the device shows no date.
    #[serde(skip_serializing_if = "Option::is_none")]
    iso: Option<String>,
    set: bool,
}

impl Run for Rtc {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        let device = session.device()?;
        let datetime = if self.set {
            // The way to the prompt takes a moment; the time is looked up behind it.
            device.enter_raw_repl().map_err(|error| Failure::device("rtc", error))?;
            let now = ZonedDateTime::now().datetime();
            let shown = device.set_rtc(&fields(now)).map_err(|error| Failure::device("rtc", error))?;
            check(now, &shown)?;
            shown
        } else {
            device.rtc().map_err(|error| Failure::device("rtc", error))?
        };
        if !self.set {
            printer.line(&tuple(&datetime))?;
        }
        let iso = date_of(&datetime).map(|date| date.to_string());
        printer.json("rtc", &Report { datetime, iso, set: self.set })
    }
}

/// What the device takes for this moment.
fn fields(at: DateTime) -> RtcFields {
    [
        at.year().into(),
        at.month().into(),
        at.day().into(),
        at.weekday().to_monday_zero_offset().into(),
        at.hour().into(),
        at.minute().into(),
        at.second().into(),
        i64::from(at.subsec_nanosecond()) / 1000,
    ]
}

/// The moment that the device shows, to the second; `None` if it is none.
fn date_of(fields: &RtcFields) -> Option<DateTime> {
    let [year, month, day, _, hour, minute, second, _] = *fields;
    let year = i16::try_from(year).ok()?;
    let small = |field: i64| i8::try_from(field).ok();
    DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second)?, 0).ok()
}

/// Some clocks take any date and show another.
fn check(wanted: DateTime, shown: &RtcFields) -> Result<(), Failure> {
    let off = date_of(shown).and_then(|shown| (shown - wanted).total(jiff::Unit::Second).ok());
    match off {
        Some(seconds) if seconds.abs() <= TOLERANCE_SECONDS as f64 => Ok(()),
        _ => Err(Failure::refused(format!(
            "rtc: the device's clock shows {} after it was set to {}",
            tuple(shown),
            tuple(&fields(wanted))
        ))),
    }
}

/// As Python prints a tuple.
fn tuple(fields: &RtcFields) -> String {
    format!("({})", fields.map(|field| field.to_string()).join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_fields_and_back() {
        let date = jiff::civil::date(2026, 11, 25).at(4, 5, 6, 700_800_900);
        assert_eq!(fields(date), [2026, 11, 25, 2, 4, 5, 6, 700_800]);
        assert_eq!(date_of(&fields(date)), Some(jiff::civil::date(2026, 11, 25).at(4, 5, 6, 0)));
        assert_eq!(tuple(&fields(date)), "(2026, 11, 25, 2, 4, 5, 6, 700800)");
        assert_eq!(date_of(&[2026, 13, 1, 0, 0, 0, 0, 0]), None);
        assert_eq!(date_of(&[99_999, 1, 1, 0, 0, 0, 0, 0]), None);
    }

    #[test]
    fn a_clock_that_shows_something_else_is_told() {
        let date = jiff::civil::date(2026, 12, 31).at(23, 59, 59, 0);
        assert!(check(date, &[2027, 1, 1, 4, 0, 0, 1, 0]).is_ok());
        assert!(check(date, &[2000, 1, 1, 5, 0, 0, 1, 0]).is_err());
        assert!(check(date, &[0; 8]).is_err());
    }
}
