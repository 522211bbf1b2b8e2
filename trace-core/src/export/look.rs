//! How a tree is to look: what the exporter's options say, with everything decided.

use std::time::Duration;

/// What one picture of a trace is drawn with.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// Columns of a line.
    pub(crate) width: usize,
    pub(crate) colored: bool,
    pub(crate) glyphs: &'static Glyphs,
    pub(crate) attributes: bool,
    pub(crate) events: bool,
    pub(crate) fold: bool,
    pub(crate) max_rows: usize,
    pub(crate) min_duration: Duration,
}

impl Look {
    /// How deep the tree is drawn; below it a number tells the depth. So a line stays as long as the screen is wide.
    pub(crate) const fn max_depth(&self) -> usize {
        // Two fifths of a line belong to the tree (see `tree_text`), ten columns of them to the name.
        (self.width * 2 / 5).saturating_sub(10) / 3
    }
}

/// The characters to draw with.
#[derive(Debug)]
pub(crate) struct Glyphs {
    pub(crate) branch: &'static str,
    pub(crate) last_branch: &'static str,
    pub(crate) pipe: &'static str,
    pub(crate) gap: &'static str,
    pub(crate) ellipsis: &'static str,
    pub(crate) separator: &'static str,
    pub(crate) times: &'static str,
    pub(crate) micro: &'static str,
    pub(crate) event: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) panicked: &'static str,
    pub(crate) cancelled: &'static str,
    pub(crate) never_polled: &'static str,
    /// Before a span that is open, and one that has begun.
    pub(crate) open: &'static str,
    /// Before a span that has ended.
    pub(crate) ended: &'static str,
    /// Between the names of a path.
    pub(crate) step: &'static str,
    pub(crate) warning: &'static str,
    /// A cell of a bar by which halves of it are covered: none, left, right, both.
    pub(crate) bar: [&'static str; 4],
    /// A cell in which less than half of the time is polls.
    pub(crate) bar_some_busy: &'static str,
    /// A cell of waiting for a child.
    pub(crate) bar_on_child: &'static str,
    /// A cell of waiting for what has no span.
    pub(crate) bar_no_span: &'static str,
    /// A cell in which the span was ready and not polled.
    pub(crate) bar_queued: &'static str,
    /// The cells of an open span's bar after what is known.
    pub(crate) bar_unknown: &'static str,
}

impl Glyphs {
    pub(crate) const UNICODE: Self = Self {
        branch: "├─ ",
        last_branch: "└─ ",
        pipe: "│  ",
        gap: "   ",
        ellipsis: "…",
        separator: " · ",
        times: "×",
        micro: "µs",
        event: "• ",
        failed: "✖",
        panicked: "⚡",
        cancelled: "◇",
        never_polled: "◌",
        open: "▷",
        ended: "◁",
        step: " › ",
        warning: "⚠",
        bar: [" ", "▌", "▐", "█"],
        bar_some_busy: "▓",
        bar_on_child: "░",
        bar_no_span: "/",
        bar_queued: "·",
        bar_unknown: "╌",
    };

    pub(crate) const ASCII: Self = Self {
        branch: "|- ",
        last_branch: "`- ",
        pipe: "|  ",
        gap: "   ",
        ellipsis: "...",
        separator: ", ",
        times: "x",
        micro: "us",
        event: "* ",
        failed: "!",
        panicked: "!",
        cancelled: "-",
        never_polled: "-",
        open: ">",
        ended: "<",
        step: " / ",
        warning: "!",
        bar: [" ", "#", "#", "#"],
        bar_some_busy: "+",
        bar_on_child: "=",
        bar_no_span: "/",
        bar_queued: ".",
        bar_unknown: "~",
    };
}
