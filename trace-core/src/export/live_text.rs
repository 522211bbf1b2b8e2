//! Starts and ends of spans as lines, while their traces go on.

use std::collections::HashMap;

use crate::export::color::Tone;
use crate::export::duration::duration_text;
use crate::export::look::Look;
use crate::export::notes::ending;
use crate::id::{SpanId, TraceId};
use crate::status::Outcome;
use crate::text::{columns, cut_end, cut_middle, escaped};
use crate::trace::{SpanView, Trace};

/// How many bytes of a path are remembered of each open span: its end.
const PATH_BYTES: usize = 1024;
/// From this width on a line names its trace.
const NAMES_TRACE: usize = 60;
/// Hexadecimal digits of a trace's id that tell the traces of one screen apart.
const TRACE_DIGITS: usize = 8;
/// Columns of a duration: `59 m 59 s`, and one digit more.
const DURATION_COLUMNS: usize = 10;

/// The open spans of all traces, by what stands above each.
#[derive(Debug, Default)]
pub(crate) struct LiveText {
    open: HashMap<(TraceId, SpanId), Step>,
}

#[derive(Debug)]
struct Step {
    /// The names from the root down, without its own.
    above: String,
    name: String,
}

/// When a span ended, if it has: with the span, and that it is an end.
fn end(span: SpanView<'_>) -> Option<(u64, SpanView<'_>, bool)> {
    Some((span.end_unix_nanos()?, span, true))
}

/// All starts and ends of a trace, in order of time.
pub(crate) fn live_text(trace: &Trace, look: &Look) -> String {
    let mut told = Vec::new();
    let mut above: Vec<SpanView<'_>> = Vec::new();
    // Depth first, so that of what happens at one moment the outer begins first and ends last.
    for (depth, span) in trace.walk() {
        told.extend(above.drain(depth.min(above.len())..).rev().filter_map(end));
        told.push((span.start_unix_nanos(), span, false));
        above.push(span);
    }
    told.extend(above.drain(..).rev().filter_map(end));
    told.sort_by_key(|&(at, ..)| at);
    let mut text = LiveText::default();
    told.into_iter()
        .map(|(_, span, ended)| if ended { text.ended(&span, look) } else { text.began(&span, look) })
        .collect()
}

impl LiveText {
    /// The line of a span that has just begun or just ended.
    pub(crate) fn line(&mut self, span: &SpanView<'_>, look: &Look) -> String {
        if span.outcome() == Outcome::Open { self.began(span, look) } else { self.ended(span, look) }
    }

    fn began(&mut self, span: &SpanView<'_>, look: &Look) -> String {
        let step = self.step(span, look);
        let line = line(span, look.glyphs.open, Tone::Open, "", &step, None, look);
        self.open.insert((span.trace_id(), span.span_id()), step);
        line
    }

    fn ended(&mut self, span: &SpanView<'_>, look: &Look) -> String {
        let known = self.open.remove(&(span.trace_id(), span.span_id()));
        let mut step = known.unwrap_or_else(|| self.step(span, look));
        step.name = name(span);
        let duration = span.duration().map_or(0, |duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
        let (tone, note) = ending(span, look);
        line(span, look.glyphs.ended, tone, &duration_text(duration, look.glyphs.micro), &step, note, look)
    }

    /// Where it stands. Of a parent that has ended, or is elsewhere, nothing is known but that there is one.
    fn step(&self, span: &SpanView<'_>, look: &Look) -> Step {
        let glyphs = look.glyphs;
        let parent = span.parent_id().map(|parent| self.open.get(&(span.trace_id(), parent)));
        let mut above = match parent {
            None => String::new(),
            Some(None) => [glyphs.ellipsis, glyphs.step].concat(),
            Some(Some(parent)) => [&*parent.above, &*parent.name, glyphs.step].concat(),
        };
        if above.len() > PATH_BYTES {
            let from = (above.len() - PATH_BYTES..).find(|&at| above.is_char_boundary(at)).unwrap_or(above.len());
            above.replace_range(..from, glyphs.ellipsis);
        }
        Step { above, name: name(span) }
    }
}

fn name(span: &SpanView<'_>) -> String {
    let name = escaped(span.name());
    // No name is longer than a path, so that one name cannot hold a megabyte for each span below it.
    cut_end(&name, PATH_BYTES / 4, "")
}

fn line(
    span: &SpanView<'_>,
    sign: &str,
    tone: Tone,
    duration: &str,
    step: &Step,
    note: Option<String>,
    look: &Look,
) -> String {
    let (mut out, colored, ellipsis) = (String::new(), look.colored, look.glyphs.ellipsis);
    let mut room = look.width - 4 - DURATION_COLUMNS;
    tone.paint(&mut out, sign, colored);
    if look.width >= NAMES_TRACE {
        out.push(' ');
        Tone::Faint.paint(&mut out, &span.trace_id().to_string()[..TRACE_DIGITS], colored);
        room -= 1 + TRACE_DIGITS;
    }
    out.push_str(&format!(" {duration:>DURATION_COLUMNS$}  "));
    let note = note.map(|note| cut_end(&note, room / 2, ellipsis));
    let room = room - note.as_ref().map_or(0, |note| columns(note) + 2);
    let name = cut_middle(&step.name, room, ellipsis);
    let left = room - columns(&name);
    // A path of which nothing but a dot or two is left says nothing.
    if left > columns(look.glyphs.step) + columns(ellipsis) {
        let above = step.above.strip_suffix(look.glyphs.step).unwrap_or_default();
        if !above.is_empty() {
            let above = cut_middle(above, left - columns(look.glyphs.step), ellipsis);
            Tone::Faint.paint(&mut out, &[&*above, look.glyphs.step].concat(), colored);
        }
    }
    Tone::Strong.paint(&mut out, &name, colored);
    if let Some(note) = note {
        out.push_str("  ");
        tone.paint(&mut out, &note, colored);
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}
