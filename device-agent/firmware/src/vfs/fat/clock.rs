//! The board's clock as the FAT code reads it. FAT keeps local time, which is UTC here.

use fatfs::{Date, DateTime, Time, TimeProvider};

use crate::calendar;
use crate::vfs::now_ns;

/// The clock.
#[derive(Debug)]
pub struct Clock;

/// The clock, for the FAT code's options.
pub static CLOCK: Clock = Clock;

impl TimeProvider for Clock {
    fn get_current_date(&self) -> Date {
        self.get_current_date_time().date
    }

    fn get_current_date_time(&self) -> DateTime {
        let ns = now_ns();
        let now = calendar::from_seconds((ns / 1_000_000_000) as i64);
        let small = |n: i64| n as u16;
        DateTime {
            date: Date {
                year: now.year.clamp(1980, 2107) as u16,
                month: small(now.month),
                day: small(now.day),
            },
            time: Time {
                hour: small(now.hour),
                min: small(now.minute),
                sec: small(now.second),
                millis: (ns / 1_000_000 % 1000) as u16,
            },
        }
    }
}

/// Seconds since 1970.
pub fn seconds(moment: DateTime) -> i64 {
    let (date, time) = (moment.date, moment.time);
    let clock = [time.hour.into(), time.min.into(), time.sec.into()];
    calendar::to_seconds(date.year.into(), date.month.into(), date.day.into(), clock).unwrap_or(0)
}
