//! What the tree of a trace says in words: over it, behind each row, and under it.

use crate::ending::{has_failed, outcome};
use crate::export::color::Tone;
use crate::export::duration::duration_text;
use crate::export::look::Look;
use crate::export::rows::{LeftOut, Siblings};
use crate::export::wait_notes::{anatomy_notes, culprit_note, wait_notes};
use crate::span_view::EventView;
use crate::status::{Outcome, Status};
use crate::text::{columns, cut_end, pair};
use crate::trace::{Completeness, SpanView, Trace};
use crate::value::Attribute;

/// How many columns a value may take.
const MAX_VALUE_COLUMNS: usize = 40;

/// What stands over the tree.
pub(crate) fn header_notes(trace: &Trace, look: &Look) -> Vec<String> {
    let mut notes = vec![format!("trace {}", trace.id())];
    // Where nobody gave the service a name, the specification makes one of the program's.
    let service = trace.resource().service_name().map(|name| name.strip_prefix("unknown_service:").unwrap_or(name));
    notes.extend(service.map(|service| cut_end(service, look.width, look.glyphs.ellipsis)));
    notes.push(match trace.len() {
        0 => "no spans".to_owned(),
        count => counted(count, "span"),
    });
    let failed = trace.spans().filter(has_failed).count();
    if failed > 0 {
        notes.push(format!("{failed} failed"));
    }
    if !trace.is_empty() {
        let nanos = u64::try_from(trace.duration().as_nanos()).unwrap_or(u64::MAX);
        notes.push(duration_text(nanos, look.glyphs.micro));
    }
    notes.extend(anatomy_notes(trace));
    notes.extend(culprit_note(trace, look));
    match trace.completeness() {
        Completeness::Whole => {}
        Completeness::Part => notes.push("a part, more is to come".to_owned()),
        Completeness::Late => notes.push("a late part".to_owned()),
    }
    notes
}

/// What stands under the tree.
pub(crate) fn rest_notes(left_out: &LeftOut, look: &Look) -> Vec<String> {
    let LeftOut { short, more, more_failed } = *left_out;
    let mut notes = Vec::new();
    if more > 0 {
        let failed = if more_failed > 0 { format!(", {more_failed} of them failed") } else { String::new() };
        notes.push(format!("{} {more} more {}{failed}", look.glyphs.ellipsis, plural(more, "span")));
    }
    if short > 0 {
        let nanos = u64::try_from(look.min_duration.as_nanos()).unwrap_or(u64::MAX);
        let limit = duration_text(nanos, look.glyphs.micro);
        notes.push(format!("{} {} shorter than {limit}", look.glyphs.ellipsis, counted(short, "span")));
    }
    notes
}

/// What stands behind a span, and the tone of its row.
pub(crate) fn span_notes(span: &SpanView<'_>, orphan: bool, look: &Look) -> (Tone, Vec<(Tone, String)>) {
    let (tone, ending) = ending(span, look);
    let mut notes: Vec<_> = ending.map(|ending| (tone, ending)).into_iter().collect();
    if let Some(parent) = span.parent_id().filter(|_| orphan) {
        let why = if span.parent_is_remote() { "remote parent" } else { "orphan of" };
        notes.push((Tone::Faint, format!("{why} {parent}")));
    }
    notes.extend(wait_notes(span, look));
    push_attributes(&mut notes, span.attributes(), look);
    notes.extend(links_note(span).map(|note| (Tone::Faint, note)));
    let dropped = span.dropped();
    for (count, what) in [(dropped.attributes, "attribute"), (dropped.events, "event"), (dropped.links, "link")] {
        if count > 0 {
            notes.push((Tone::Faint, format!("{} dropped", counted(count as usize, what))));
        }
    }
    (tone, notes)
}

fn links_note(span: &SpanView<'_>) -> Option<String> {
    let mut links = span.links();
    let first = links.next()?.context();
    let to = if first.trace_id() == span.trace_id() {
        format!("span {}", first.span_id())
    } else {
        format!("trace {}", first.trace_id())
    };
    Some(match links.len() {
        0 => format!("linked to {to}"),
        more => format!("linked to {to} and {more} more"),
    })
}

/// What stands behind folded siblings.
pub(crate) fn siblings_notes(siblings: &Siblings<'_>, look: &Look) -> Vec<(Tone, String)> {
    let [shortest, longest] =
        [siblings.shortest, siblings.longest].map(|nanos| duration_text(nanos, look.glyphs.micro));
    let mut notes = vec![(Tone::Faint, format!("{shortest} to {longest} each"))];
    if siblings.below > 0 {
        notes.push((Tone::Faint, format!("{} below", counted(siblings.below, "span"))));
    }
    notes
}

/// What stands behind an event.
pub(crate) fn event_notes(event: &EventView<'_>, look: &Look) -> Vec<(Tone, String)> {
    let mut notes = Vec::new();
    push_attributes(&mut notes, event.attributes(), look);
    notes
}

/// The tone of a span that ended so, and the words for it; none if it ended well.
pub(crate) fn ending(span: &SpanView<'_>, look: &Look) -> (Tone, Option<String>) {
    let glyphs = look.glyphs;
    let (tone, sign, word) = match outcome(span) {
        Outcome::Ok => return (Tone::Plain, None),
        Outcome::Error => (Tone::Failed, glyphs.failed, "error"),
        Outcome::Panicked => (Tone::Failed, glyphs.panicked, "panicked"),
        Outcome::Cancelled => (Tone::GivenUp, glyphs.cancelled, "cancelled"),
        Outcome::NeverPolled => (Tone::GivenUp, glyphs.never_polled, "never polled"),
        Outcome::Open => (Tone::Open, glyphs.open, "open"),
    };
    let note = match span.status() {
        Status::Error { description } if !description.is_empty() => {
            let description = cut_end(description, look.width, glyphs.ellipsis);
            match outcome(span) {
                Outcome::Error => format!("{sign} {description}"),
                _ => format!("{sign} {word}: {description}"),
            }
        }
        _ => format!("{sign} {word}"),
    };
    (tone, Some(note))
}

/// As many attributes as can be seen.
fn push_attributes(notes: &mut Vec<(Tone, String)>, attributes: &[Attribute], look: &Look) {
    if !look.attributes {
        return;
    }
    let mut used = 0;
    for Attribute { key, value } in attributes {
        if used > look.width {
            break;
        }
        let text = pair(key.as_str(), value, MAX_VALUE_COLUMNS, look.glyphs.ellipsis);
        used += columns(&text);
        notes.push((Tone::Key, text));
    }
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { what.to_owned() } else { format!("{what}s") }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {}", plural(count, what))
}
