//! A Gantt diagram in Mermaid's language.

use std::fmt::Write as _;

use trace_core::__render::{cut_middle, duration_text};
use trace_core::{Outcome, Trace};

use crate::scene::{Node, Scene};

/// How many rows a diagram has unless it is told otherwise.
pub const DEFAULT_MERMAID_ROWS: usize = 40;

/// Writes a trace as a [Mermaid Gantt diagram](https://mermaid.js.org/syntax/gantt.html): for a code block in an issue, where
/// no file can be attached.
///
/// Mermaid's clock has milliseconds only, so the axis counts microseconds as if they were milliseconds where the trace is
/// shorter than ten seconds; the durations beside the names are exact. What would be syntax in a name is replaced.
#[derive(Clone, Debug)]
pub struct Mermaid {
    max_rows: usize,
}

impl Default for Mermaid {
    fn default() -> Self {
        Self::new()
    }
}

impl Mermaid {
    /// A diagram with the default options.
    #[must_use]
    pub const fn new() -> Self {
        Self { max_rows: DEFAULT_MERMAID_ROWS }
    }

    /// Sets how many rows are drawn; the rest is a number in the title. Default: [`DEFAULT_MERMAID_ROWS`] (40).
    #[must_use]
    pub const fn max_rows(mut self, rows: usize) -> Self {
        self.max_rows = rows;
        self
    }

    /// The diagram of this trace, without the fences of a code block.
    #[must_use]
    pub fn render(&self, trace: &Trace) -> String {
        const MICRO: u64 = 1_000;
        let scene = Scene::of(std::slice::from_ref(trace));
        let unit = if scene.end - scene.start < 10_000_000 * MICRO { MICRO } else { 1_000 * MICRO };
        let rows = scene.nodes.len().min(self.max_rows);
        let more = scene.total - rows;
        let rest = if more > 0 { format!(" - and {more} more") } else { String::new() };
        let mut out = format!(
            "gantt\n    title {} - {}{rest}\n    dateFormat x\n    axisFormat {}\n",
            plain(&scene.title(), 60),
            scene.summary(),
            if unit == MICRO { "%S.%L ms" } else { "%M:%S" },
        );
        let mut service = None;
        for (number, node) in scene.nodes.iter().take(rows).enumerate() {
            let of = scene.service(node);
            if service != Some(of) {
                let _ = writeln!(out, "    section {}", plain(if of.is_empty() { "spans" } else { of }, 30));
                service = Some(of);
            }
            let start = (node.start() - scene.start) / unit;
            let end = if node.outcome() == Outcome::Open { scene.end } else { node.end() };
            let end = ((end - scene.start) / unit).max(start + 1);
            let _ = writeln!(out, "    {} :{}s{number}, {start}, {end}", label(node), tag(node));
        }
        out
    }
}

fn label(node: &Node<'_>) -> String {
    let duration = node.span.end_unix_nanos().map(|end| duration_text(end.saturating_sub(node.start()), "µs"));
    let indent = "· ".repeat(node.depth.min(8));
    format!("{indent}{} ({})", plain(node.span.name(), 40), duration.as_deref().unwrap_or("open"))
}

fn tag(node: &Node<'_>) -> &'static str {
    match node.outcome() {
        Outcome::Error | Outcome::Panicked => "crit, ",
        Outcome::Cancelled | Outcome::NeverPolled => "done, ",
        Outcome::Open => "active, ",
        _ => "",
    }
}

/// The text without what Mermaid or Markdown would obey.
fn plain(text: &str, room: usize) -> String {
    let text = cut_middle(text, room, "…");
    let plain: String = text
        .chars()
        .map(|c| match c {
            ':' => '꞉',
            ';' => ',',
            '#' | '%' | '<' | '>' | '&' | '`' | '{' | '}' | '"' => '_',
            c => c,
        })
        .collect();
    if plain.trim().is_empty() { "(no name)".to_owned() } else { plain }
}
