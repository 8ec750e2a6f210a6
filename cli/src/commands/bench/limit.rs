//! What limits a copy.

use serde::{Deserialize, Serialize};

use super::measure::Figures;

/// A part of a copy's time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// What takes it.
    pub part: String,
    /// Percent of the copy's time.
    pub percent: u8,
}

/// What takes the largest part of a copy to the board; `None` where too little was measured.
pub fn to_board(figures: &Figures) -> Option<Share> {
    // The board reads the file again for its digest.
    let read_back = figures.hash.value().and(figures.flash_read.value());
    let parts = [
        ("the link", figures.link_to_board.value()),
        ("writing to flash", figures.flash_write.value()),
        ("reading it again from flash", read_back),
        ("its SHA-256", figures.hash.value()),
    ];
    largest(&parts, figures.copy_to_board.value()?)
}

/// The same for a copy from the board.
pub fn from_board(figures: &Figures) -> Option<Share> {
    let parts = [
        ("the link", figures.link_from_board.value()),
        ("reading from flash", figures.flash_read.value()),
        ("its SHA-256", figures.hash.value()),
    ];
    largest(&parts, figures.copy_from_board.value()?)
}

/// Rates are bytes a second; each part takes its bytes' time, and what is left is the exchanges' own.
fn largest(parts: &[(&str, Option<f64>)], copy: f64) -> Option<Share> {
    let whole = 1.0 / copy;
    let times = parts.iter().filter_map(|(part, rate)| rate.map(|rate| (*part, 1.0 / rate)));
    let known: f64 = times.clone().map(|(_, time)| time).sum();
    let rest = ("round trips and the board's own work", (whole - known).max(0.0));
    let (part, time) = times.chain([rest]).max_by(|a, b| a.1.total_cmp(&b.1))?;
    let percent = (100.0 * time / whole.max(known)).round();
    // Between 0 and 100.
    Some(Share { part: part.to_owned(), percent: percent as u8 })
}

#[cfg(test)]
mod tests {
    use super::super::measure::Rate;
    use super::*;

    fn rate(bytes_per_second: f64) -> Rate {
        Rate::Measured { bytes_per_second, bytes: 1000 }
    }

    fn figures(link: f64, flash: f64, copy: f64) -> Figures {
        Figures {
            round_trip: 0.01,
            link_to_board: rate(link),
            link_from_board: rate(link),
            flash_write: rate(flash),
            flash_read: rate(1e6),
            hash: Rate::Unknown("none".into()),
            copy_to_board: rate(copy),
            copy_from_board: rate(copy),
        }
    }

    #[test]
    fn the_slowest_part_limits() {
        let of = |figures: &Figures| to_board(figures).map(|share| (share.part, share.percent));
        assert_eq!(of(&figures(10_000.0, 50_000.0, 8_000.0)), Some(("the link".into(), 80)));
        assert_eq!(of(&figures(90_000.0, 5_000.0, 4_700.0)).map(|s| s.0), Some("writing to flash".into()));
        let slow = of(&figures(90_000.0, 90_000.0, 1_000.0)).map(|s| s.0);
        assert_eq!(slow, Some("round trips and the board's own work".into()));
        let none = Figures { copy_to_board: Rate::Unknown("x".into()), ..figures(1.0, 1.0, 1.0) };
        assert_eq!(to_board(&none), None);
        assert_eq!(from_board(&figures(10_000.0, 1.0, 8_000.0)).map(|s| s.part), Some("the link".into()));
    }
}
