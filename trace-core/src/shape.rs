//! The shape of a trace: what of it is the same in every run, as a text to compare in tests.

mod lines;

use std::fmt;

use crate::ending::outcome;
use crate::shape::lines::{Line, by_start, by_text, parse, sort_siblings, text};
use crate::status::Outcome;
use crate::text::{escaped, pair};
use crate::trace::{SpanView, Trace};
use crate::value::Key;

/// The tree of a trace as text, without ids and times: one line a span, two spaces a level.
///
/// A line has the name, the outcome if it is another than ok, and the attributes that were asked for:
///
/// ```text
/// checkout
///   charge [error] amount=12.5
///   log [cancelled]
/// ```
///
/// Siblings stand in order of start, and of name where they started at once. For tasks that start in any order,
/// [`unordered`](Self::unordered) sorts them by what stands on their lines and below them.
///
/// Hidden characters are escaped as in [`ConsoleExporter`](crate::ConsoleExporter); a name that is empty or has spaces at an
/// end stands in quotes. Below 100 levels the indent stays the same and the line begins with its depth, `(101) name`.
///
/// Made by [`Trace::shape`]; compared by [`assert_tree!`](crate::assert_tree).
#[derive(Clone, Debug)]
pub struct Shape<'a> {
    trace: &'a Trace,
    keys: Vec<Key>,
    order: Order,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Start,
    Text,
}

impl Trace {
    /// Its shape: names, outcomes and who is whose child, without ids and times.
    #[must_use]
    pub const fn shape(&self) -> Shape<'_> {
        Shape { trace: self, keys: Vec::new(), order: Order::Start }
    }
}

impl Shape<'_> {
    /// Shows this attribute, on spans that have it. Several are shown in the order of these calls.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<Key>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// Sorts siblings by their text instead of their start.
    #[must_use]
    pub const fn unordered(mut self) -> Self {
        self.order = Order::Text;
        self
    }

    /// This shape; so [`assert_tree!`](crate::assert_tree) takes a trace as well as a shape.
    #[doc(hidden)]
    #[must_use]
    pub const fn shape(&self) -> &Self {
        self
    }

    /// Compares it with a tree written by hand.
    ///
    /// Blank lines, spaces at the end of a line and an indent that all lines share do not count, and each level may be
    /// indented by any number of spaces.
    ///
    /// # Errors
    ///
    /// When they differ; the error shows both.
    pub fn compare(&self, expected: &str) -> Result<(), ShapeMismatch> {
        let mut lines = parse(expected);
        if self.order == Order::Text {
            sort_siblings(&mut lines, by_text);
        }
        let (expected, found) = (text(&lines), self.to_string());
        if expected == found { Ok(()) } else { Err(ShapeMismatch { expected, found }) }
    }

    fn lines(&self) -> Vec<Line> {
        let line = |(depth, span)| Line { depth, start: SpanView::start_unix_nanos(&span), text: self.line(&span) };
        let mut lines: Vec<Line> = self.trace.walk().map(line).collect();
        sort_siblings(
            &mut lines,
            match self.order {
                Order::Start => by_start,
                Order::Text => by_text,
            },
        );
        lines
    }

    fn line(&self, span: &SpanView<'_>) -> String {
        let name = escaped(span.name());
        let mut line = if name.is_empty() || name.trim() != name { format!("\"{name}\"") } else { name.into_owned() };
        let outcome = outcome(span);
        if outcome != Outcome::Ok {
            line.extend([" [", outcome.as_str(), "]"]);
        }
        for key in &self.keys {
            if let Some(value) = span.attribute(key.as_str()) {
                line.extend([" ", &pair(key.as_str(), value, usize::MAX, "")]);
            }
        }
        line
    }
}

/// The lines, each ended by a line break but for the last.
impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(&self.lines()))
    }
}

/// A tree that is not the one expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeMismatch {
    expected: String,
    found: String,
}

impl ShapeMismatch {
    /// The tree as it was expected, indented by two spaces a level.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// The tree as it is.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

/// Both trees, an arrow at the first line that differs.
impl fmt::Display for ShapeMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let both = self.expected.lines().zip(self.found.lines());
        let equal = both.take_while(|(expected, found)| expected == found).count();
        f.write_str("the trace has another tree than expected")?;
        for (title, tree) in [("expected", &self.expected), ("found", &self.found)] {
            write!(f, "\n{title}:")?;
            if tree.is_empty() {
                write!(f, "\n-> (no spans)")?;
            }
            for (number, line) in tree.lines().enumerate() {
                write!(f, "\n{} {line}", if number == equal { "->" } else { "  " })?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ShapeMismatch {}

/// Asserts that the tree of a [`Trace`](crate::Trace), or a [`Shape`](crate::Shape) of it, is the expected one.
///
/// ```
/// use std::time::Duration;
/// use trace_core::{SpanContext, SpanData, SpanId, Trace, TraceFlags, TraceId, assert_tree};
///
/// let id = TraceId::random();
/// let span = |name| SpanData::new(SpanContext::new(id, SpanId::random(), TraceFlags::NONE), name, 0, Duration::ZERO);
/// let root = span("root");
/// let mut child = span("child");
/// child.parent_id = Some(root.span_id);
/// child.attributes.push(("user.id", 42).into());
/// let trace = Trace::from_spans(id, [root, child]);
///
/// assert_tree!(trace, "root\n  child");
/// assert_tree!(trace.shape().attribute("user.id").unordered(), "
///     root
///       child user.id=42
/// ");
/// ```
///
/// # Panics
///
/// When the trees differ, with both of them.
#[macro_export]
macro_rules! assert_tree {
    ($trace:expr, $expected:expr $(,)?) => {
        if let ::std::result::Result::Err(mismatch) = ($trace).shape().compare($expected) {
            ::std::panic!("{mismatch}");
        }
    };
}
