//! The console exporter: traces as trees on a terminal.

use std::ffi::OsString;
use std::fmt;
use std::io::Write;
use std::time::Duration;

use crate::env::{ConfigWarning, EnvReader};
use crate::export::color::ColorChoice;
use crate::export::flat::flat_text;
use crate::export::live_text::{LiveText, live_text};
use crate::export::look::{Glyphs, Look};
use crate::export::target::Target;
use crate::export::tree_text::tree_text;
use crate::exporter::{Batch, Delivery, ExportError, SpanExporter};
use crate::trace::Trace;

/// Prints each trace when it is complete: as a tree, with durations, time bars, outcomes and attributes.
///
/// ```text
/// trace 4bf92f3577b34da6a3ce929d0e0e4736 · shop · 5 spans · 1 failed · 152.0 ms
/// checkout             152.0 ms  ███████████████████████████████████████  user.id=42
/// ├─ reserve stock     101.0 ms  ██████████████████████████
/// ├─ charge             40.0 ms                           ▐██████████▌    ✖ card declined  amount=12.5
/// │  └─ POST /charges   35.0 ms                            █████████▌
/// └─ log                 5.0 ms                                      █◇   ◇ cancelled
/// ```
///
/// Where polls were timed ([`time_polls`](crate::PipelineBuilder::time_polls)), a bar shows what the span did when, its
/// [anatomy](crate::Anatomy):
///
/// ```text
/// handler      108.0 ms  ▓░▓▓░░░░░░▓▓/░▓█
/// ├─ db         53.0 ms     ▓······▓       ⚠ 40.0 ms behind noisy
/// └─ noisy      56.0 ms     ███████▓▓      longest poll 46.0 ms, held up 1 span, up to 40.0 ms
/// ```
///
/// | bar | in ASCII | the span |
/// |---|---|---|
/// | `█` | `#` | was busy at least half of the time: in a poll, or all the time if it is sync |
/// | `▓` | `+` | was polled there, for less than half of the time; so no poll is too short to be seen |
/// | `░` | `=` | waited while a child was open |
/// | `/` | `/` | waited, and no child was open |
/// | `·` | `.` | was ready and not polled |
/// | `◇` `◌` | `-` | was given up here |
/// | `╌` | `~` | is still open |
///
/// - **Outcomes**: `✖` failed, with the status' description; `⚡` panicked; `◇` cancelled; `◌` dropped before its first
///   poll; `▷` not ended yet, its bar going on as `╌`.
/// - **Order**: a parent before its children, siblings in order of start. A span whose parent is not in the trace stands
///   on the left and names that parent.
/// - **Links**: the first is named, by its trace or, in the same trace, by its span; more are counted.
/// - **Room**: names are cut in the middle, attributes at the end, values after 40 columns; a tree too deep for the width
///   shows the depth as a number. What is left out is counted under the tree.
/// - **Untrusted text**: control characters, line breaks and what changes the direction of writing are shown as escapes
///   (`\n`, `\u{1b}`), so no name or value can move the cursor or pose as another.
/// - **Colour**: see [`ColorChoice`]; only the 16 colours that the terminal's theme defines.
/// - **Output**: a trace is formatted as a whole and written with one call. A write that fails, such as to a closed pipe, is
///   an [`ExportError`]; the spans it was about, and those after them in the batch, count as dropped.
///
/// As the exporter of a pipeline it gets a trace when it is complete ([`Delivery::Traces`]), or tells of spans as they begin and
/// end ([`ConsoleStyle::Live`]); by hand it takes any [`Trace`]:
///
/// ```
/// use std::time::Duration;
/// use trace_core::{ConsoleExporter, SpanContext, SpanData, SpanId, Trace, TraceFlags, TraceId};
///
/// let id: TraceId = "4bf92f3577b34da6a3ce929d0e0e4736".parse()?;
/// let context = SpanContext::new(id, SpanId::random(), TraceFlags::SAMPLED);
/// let trace = Trace::from_spans(id, [SpanData::new(context, "work", 0, Duration::from_millis(152))]);
///
/// let text = ConsoleExporter::new().style(trace_core::ConsoleStyle::Flat).render(&trace);
/// assert_eq!(text, "=== Exporting Trace ===\nTrace ID: 4bf92f3577b34da6a3ce929d0e0e4736\nSpan: work (0.152s), Status: OK\n");
/// println!("{trace}"); // the tree, 100 columns wide, without colours
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ConsoleExporter {
    target: Target,
    style: ConsoleStyle,
    color: ColorChoice,
    width: Option<usize>,
    /// Its `width` and `colored` are decided for each trace.
    look: Look,
    /// What is open, in the live style.
    live: LiveText,
    warnings: Vec<ConfigWarning>,
}

/// Which style [`ConsoleExporter::from_environment`] has: `tree`, `flat` or `live`.
pub const TRACE_CONSOLE: &str = "TRACE_CONSOLE";

/// What the console exporter prints of a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsoleStyle {
    /// A tree with bars; see [`ConsoleExporter`].
    #[default]
    Tree,
    /// One line a span, depth first, all of them, without colours. Only the target matters, none of the other options:
    ///
    /// ```text
    /// === Exporting Trace ===
    /// Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
    /// Span: main_operation (0.152s), Status: OK
    /// Span: child_operation (0.101s), Status: OK
    /// ```
    ///
    /// The status is `OK`, `ERROR` (also for a panic), `CANCELLED` (also for a span never polled) or `OPEN`, the last with
    /// `open` for a duration.
    Flat,
    /// Two lines a span, each with the path of names that leads to it: when it begins, and when it ends. They are printed while
    /// the program runs, within a tenth of a second ([`Delivery::Live`]), and the pipeline is
    /// [live](crate::PipelineBuilder::live):
    ///
    /// ```text
    /// ▷ 4bf92f35             checkout
    /// ▷ 4bf92f35             checkout › reserve stock
    /// ◁ 4bf92f35   101.0 ms  checkout › reserve stock
    /// ▷ 4bf92f35             checkout › charge
    /// ◁ 4bf92f35    40.0 ms  checkout › charge  ✖ card declined
    /// ◁ 4bf92f35   152.0 ms  checkout
    /// ```
    ///
    /// The first digits of the trace's id tell apart what runs side by side; a line narrower than 60 columns is without them.
    /// Width, colours and ASCII matter, none of the other options. A parent that has ended before its child begins is `…`.
    Live,
}

impl Default for ConsoleExporter {
    fn default() -> Self {
        Self::new()
    }
}

impl ConsoleExporter {
    /// How many rows of a trace the tree shows unless it is told otherwise.
    pub const DEFAULT_MAX_ROWS: usize = 500;
    /// How wide, in columns, the tree is where neither the program nor `COLUMNS` nor a terminal says so.
    pub const DEFAULT_WIDTH: usize = 100;
    /// No tree is narrower, in columns.
    pub const MIN_WIDTH: usize = 40;
    /// No tree is wider, in columns.
    pub const MAX_WIDTH: usize = 1000;

    /// Prints trees to standard output.
    #[must_use]
    pub fn new() -> Self {
        let look = Look {
            width: Self::DEFAULT_WIDTH,
            colored: false,
            glyphs: &Glyphs::UNICODE,
            attributes: true,
            events: false,
            fold: false,
            max_rows: Self::DEFAULT_MAX_ROWS,
            min_duration: Duration::ZERO,
        };
        let (style, color) = (ConsoleStyle::default(), ColorChoice::default());
        let (live, warnings) = (LiveText::default(), Vec::new());
        Self { target: Target::Stdout, style, color, width: None, look, live, warnings }
    }

    /// Prints to standard output, in the style that [`TRACE_CONSOLE`] names: as a pipeline does that the environment asks for
    /// the console.
    ///
    /// ```
    /// // TRACE_CONSOLE=live cargo run ..
    /// let _pipeline = trace_core::builder().exporter(trace_core::ConsoleExporter::from_environment()).init()?;
    /// # Ok::<(), trace_core::InitError>(())
    /// ```
    #[must_use]
    pub fn from_environment() -> Self {
        Self::new().read(EnvReader::of_process())
    }

    fn read(self, env: EnvReader<'_>) -> Self {
        let styles = [("tree", ConsoleStyle::Tree), ("flat", ConsoleStyle::Flat), ("live", ConsoleStyle::Live)];
        let style = env.choice(TRACE_CONSOLE, &styles).unwrap_or_default();
        Self { warnings: env.into_warnings(), ..self.style(style) }
    }

    /// Prints to standard error instead.
    #[must_use]
    pub fn stderr(mut self) -> Self {
        self.target = Target::Stderr;
        self
    }

    /// Prints to this writer instead, one `write_all` a trace. For colours, a writer is not a terminal.
    #[must_use]
    pub fn writer(mut self, writer: impl Write + Send + 'static) -> Self {
        self.target = Target::Writer(Box::new(writer));
        self
    }

    /// Sets what is printed of a trace. Default: [`ConsoleStyle::Tree`].
    #[must_use]
    pub const fn style(mut self, style: ConsoleStyle) -> Self {
        self.style = style;
        self
    }

    /// Sets when the tree is coloured. Default: [`ColorChoice::Auto`].
    #[must_use]
    pub const fn color(mut self, color: ColorChoice) -> Self {
        self.color = color;
        self
    }

    /// Draws with ASCII characters only, for old consoles and logs. Names and values stay as they are.
    #[must_use]
    pub const fn ascii(mut self) -> Self {
        self.look.glyphs = &Glyphs::ASCII;
        self
    }

    /// Sets the width in columns, between [`MIN_WIDTH`](Self::MIN_WIDTH) (40) and [`MAX_WIDTH`](Self::MAX_WIDTH) (1000); a value outside counts as the nearer
    /// of them.
    ///
    /// Default: the environment variable `COLUMNS` if it is a number, else the width of the terminal if it prints to one, else
    /// [`DEFAULT_WIDTH`](Self::DEFAULT_WIDTH) (100).
    #[must_use]
    pub const fn width(mut self, columns: usize) -> Self {
        self.width = Some(columns);
        self
    }

    /// Shows each event in a row below its span, with the time since the span's start.
    ///
    /// ```
    /// use trace_core::{ConsoleExporter, capture, current_span, in_scope};
    ///
    /// let captured = capture(|| in_scope("fetch", || current_span().add_event("cache miss")));
    /// let text = ConsoleExporter::new().show_events().render(captured.trace()?);
    /// assert!(text.contains("• cache miss"));
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    #[must_use]
    pub const fn show_events(mut self) -> Self {
        self.look.events = true;
        self
    }

    /// Leaves attributes out.
    #[must_use]
    pub const fn hide_attributes(mut self) -> Self {
        self.look.attributes = false;
        self
    }

    /// Shows five or more siblings of one name as one row, `name ×12`, if they and everything below them ended well. The row
    /// has the sum of their durations, and a bar from the first start to the last end.
    ///
    /// ```
    /// use trace_core::{ConsoleExporter, capture, in_scope};
    ///
    /// let captured = capture(|| in_scope("batch", || (0..12).for_each(|_| in_scope("item", || ()))));
    /// let text = ConsoleExporter::new().fold_siblings().render(captured.trace()?);
    /// assert!(text.contains("item ×12"));
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    #[must_use]
    pub const fn fold_siblings(mut self) -> Self {
        self.look.fold = true;
        self
    }

    /// Sets how many rows of a trace are shown, spans and events; the rest is a number under the tree.
    ///
    /// Default: [`DEFAULT_MAX_ROWS`](Self::DEFAULT_MAX_ROWS) (500).
    #[must_use]
    pub const fn max_rows(mut self, rows: usize) -> Self {
        self.look.max_rows = rows;
        self
    }

    /// Leaves out spans that were shorter, unless they did not end well or something below them is shown.
    ///
    /// Default: zero, which leaves out none.
    #[must_use]
    pub const fn min_duration(mut self, duration: Duration) -> Self {
        self.look.min_duration = duration;
        self
    }

    /// What would be printed of this trace, coloured only by [`ColorChoice::Always`]: a text is not a terminal.
    ///
    /// Every line ends with a line break.
    #[must_use]
    pub fn render(&self, trace: &Trace) -> String {
        self.text(trace, self.color == ColorChoice::Always, None)
    }

    /// Prints this trace now.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub fn print(&mut self, trace: &Trace) -> Result<(), ExportError> {
        let text = self.text(trace, self.is_colored(), self.target.width());
        self.write(&text)
    }

    fn write(&mut self, text: &str) -> Result<(), ExportError> {
        self.target.write(text.as_bytes())?;
        Ok(self.target.flush()?)
    }

    fn is_colored(&self) -> bool {
        self.color.decide(self.target.is_terminal(), |name| std::env::var_os(name))
    }

    fn look(&self, colored: bool, terminal: Option<usize>) -> Look {
        let width = self.width.or_else(|| width_of(std::env::var_os("COLUMNS")));
        let width = width.or(terminal).unwrap_or(Self::DEFAULT_WIDTH);
        Look { width: width.clamp(Self::MIN_WIDTH, Self::MAX_WIDTH), colored, ..self.look.clone() }
    }

    fn text(&self, trace: &Trace, colored: bool, terminal: Option<usize>) -> String {
        match self.style {
            ConsoleStyle::Flat => flat_text(trace),
            ConsoleStyle::Tree => tree_text(trace, &self.look(colored, terminal)),
            ConsoleStyle::Live => live_text(trace, &self.look(colored, terminal)),
        }
    }
}

fn width_of(columns: Option<OsString>) -> Option<usize> {
    columns?.to_str()?.parse().ok().filter(|&columns| columns > 0)
}

impl SpanExporter for ConsoleExporter {
    fn name(&self) -> &str {
        "console"
    }

    fn delivery(&self) -> Delivery {
        if self.style == ConsoleStyle::Live { Delivery::Live } else { Delivery::Traces }
    }

    fn warnings(&self) -> &[ConfigWarning] {
        &self.warnings
    }

    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        if self.style == ConsoleStyle::Live {
            let look = self.look(self.is_colored(), self.target.width());
            let lines: String = batch.spans().map(|span| self.live.line(&span, &look)).collect();
            return self.write(&lines);
        }
        let mut left = batch.len();
        for trace in batch.traces() {
            self.print(trace).map_err(|error| error.dropped_spans(left))?;
            left -= trace.len();
        }
        Ok(())
    }
}

/// The trace as [`ConsoleExporter`] draws it: a tree 100 columns wide, without colours. The last line has no line break.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ConsoleExporter::new().width(ConsoleExporter::DEFAULT_WIDTH).render(self).trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TraceId;
    use crate::trace::Completeness;

    #[test]
    fn columns_count_if_they_are_a_number() {
        for (columns, expected) in [
            (None, None),
            (Some(""), None),
            (Some("wide"), None),
            (Some("-1"), None),
            (Some("0"), None),
            (Some("80"), Some(80)),
        ] {
            assert_eq!(width_of(columns.map(OsString::from)), expected, "{columns:?}");
        }
    }

    #[test]
    fn a_part_of_a_trace_says_so() {
        let mut trace = Trace::from_spans(TraceId::from_u128(1).unwrap(), []);
        for (completeness, expected) in [
            (Completeness::Whole, "no spans\n"),
            (Completeness::Part, "no spans · a part, more is to come\n"),
            (Completeness::Late, "no spans · a late part\n"),
        ] {
            trace.completeness = completeness;
            let text = ConsoleExporter::new().width(100).render(&trace);
            assert!(text.ends_with(expected), "{text}");
        }
    }
}
