//! Time bars: where in a trace a span lies.

use crate::export::look::Glyphs;

/// Maps the time of a trace to the cells of a bar, two steps a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    start: u64,
    nanos: u64,
    cells: usize,
}

impl Scale {
    pub(crate) const fn new(start: u64, end: u64, cells: usize) -> Self {
        Self { start, nanos: end.saturating_sub(start), cells }
    }

    pub(crate) const fn cells(&self) -> usize {
        self.cells
    }

    /// The bar of a span, without the space after it. However short the span, half a cell is covered; an open one goes
    /// on to the end.
    pub(crate) fn bar(&self, start: u64, end: Option<u64>, glyphs: &Glyphs) -> String {
        let Some(last_step) = (self.cells * 2).checked_sub(1) else { return String::new() };
        let first = self.step(start, last_step);
        let Some(end) = end else {
            let rest = glyphs.bar_unknown.repeat(self.cells - 1 - first / 2);
            return self.cells_of(first, first | 1, glyphs) + &rest;
        };
        // The step in which the last nanosecond lies.
        let last = self.step(end.saturating_sub(1), last_step).max(first);
        self.cells_of(first, last, glyphs)
    }

    /// The cells of an event's row, without the space after it.
    pub(crate) fn moment(&self, at: u64, glyphs: &Glyphs) -> String {
        let Some(last_step) = (self.cells * 2).checked_sub(1) else { return String::new() };
        " ".repeat(self.step(at, last_step) / 2) + glyphs.event.trim_end()
    }

    fn step(&self, at: u64, last_step: usize) -> usize {
        let offset = u128::from(at.saturating_sub(self.start));
        let step = offset * (self.cells as u128 * 2) / u128::from(self.nanos.max(1));
        usize::try_from(step).unwrap_or(usize::MAX).min(last_step)
    }

    fn cells_of(&self, first: usize, last: usize, glyphs: &Glyphs) -> String {
        let covers = |step: usize| usize::from((first..=last).contains(&step));
        (0..=last / 2).map(|cell| glyphs.bar[covers(cell * 2) + 2 * covers(cell * 2 + 1)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_lies_where_its_span_lies() {
        let scale = Scale::new(100, 200, 10);
        for (start, end, expected, reason) in [
            (100, Some(200), "██████████", "all of it"),
            (100, Some(150), "█████", "the first half"),
            (155, Some(165), "     ▐▌", "steps of half a cell"),
            (100, Some(100), "▌", "no time at all"),
            (200, Some(200), "         ▐", "no time at the very end"),
            (0, Some(999), "██████████", "beyond both ends"),
            (150, None, "     █░░░░", "open"),
            (999, None, "         ▐", "open at the very end"),
            (160, Some(110), "      ▌", "an end before its start"),
        ] {
            assert_eq!(scale.bar(start, end, &Glyphs::UNICODE), expected, "{reason}");
        }
        assert_eq!(scale.moment(150, &Glyphs::UNICODE), "     •");
        assert_eq!(Scale::new(5, 5, 4).bar(5, Some(5), &Glyphs::UNICODE), "▌");
        assert_eq!(Scale::new(0, u64::MAX, 0).bar(0, None, &Glyphs::UNICODE), "");
        assert_eq!(Scale::new(0, u64::MAX, 2).bar(0, Some(u64::MAX), &Glyphs::ASCII), "##");
    }
}
