//! Time bars: where in a trace a span lies, and what it did then.

use crate::export::look::Glyphs;
use crate::export::pieces::{Doing, Piece, Pieces};

/// Maps the time of a trace to the cells of a bar, two steps a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    start: u64,
    nanos: u64,
    cells: usize,
}

/// What a bar is drawn of.
#[derive(Clone, Debug)]
pub(crate) struct BarOf {
    pub(crate) start: u64,
    /// `None` while it is open.
    pub(crate) end: Option<u64>,
    pub(crate) pieces: Option<Pieces>,
    /// What stands at the end of a span that was given up.
    pub(crate) cut: Option<&'static str>,
}

/// One cell of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) glyph: &'static str,
    /// Whether the span did nothing there.
    pub(crate) is_idle: bool,
}

/// How much of a cell's time a span did what.
#[derive(Clone, Copy, Debug, Default)]
struct Shares {
    busy: f64,
    on_child: f64,
    no_span: f64,
    queued: f64,
}

impl Scale {
    pub(crate) const fn new(start: u64, end: u64, cells: usize) -> Self {
        Self { start, nanos: end.saturating_sub(start), cells }
    }

    pub(crate) const fn cells(&self) -> usize {
        self.cells
    }

    /// The bar of a span: how many cells are blank before it, and its cells. However short the span, half a cell is covered; an
    /// open one goes on to the end. A cell is solid if at least half of it is polls, and shaded if it has any, however short.
    pub(crate) fn bar(&self, of: &BarOf, glyphs: &Glyphs) -> (usize, Vec<Cell>) {
        let Some(last_step) = (self.cells * 2).checked_sub(1) else { return (0, Vec::new()) };
        let known = of.end.or_else(|| Some(of.pieces.as_ref()?.all.last()?.to));
        let first = self.step(of.start, last_step);
        // The step in which the last nanosecond lies. Of an open span, the cell it begins in is known.
        let last = known.map_or(first | 1, |end| self.step(end.saturating_sub(1), last_step).max(first));
        let blank = first / 2;
        let shares = self.shares(of.pieces.as_ref(), blank, last / 2);
        let covers = |step: usize| usize::from((first..=last).contains(&step));
        let solid = |cell: usize| glyphs.bar[covers(cell * 2) + 2 * covers(cell * 2 + 1)];
        let mut cells: Vec<Cell> =
            (blank..).zip(&shares).map(|(cell, shares)| shares.cell(solid(cell), glyphs)).collect();
        if of.end.is_none() {
            cells.resize(self.cells - blank, Cell { glyph: glyphs.bar_unknown, is_idle: true });
        }
        if let (Some(cut), Some(last)) = (of.cut, cells.last_mut()) {
            *last = Cell { glyph: cut, is_idle: false };
        }
        (blank, cells)
    }

    /// The blank cells before an event's.
    pub(crate) fn moment(&self, at: u64) -> usize {
        self.step(at, (self.cells * 2).saturating_sub(1)) / 2
    }

    fn step(&self, at: u64, last_step: usize) -> usize {
        let offset = u128::from(at.saturating_sub(self.start));
        let step = offset * (self.cells as u128 * 2) / u128::from(self.nanos.max(1));
        usize::try_from(step).unwrap_or(usize::MAX).min(last_step)
    }

    /// What the cells from `first` to `last` have of the pieces.
    fn shares(&self, pieces: Option<&Pieces>, first: usize, last: usize) -> Vec<Shares> {
        let mut shares = vec![Shares::default(); last + 1 - first];
        let Some(Pieces { all, busy_share }) = pieces else { return shares };
        let cell_nanos = self.nanos.max(1) as f64 / self.cells as f64;
        let place =
            |at: u64| (at.saturating_sub(self.start) as f64 / cell_nanos).clamp(first as f64, (last + 1) as f64);
        for &Piece { doing, from, to } in all {
            let (from, to) = (place(from), place(to));
            for cell in from as usize..(to.ceil() as usize).min(last + 1) {
                let time = to.min((cell + 1) as f64) - from.max(cell as f64);
                let shares = &mut shares[cell - first];
                match doing {
                    Doing::Busy => {
                        shares.busy += time * busy_share;
                        shares.no_span += time * (1.0 - busy_share);
                    }
                    Doing::OnChild => shares.on_child += time,
                    Doing::NoSpan => shares.no_span += time,
                    Doing::Queued => shares.queued += time,
                }
            }
        }
        shares
    }
}

impl Shares {
    fn cell(&self, solid: &'static str, glyphs: &Glyphs) -> Cell {
        let Self { busy, on_child, no_span, queued } = *self;
        let idle = on_child + no_span + queued;
        let (glyph, is_idle) = match () {
            () if busy >= idle => (solid, false),
            () if busy > 0.0 => (glyphs.bar_some_busy, false),
            () if on_child >= no_span.max(queued) => (glyphs.bar_on_child, true),
            () if no_span >= queued => (glyphs.bar_no_span, true),
            () => (glyphs.bar_queued, true),
        };
        Cell { glyph, is_idle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(scale: Scale, of: &BarOf, glyphs: &Glyphs) -> String {
        let (blank, cells) = scale.bar(of, glyphs);
        " ".repeat(blank) + &cells.iter().map(|cell| cell.glyph).collect::<String>()
    }

    fn plain(start: u64, end: Option<u64>) -> BarOf {
        BarOf { start, end, pieces: None, cut: None }
    }

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
            (150, None, "     █╌╌╌╌", "open"),
            (999, None, "         ▐", "open at the very end"),
            (160, Some(110), "      ▌", "an end before its start"),
        ] {
            assert_eq!(text(scale, &plain(start, end), &Glyphs::UNICODE), expected, "{reason}");
        }
        assert_eq!(scale.moment(150), 5);
        assert_eq!(text(Scale::new(5, 5, 4), &plain(5, Some(5)), &Glyphs::UNICODE), "▌");
        assert_eq!(text(Scale::new(0, u64::MAX, 0), &plain(0, None), &Glyphs::UNICODE), "");
        assert_eq!(text(Scale::new(0, u64::MAX, 2), &plain(0, Some(u64::MAX)), &Glyphs::ASCII), "##");
    }

    #[test]
    fn a_cell_shows_what_most_of_it_is_and_never_hides_a_poll() {
        use Doing::{Busy, NoSpan, OnChild, Queued};
        let scale = Scale::new(0, 100, 10);
        for (pieces, busy_share, unicode, ascii, reason) in [
            (&[(Busy, 100)][..], 1.0, "██████████", "##########", "all busy"),
            (&[(OnChild, 50), (NoSpan, 80), (Queued, 100)], 1.0, "░░░░░///··", "=====///..", "a glyph for each kind"),
            (
                &[(OnChild, 44), (NoSpan, 60), (Busy, 100)],
                1.0,
                "░░░░//████",
                "====//####",
                "the larger part, where two share a cell",
            ),
            (&[(OnChild, 41), (Busy, 42), (OnChild, 100)], 1.0, "░░░░▓░░░░░", "====+=====", "one poll in a cell"),
            (&[(Busy, 5), (OnChild, 95), (Busy, 100)], 1.0, "█░░░░░░░░█", "#========#", "half of a cell is enough"),
            (&[(Busy, 50)], 1.0, "█████", "#####", "it ends in the middle"),
            (&[(Queued, 15), (Busy, 25)], 1.0, "·█▌", ".##", "half a cell at its end"),
            (&[(Busy, 100)], 0.2, "▓▓▓▓▓▓▓▓▓▓", "++++++++++", "joined polls, four fifths of which are gaps"),
        ] {
            let mut from = 0;
            let piece = |&(doing, to)| Piece { doing, from: std::mem::replace(&mut from, to), to };
            let pieces = Pieces { all: pieces.iter().map(piece).collect(), busy_share };
            let mut of = BarOf { start: 0, end: Some(pieces.all.last().unwrap().to), pieces: Some(pieces), cut: None };
            assert_eq!(text(scale, &of, &Glyphs::UNICODE), unicode, "{reason}");
            assert_eq!(text(scale, &of, &Glyphs::ASCII), ascii, "{reason}");
            of.cut = Some("◇");
            assert!(text(scale, &of, &Glyphs::UNICODE).ends_with('◇'), "{reason}");
        }
    }

    #[test]
    fn of_an_open_span_the_bar_shows_what_is_known() {
        let pieces = vec![
            Piece { doing: Doing::Busy, from: 0, to: 20 },
            Piece { doing: Doing::OnChild, from: 20, to: 50 },
            Piece { doing: Doing::Busy, from: 50, to: 60 },
        ];
        let of = BarOf { start: 0, end: None, pieces: Some(Pieces { all: pieces, busy_share: 1.0 }), cut: None };
        assert_eq!(text(Scale::new(0, 100, 10), &of, &Glyphs::UNICODE), "██░░░█╌╌╌╌");
    }
}
