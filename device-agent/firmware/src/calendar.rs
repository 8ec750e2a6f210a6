//! Between seconds since 1970 and dates of the Gregorian calendar. No time zone: local time is UTC.

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// A moment, in fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// Year, for instance 2024.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// Day of the month, from 1.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
    /// 0 for Monday.
    pub weekday: i64,
    /// Day of the year, from 1.
    pub yearday: i64,
}

/// The fields of a moment.
pub fn from_seconds(seconds: i64) -> Moment {
    let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    // Years start in March here, so that the leap day ends one; eras are 400 years. The origin is 0000-03-01.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    Moment {
        year,
        month,
        day,
        hour: rest / 3600,
        minute: rest / 60 % 60,
        second: rest % 60,
        // 1970-01-01 was a Thursday.
        weekday: (days + 3).rem_euclid(7),
        yearday: days - days_before(year, 1) + 1,
    }
}

/// Days from 1970-01-01 to the first day of a month, 1 to 12.
fn days_before(year: i64, month: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted_month = (month + 9) % 12;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * shifted_month + 2) / 5;
    era * 146_097 + day_of_era - 719_468
}

/// Seconds since 1970. Fields beyond their range carry over (month 13 is January of the next year). Every field must fit into
/// 32 bits; otherwise `None`.
pub fn to_seconds(year: i64, month: i64, day: i64, time: [i64; 3]) -> Option<i64> {
    let [hour, minute, second] = time;
    let fields = [year, month, day, hour, minute, second];
    if fields.iter().any(|&field| i32::try_from(field).is_err()) {
        return None;
    }
    let first = days_before(year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
    Some((first + day - 1) * DAY + hour * 3600 + minute * 60 + second)
}
