//! A picture of a trace for documents.

use std::fmt::{self, Write as _};

use trace_core::__render::{columns, cut_end, cut_middle, duration_text, escaped};
use trace_core::{Outcome, PollSegment, Status, Trace};

use crate::palette::{DARK, LIGHT, Palette, Theme};
use crate::scene::{Node, Scene};

/// How many rows an SVG has unless it is told otherwise.
pub const DEFAULT_SVG_ROWS: usize = 60;

const WIDTH: f64 = 960.0;
const ROW: f64 = 22.0;
const HEAD: f64 = 52.0;
const MARGIN: f64 = 12.0;
/// A column of text at 12 px, in the fonts of the stack.
const COLUMN: f64 = 7.25;
const INDENT: f64 = 14.0;
/// Deeper rows are indented no further; their depth stands in the tooltip.
const MAX_INDENTS: usize = 12;
const NAMES_END: f64 = 318.0;
const DURATION_END: f64 = 398.0;
const BARS: f64 = 410.0;
const BARS_END: f64 = WIDTH - MARGIN;
const BAR_HEIGHT: f64 = 12.0;
/// No bar is narrower.
const MIN_BAR: f64 = 1.5;
/// How many events of a span are marked.
const MAX_EVENTS: usize = 50;

/// Draws a trace as SVG: rows of names, durations and bars, for a pull request, a README, a report.
///
/// A bar is solid in polls and pale between them; where polls were not timed, solid where no child was open and pale where
/// one was. Failed spans have `✖` and a red line, panics `⚡`,
/// cancelled spans `◇`, spans dropped before their first poll `◌`, open ones `▷` and a dashed end. Diamonds are events.
/// Colours are services. Opened by itself in a browser, a row tells more when pointed at.
///
/// No script, no font, no image, no link: nothing is loaded. The same trace gives the same bytes. GitHub shows an SVG
/// as an image file only; for its two themes, write two files and use `<picture>`.
#[derive(Clone, Debug)]
pub struct Svg {
    title: Option<String>,
    theme: Theme,
    max_rows: usize,
}

impl Default for Svg {
    fn default() -> Self {
        Self::new()
    }
}

impl Svg {
    /// A picture with the default options.
    #[must_use]
    pub const fn new() -> Self {
        Self { title: None, theme: Theme::Auto, max_rows: DEFAULT_SVG_ROWS }
    }

    /// Sets what the picture is called. Default: the first root's name and its service.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets the colours. Default: [`Theme::Auto`], what the reader's system prefers.
    #[must_use]
    pub const fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// Sets how many rows are drawn; the rest is a number below. Default: [`DEFAULT_SVG_ROWS`] (60).
    #[must_use]
    pub const fn max_rows(mut self, rows: usize) -> Self {
        self.max_rows = rows;
        self
    }

    /// The picture of this trace.
    #[must_use]
    pub fn render(&self, trace: &Trace) -> String {
        self.render_all(std::slice::from_ref(trace))
    }

    /// The picture of these traces, on one axis of time.
    #[must_use]
    pub fn render_all(&self, traces: &[Trace]) -> String {
        self.draw(&Scene::of(traces))
    }

    pub(crate) fn draw(&self, scene: &Scene<'_>) -> String {
        let rows = scene.nodes.len().min(self.max_rows);
        let more = scene.total - rows;
        let foot = if more > 0 { ROW } else { 0.0 };
        let height = HEAD + rows as f64 * ROW + foot + MARGIN;
        let title = self.title.clone().unwrap_or_else(|| scene.title());
        let (title, summary) = (cut_end(&title, 110, "…"), scene.summary());
        let class = class(self.theme);

        let mut body = String::new();
        self.axis(&mut body, scene, height - MARGIN - foot);
        let ends = scene.subtree_ends();
        let services = scene.services();
        for (index, node) in scene.nodes.iter().take(rows).enumerate() {
            row(&mut body, &Row { scene, node, index, subtree_end: ends[index], services: &services });
        }
        if more > 0 {
            let y = HEAD + rows as f64 * ROW + 15.0;
            let plural = if more == 1 { "" } else { "s" };
            let _ = writeln!(body, "<text class=\"f\" x=\"{MARGIN}\" y=\"{}\">… {more} more span{plural}</text>", N(y));
        }

        let mut out = String::with_capacity(body.len() + 2048);
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" class=\"{class}\" viewBox=\"0 0 {WIDTH} {height}\" \
             width=\"{WIDTH}\" height=\"{height}\">\n<title>{}</title>\n<desc>{}</desc>\n<style>{}</style>\n\
             <rect class=\"b\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n\
             <text class=\"t h\" x=\"{MARGIN}\" y=\"22\">{}</text>\n<text class=\"f\" x=\"{MARGIN}\" y=\"40\">{}</text>\n",
            Xml(&title),
            Xml(&summary),
            style(self.theme),
            Xml(&title),
            Xml(&summary),
        );
        out.push_str(&body);
        out.push_str("</svg>\n");
        out
    }

    fn axis(&self, out: &mut String, scene: &Scene<'_>, bottom: f64) {
        let nanos = scene.end - scene.start;
        if nanos == 0 {
            return;
        }
        let step = axis_step(nanos);
        for tick in (0..=nanos / step).map(|tick| tick * step) {
            let x = BARS + (BARS_END - BARS) * (tick as f64 / nanos as f64);
            let _ = write!(out, "<path class=\"l\" d=\"M{} {}V{}\"/>", N(x), HEAD - 4.0, N(bottom));
            let text = axis_text(tick, step, nanos);
            let width = columns(&text) as f64 * COLUMN;
            if x + width / 2.0 <= BARS_END + 4.0 {
                let anchor = if tick == 0 { "start" } else { "middle" };
                let _ = writeln!(
                    out,
                    "<text class=\"f\" font-size=\"10\" text-anchor=\"{anchor}\" x=\"{}\" y=\"{}\">{text}</text>",
                    N(x),
                    HEAD - 8.0
                );
            }
        }
    }
}

/// A round number of nanoseconds, of which four to eight fit.
fn axis_step(nanos: u64) -> u64 {
    let mut step = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            if nanos / step.saturating_mul(factor) <= 6 {
                return step.saturating_mul(factor);
            }
        }
        step = step.saturating_mul(10);
    }
}

fn axis_text(nanos: u64, step: u64, whole: u64) -> String {
    let (unit, name) = match whole {
        0..1_500 => (1, "ns"),
        1_500..1_500_000 => (1_000, "µs"),
        1_500_000..1_500_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let is_fine = |digits: &usize| step.saturating_mul(10_u64.pow(*digits as u32)).is_multiple_of(unit);
    let digits = (0..9).find(is_fine).unwrap_or(0);
    if nanos == 0 { "0".to_owned() } else { format!("{:.digits$} {name}", nanos as f64 / unit as f64) }
}

struct Row<'a> {
    scene: &'a Scene<'a>,
    node: &'a Node<'a>,
    index: usize,
    subtree_end: usize,
    services: &'a [&'a str],
}

fn row(out: &mut String, row: &Row<'_>) {
    let Row { scene, node, index, .. } = *row;
    let y = HEAD + index as f64 * ROW;
    let service = scene.service(node);
    let number = row.services.iter().position(|&known| known == service).unwrap_or(0);
    let outcome = node.outcome();
    let duration = match node.span.end_unix_nanos() {
        Some(end) => duration_text(end.saturating_sub(node.start()), "µs"),
        None => "open".to_owned(),
    };
    let note = note(node);
    let _ = write!(out, "<g class=\"s{}\"><title>", number % LIGHT.services.len());
    let tooltip = [
        node.span.name(),
        service,
        &duration,
        &note,
        &if node.depth > MAX_INDENTS { format!("depth {}", node.depth) } else { String::new() },
    ];
    let tooltip: Vec<&str> = tooltip.into_iter().filter(|part| !part.is_empty()).collect();
    let _ = write!(out, "{}</title>", Xml(&cut_end(&tooltip.join(" · "), 400, "…")));

    let x = MARGIN + INDENT * node.depth.min(MAX_INDENTS) as f64;
    if row.subtree_end > index + 1 {
        let _ = write!(out, "<path class=\"m\" d=\"M{} {}h7l-3.5 5z\"/>", N(x), N(y + 9.0));
    } else {
        let _ = write!(out, "<path class=\"l\" d=\"M{} {}h6\"/>", N(x), N(y + 11.0));
    }
    let mark = mark(outcome);
    let name_x = x + 12.0;
    let room = ((NAMES_END - name_x) / COLUMN) as usize;
    let with_mark = if mark.is_empty() { String::new() } else { format!("{mark} ") };
    let name = cut_middle(node.span.name(), room.saturating_sub(columns(&with_mark)), "…");
    let class = if node.has_failed() { "e" } else { "t" };
    let _ = write!(out, "<text class=\"{class}\" x=\"{}\" y=\"{}\">{with_mark}{}", N(name_x), N(y + 15.0), Xml(&name));
    let rest = room.saturating_sub(columns(&with_mark) + columns(&name) + 1);
    if row.services.len() > 1 && rest >= 3 {
        let _ = write!(out, "<tspan class=\"f\"> {}</tspan>", Xml(&cut_end(service, rest, "…")));
    }
    out.push_str("</text>");
    let _ = write!(
        out,
        "<text class=\"f\" text-anchor=\"end\" x=\"{DURATION_END}\" y=\"{}\">{duration}</text>",
        N(y + 15.0)
    );
    let (from, to) = bar(out, row, y);
    let text = cut_end(&note, 40, "…");
    let width = columns(&text) as f64 * COLUMN + 8.0;
    if !text.is_empty() {
        let place = if to + width <= BARS_END {
            Some(("start", to + 6.0))
        } else if from - width >= BARS {
            Some(("end", from - 6.0))
        } else {
            None
        };
        if let Some((anchor, x)) = place {
            let _ = write!(
                out,
                "<text class=\"{}\" text-anchor=\"{anchor}\" x=\"{}\" y=\"{}\" font-size=\"11\">{}</text>",
                if node.has_failed() { "e" } else { "f" },
                N(x),
                N(y + 15.0),
                Xml(&text)
            );
        }
    }
    out.push_str("</g>\n");
}

/// When a bar is solid.
fn busy(row: &Row<'_>, start: u64, end: u64) -> Vec<(u64, u64)> {
    let nanos = |duration: std::time::Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    if let Some(polls) = row.node.span.polls() {
        let poll = |segment: PollSegment| {
            let start = segment.start_unix_nanos;
            (start, start.saturating_add(nanos(segment.duration)).min(end))
        };
        return polls.segments().map(poll).collect();
    }
    let mut at = start;
    let covered = row.scene.covered(row.index, row.subtree_end).into_iter().chain([(end, end)]);
    covered.map(|(from, to)| (std::mem::replace(&mut at, to), from)).collect()
}

/// Draws the bar and tells where it begins and ends.
fn bar(out: &mut String, row: &Row<'_>, y: f64) -> (f64, f64) {
    let Row { scene, node, .. } = *row;
    let nanos = (scene.end - scene.start).max(1) as f64;
    let x = |at: u64| BARS + (BARS_END - BARS) * (at.saturating_sub(scene.start) as f64 / nanos).min(1.0);
    let is_open = node.outcome() == Outcome::Open;
    let (start, end) = (node.start(), if is_open { scene.end } else { node.end() });
    let from = x(start).min(BARS_END - MIN_BAR);
    let to = x(end).max(from + MIN_BAR);
    let top = y + (ROW - BAR_HEIGHT) / 2.0;
    let dashes = if is_open { " stroke-dasharray=\"3 2\"" } else { "" };
    let _ = write!(
        out,
        "<rect class=\"p\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{BAR_HEIGHT}\" rx=\"1.5\"{dashes}/>",
        N(from),
        N(top),
        N(to - from)
    );
    let mut solid = String::new();
    let mut last = f64::NEG_INFINITY;
    for (from, to) in busy(row, start, end) {
        let (left, right) = (x(from), x(to));
        // To a tenth of a pixel.
        if right - left >= 0.1 && left >= last {
            let _ = write!(solid, "M{} {}H{}V{}H{}z", N(left), N(top), N(right), N(top + BAR_HEIGHT), N(left));
            last = left + 0.1;
        }
    }
    if to - from <= MIN_BAR {
        solid = format!("M{} {}H{}V{}H{}z", N(from), N(top), N(to), N(top + BAR_HEIGHT), N(from));
    }
    if !solid.is_empty() && !is_open {
        let _ = write!(out, "<path class=\"c\" d=\"{solid}\"/>");
    }
    if node.has_failed() {
        let _ = write!(
            out,
            "<rect class=\"e\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"2.5\"/>",
            N(from),
            N(top + BAR_HEIGHT),
            N(to - from)
        );
    }
    let mut last = f64::NEG_INFINITY;
    for event in node.span.events().take(MAX_EVENTS) {
        let at = x(event.unix_nanos());
        if at - last >= 2.0 {
            let _ = write!(out, "<path class=\"v\" d=\"M{} {}l4 4-4 4-4-4z\"/>", N(at), N(top + 2.0));
            last = at;
        }
    }
    (from, to)
}

/// What a row's glyph says of its end.
fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Error => "✖",
        Outcome::Panicked => "⚡",
        Outcome::Cancelled => "◇",
        Outcome::NeverPolled => "◌",
        Outcome::Open => "▷",
        _ => "",
    }
}

/// What there is to say of its end.
fn note(node: &Node<'_>) -> String {
    let word = match node.outcome() {
        Outcome::Panicked => "panicked",
        Outcome::Cancelled => "cancelled",
        Outcome::NeverPolled => "never polled",
        Outcome::Error => "failed",
        _ => "",
    };
    match node.span.status() {
        Status::Error { description } if !description.is_empty() => match word {
            "failed" | "" => description.clone().into_owned(),
            word => format!("{word}: {description}"),
        },
        _ => word.to_owned(),
    }
}

const fn class(theme: Theme) -> &'static str {
    match theme {
        Theme::Auto => "trace-auto",
        Theme::Light => "trace-light",
        Theme::Dark => "trace-dark",
    }
}

/// The style sheet. It is the same for every trace, so that several pictures in one page agree and a page can name its hash.
pub(crate) fn style(theme: Theme) -> String {
    let class = class(theme);
    let mut out = format!(
        ".{class} text{{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;font-size:12px;\
         white-space:pre}}.{class} text[font-size=\"10\"]{{font-size:10px}}.{class} text[font-size=\"11\"]{{font-size:11px}}\
         .{class} .h{{font-weight:600;font-size:14px}}.{class} .l{{stroke-width:1;fill:none}}\
         .{class} .p{{fill:currentColor;fill-opacity:.25;stroke:currentColor;stroke-width:.75}}\
         .{class} .c{{fill:currentColor}}"
    );
    match theme {
        Theme::Light => colours(&mut out, class, &LIGHT),
        Theme::Dark => colours(&mut out, class, &DARK),
        Theme::Auto => {
            colours(&mut out, class, &LIGHT);
            out.push_str("@media (prefers-color-scheme:dark){");
            colours(&mut out, class, &DARK);
            out.push('}');
        }
    }
    out
}

fn colours(out: &mut String, class: &str, palette: &Palette) {
    let Palette { background, text, faint, line, error, services } = palette;
    let _ = write!(
        out,
        ".{class} .b{{fill:{background}}}.{class} .t{{fill:{text}}}.{class} .f,.{class} .m{{fill:{faint}}}\
         .{class} .l{{stroke:{line}}}.{class} .e{{fill:{error}}}.{class} .v{{fill:{background};stroke:{text}}}"
    );
    for (number, colour) in services.iter().enumerate() {
        let _ = write!(out, ".{class} .s{number}{{color:{colour}}}");
    }
}

/// Text for an XML document: what is hidden or forbidden as its escape, markup as entities.
struct Xml<'a>(&'a str);

impl fmt::Display for Xml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in escaped(self.0).chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\u{fffe}' | '\u{ffff}' => write!(f, "{}", c.escape_unicode())?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A length with at most two decimals.
struct N(f64);

impl fmt::Display for N {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.2}", self.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}
