//! The tree of a trace as text: rows set in columns.
//!
//! From left to right: the tree with the names, the duration to the right, the time bar, and what there is to say. Names are
//! cut in the middle, the rest at its end, so that no line is longer than the width.

use std::time::Duration;

use crate::ending::outcome;
use crate::export::bar::{BarOf, Scale};
use crate::export::color::Tone;
use crate::export::duration::duration_text;
use crate::export::look::Look;
use crate::export::notes::{event_notes, header_notes, rest_notes, siblings_notes, span_notes};
use crate::export::pieces::Pieces;
use crate::export::rows::{Item, Row, Rows};
use crate::export::wait_notes::critical_note;
use crate::status::Outcome;
use crate::text::{columns, cut_end, cut_middle};
use crate::trace::Trace;

/// The columns between two columns.
const SPACE: usize = 2;

/// Room for a tree, a duration and a sign.
const MIN_WIDTH_WITHOUT_BAR: usize = 34;

/// The columns of a picture of a trace.
struct Columns {
    tree: usize,
    duration: usize,
    notes: usize,
    scale: Scale,
}

/// One row, before its columns are known.
struct Line<'a> {
    lead: String,
    name: &'a str,
    after_name: String,
    name_tone: Tone,
    duration: String,
    time: Time,
    bar_tone: Tone,
    notes: Vec<(Tone, String)>,
}

/// A duration as text.
fn nanos_text(duration: Duration, micro: &str) -> String {
    duration_text(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), micro)
}

enum Time {
    Span(BarOf),
    Moment(u64),
}

/// Draws the trace: a header, one row a span, and what was left out.
pub(crate) fn tree_text(trace: &Trace, look: &Look) -> String {
    let Rows { rows, left_out } = Rows::of(trace, look);
    let lines: Vec<Line<'_>> = rows.into_iter().map(|row| line(row, look)).collect();
    let layout = Columns::of(trace, &lines, look);
    let mut out = String::with_capacity(lines.len() * look.width + 128);
    wrap(&mut out, &header_notes(trace, look), Tone::Strong, look);
    for line in &lines {
        layout.write(&mut out, line, look);
    }
    let critical = critical_note(trace, look).into_iter();
    wrap(&mut out, &critical.chain(rest_notes(&left_out, look)).collect::<Vec<_>>(), Tone::Faint, look);
    out
}

fn line<'a>(Row { lead, item }: Row<'a>, look: &Look) -> Line<'a> {
    let micro = look.glyphs.micro;
    let is_root = lead.is_empty();
    let line = Line {
        lead,
        name: "",
        after_name: String::new(),
        name_tone: Tone::Plain,
        duration: String::new(),
        time: Time::Moment(0),
        bar_tone: Tone::Bar,
        notes: Vec::new(),
    };
    match item {
        Item::Span { span, orphan } => {
            let (tone, notes) = span_notes(&span, orphan, look);
            let start = span.start_unix_nanos();
            Line {
                name: span.name(),
                name_tone: if tone == Tone::Plain && is_root { Tone::Strong } else { tone },
                duration: match span.end_unix_nanos() {
                    Some(end) => duration_text(end.saturating_sub(start), micro),
                    None => span.age().map_or_else(|| "open".to_owned(), |age| nanos_text(age, micro)),
                },
                time: Time::Span(BarOf {
                    start,
                    end: span.end_unix_nanos(),
                    pieces: Pieces::of(&span),
                    cut: match outcome(&span) {
                        Outcome::Cancelled => Some(look.glyphs.cancelled),
                        Outcome::NeverPolled => Some(look.glyphs.never_polled),
                        _ => None,
                    },
                }),
                bar_tone: if tone == Tone::Plain { Tone::Bar } else { tone },
                notes,
                ..line
            }
        }
        Item::Siblings(siblings) => Line {
            name: siblings.first.name(),
            after_name: format!(" {}{}", look.glyphs.times, siblings.count),
            duration: duration_text(siblings.total, micro),
            time: Time::Span(BarOf {
                start: siblings.first.start_unix_nanos(),
                end: Some(siblings.end),
                pieces: None,
                cut: None,
            }),
            notes: siblings_notes(&siblings, look),
            ..line
        },
        Item::Event { event, span } => Line {
            name: event.name(),
            name_tone: Tone::Faint,
            duration: {
                let after = event.unix_nanos().saturating_sub(span.start_unix_nanos());
                format!("+{}", duration_text(after, micro))
            },
            time: Time::Moment(event.unix_nanos()),
            bar_tone: Tone::Faint,
            notes: event_notes(&event, look),
            ..line
        },
    }
}

impl Columns {
    fn of(trace: &Trace, lines: &[Line<'_>], look: &Look) -> Self {
        let widest = |columns_of: &dyn Fn(&Line<'_>) -> usize| lines.iter().map(columns_of).max().unwrap_or(0);
        let duration = widest(&|line| columns(&line.duration));
        // The narrowest line leaves four columns to what there is to say: a sign, and that there is more.
        let bar = (look.width / 5).min(look.width.saturating_sub(MIN_WIDTH_WITHOUT_BAR));
        let free = look.width.saturating_sub(duration + bar + 3 * SPACE);
        let tree_wish = widest(&|line| {
            columns(&line.lead) + columns(&cut_middle(line.name, look.width, "")) + columns(&line.after_name)
        });
        let notes_wish = widest(&|line| match line.notes.len() {
            0 => 0,
            notes => line.notes.iter().map(|(_, note)| columns(note)).sum::<usize>() + (notes - 1) * SPACE,
        });
        let tree = tree_wish.min(free.saturating_sub(notes_wish).max(look.width * 2 / 5)).min(free);
        let notes = free - tree;
        // What nobody needs, the bars get, as far as that helps.
        let bar = (bar + notes.saturating_sub(notes_wish)).min(look.width * 2 / 5);
        let (start, end) = trace.spans().fold((u64::MAX, 0), |(start, end), span| {
            let began = span.start_unix_nanos();
            (began.min(start), span.end_unix_nanos().unwrap_or(began).max(end))
        });
        Self { tree, duration, notes: notes.min(notes_wish), scale: Scale::new(start, end, bar) }
    }

    fn write(&self, out: &mut String, line: &Line<'_>, look: &Look) {
        let mut pen = Pen { out, look, column: 0, wanted: 0 };
        pen.write(Tone::Faint, &line.lead);
        let room = self.tree.saturating_sub(columns(&line.lead) + columns(&line.after_name));
        pen.write(line.name_tone, &cut_middle(line.name, room, look.glyphs.ellipsis));
        pen.write(Tone::Faint, &line.after_name);
        pen.go_to(self.tree + SPACE + self.duration.saturating_sub(columns(&line.duration)));
        pen.write(Tone::Plain, &line.duration);
        pen.go_to(self.tree + SPACE + self.duration + SPACE);
        self.write_bar(&mut pen, line, look);
        pen.go_to(self.tree + SPACE + self.duration + SPACE + self.scale.cells() + SPACE);
        let end = pen.wanted + self.notes;
        for (tone, note) in &line.notes {
            let room = end.saturating_sub(pen.wanted);
            if room == 0 {
                break;
            }
            pen.write(*tone, &cut_end(note, room, look.glyphs.ellipsis));
            pen.go_to(pen.column + SPACE);
        }
        out.push('\n');
    }

    fn write_bar(&self, pen: &mut Pen<'_>, line: &Line<'_>, look: &Look) {
        let of = match &line.time {
            Time::Span(of) => of,
            Time::Moment(at) => {
                pen.go_to(pen.wanted + self.scale.moment(*at));
                return pen.write(line.bar_tone, look.glyphs.event.trim_end());
            }
        };
        let (blank, cells) = self.scale.bar(of, look.glyphs);
        pen.go_to(pen.wanted + blank);
        for run in cells.chunk_by(|left, right| left.is_idle == right.is_idle) {
            let text: String = run.iter().map(|cell| cell.glyph).collect();
            pen.write(if run[0].is_idle { Tone::Faint } else { line.bar_tone }, &text);
        }
    }
}

/// Writes at columns, with no space at the end of a line.
struct Pen<'a> {
    out: &'a mut String,
    look: &'a Look,
    column: usize,
    wanted: usize,
}

impl Pen<'_> {
    fn go_to(&mut self, column: usize) {
        self.wanted = column.max(self.column);
    }

    fn write(&mut self, tone: Tone, text: &str) {
        if text.is_empty() {
            return;
        }
        let wanted = self.wanted.max(self.column);
        self.out.extend(std::iter::repeat_n(' ', wanted - self.column));
        tone.paint(self.out, text, self.look.colored);
        self.column = wanted + columns(text);
        self.wanted = self.column;
    }
}

/// Writes parts with a separator, on as many lines as they need.
fn wrap(out: &mut String, parts: &[String], tone: Tone, look: &Look) {
    let mut text = String::new();
    for part in parts {
        let part = cut_end(part, look.width, look.glyphs.ellipsis);
        if !text.is_empty() && columns(&text) + columns(look.glyphs.separator) + columns(&part) > look.width {
            tone.paint(out, &std::mem::take(&mut text), look.colored);
            out.push('\n');
        }
        let separator = if text.is_empty() { "" } else { look.glyphs.separator };
        text.extend([separator, &part]);
    }
    if !text.is_empty() {
        tone.paint(out, &text, look.colored);
        out.push('\n');
    }
}
