//! A picture of a trace for documents.

mod axis;
mod bar;
mod hatches;
mod measures;
mod row;
mod style;
mod xml;

use std::fmt::Write as _;

use trace_core::__render::cut_end;
use trace_core::Trace;

use crate::heading::Heading;
use crate::palette::Theme;
use crate::scene::Scene;
use crate::svg::axis::axis;
use crate::svg::hatches::Hatches;
use crate::svg::measures::{HEAD, MARGIN, ROW, WIDTH};
use crate::svg::row::{Row, row};
use crate::svg::style::class;
use crate::svg::xml::{N, Xml};

pub(crate) use crate::svg::style::style;

/// How many rows an SVG has unless it is told otherwise.
pub const DEFAULT_SVG_ROWS: usize = 60;

/// Draws a trace as SVG: rows of names, durations and bars, for a pull request, a README, a report.
///
/// A bar is solid in polls, pale where it waited for a child, hatched where it waited for what has no span, and dotted where it
/// was ready and not polled; where polls were not timed, solid where no child was open and pale where one was. Failed spans have `✖` and a red line, panics `⚡`,
/// cancelled spans `◇`, spans dropped before their first poll `◌`, open ones `▷` and a dashed end. Diamonds are events.
/// Colours are services. Opened by itself in a browser, a row tells more when pointed at.
///
/// No script, no font, no image, no link: nothing is loaded. The same trace gives the same bytes. GitHub shows an SVG
/// as an image file only; for its two themes, write two files and use `<picture>`.
#[derive(Clone, Debug)]
pub struct Svg {
    heading: Heading,
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
        Self { heading: Heading::new(), max_rows: DEFAULT_SVG_ROWS }
    }

    /// Sets what the picture is called. Default: the first root's name and its service.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.heading.title = Some(title.into());
        self
    }

    /// Sets the colours. Default: [`Theme::Auto`], what the reader's system prefers.
    #[must_use]
    pub const fn theme(mut self, theme: Theme) -> Self {
        self.heading.theme = theme;
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
        let (title, summary) = (cut_end(&self.heading.title_of(scene), 110, "…"), scene.summary());
        let description = match scene.anatomy_sentence() {
            Some(anatomy) => format!("{summary}. {anatomy}"),
            None => summary.clone(),
        };
        let class = class(self.heading.theme);

        let mut body = String::new();
        axis(&mut body, scene, height - MARGIN - foot);
        let ends = scene.subtree_ends();
        let services = scene.services();
        let hatches = Hatches::of(scene, rows);
        for (index, node) in scene.nodes.iter().take(rows).enumerate() {
            row(
                &mut body,
                &Row { scene, node, index, subtree_end: ends[index], services: &services, hatches: &hatches },
            );
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
            Xml(&description),
            style(self.heading.theme),
            Xml(&title),
            Xml(&summary),
        );
        out.push_str(&hatches.patterns());
        out.push_str(&body);
        out.push_str("</svg>\n");
        out
    }
}
