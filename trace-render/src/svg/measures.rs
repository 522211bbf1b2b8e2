//! Where things stand in a picture, in pixels.

pub(super) const WIDTH: f64 = 960.0;
pub(super) const ROW: f64 = 22.0;
pub(super) const HEAD: f64 = 52.0;
pub(super) const MARGIN: f64 = 12.0;
/// A column of text at 12 px, in the fonts of the stack.
pub(super) const COLUMN: f64 = 7.25;
pub(super) const INDENT: f64 = 14.0;
/// Deeper rows are indented no further; their depth stands in the tooltip.
pub(super) const MAX_INDENTS: usize = 12;
pub(super) const NAMES_END: f64 = 318.0;
pub(super) const DURATION_END: f64 = 398.0;
pub(super) const BARS: f64 = 410.0;
pub(super) const BARS_END: f64 = WIDTH - MARGIN;
pub(super) const BAR_HEIGHT: f64 = 12.0;
/// No bar is narrower.
pub(super) const MIN_BAR: f64 = 1.5;
/// How many events of a span are marked.
pub(super) const MAX_EVENTS: usize = 50;
