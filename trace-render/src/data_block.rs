//! The data of an HTML page: columns of numbers, and each text once.
//!
//! An object with these members. Spans stand depth first, so a span's number is its row in the tree; a column has one entry
//! a span, a list of pairs (`[span, ..]`) only what there is.
//!
//! | member | what |
//! |---|---|
//! | `v` | 1 |
//! | `generator`, `title` | texts |
//! | `start` | the earliest start, decimal digits, nanoseconds since 1970 |
//! | `total` | how many spans there were; more than there are columns if not all were kept |
//! | `redacted` | how many values a redactor changed |
//! | `traces` | the traces' ids, hexadecimal |
//! | `parts` | `[trace, "whole", "part" or "late", attributes of the resource, number in services]` |
//! | `services` | their names, in the order in which they appear |
//! | `notes` | sentences on what is missing or odd |
//! | `worst` | a sentence on the worst wait behind another's poll, where polls were timed |
//! | `strings` | every text |
//! | `values` | every attribute's value that is no text, as in [`JsonLinesExporter`](trace_core::JsonLinesExporter) |
//! | `places` | `[file, line, module, level, crate, version]`, texts by number |
//! | `ids` | the spans' ids, 16 hexadecimal digits each, one text |
//! | `flags` | the trace flags, two hexadecimal digits each, one text |
//! | `kinds`, `outcomes`, `statuses` | one digit each, one text; see below |
//! | `depth`, `part` | column; `part` is left out where there is one |
//! | `parent` | column: the parent's number, or -1 |
//! | `start_ns`, `duration_ns` | column: nanoseconds from `start`; duration `null` for an open span |
//! | `name` | column of texts |
//! | `place` | column: number in `places`, or -1 |
//! | `attributes` | column: `[key, value, key, value, ..]`, or 0 for none |
//! | `messages` | pairs: description of an error |
//! | `parents` | pairs: the id of a parent that is not here, `1` if it is another process' |
//! | `remote` | spans whose parent is here and of another process |
//! | `events` | pairs: `[name, ns, attributes, dropped attributes]` |
//! | `links` | pairs: `[trace id, span id, flags, 1 if remote, attributes, dropped attributes]` |
//! | `dropped` | `[span, attributes, events, links]` |
//! | `critical` | `[span, start, duration, 1 if busy]`, [`Trace::critical_path`](trace_core::Trace::critical_path) below the longest root |
//! | `lanes` | pairs: the row that the span is in for Perfetto, where it is not that of the span above it in the tree |
//! | `hops` | `[from, to, 1 if proven]`, from sibling to sibling on it |
//!
//! Keys are numbers in `strings`; values too, or below zero: -1 is the first of `values`, -2 the second.
//! Kinds: internal, server, client, producer, consumer. Outcomes: ok, error, panicked, cancelled, never polled, open.
//! Statuses: unset, ok, error.
//!
//! Where polls were timed there are also:
//!
//! | member | what |
//! |---|---|
//! | `polls` | `[span, [wait, duration, thread, queued, ..]]`, four numbers a poll: since the poll before or the span's start, how long, on which thread or 0 if several were joined, since its wake-up or -1 if that is not known. Where that is not all: behind it count, busy, the longest's start, duration and thread, 1 if polls were joined, 1 if some were lost |
//! | `blocked` | `[span, trace id, span id, name, up to, poll, 1 if exact]`: the worst that [`SpanView::blocked_behind`](trace_core::SpanView::blocked_behind) tells |
//! | `given_up` | `[span, how, span it waited in or -1]`, how unknown, in its parent's poll, with its parent, from outside: [`SpanView::cancellation`](trace_core::SpanView::cancellation) |
//! | `threads` | `[part, number, name]`, those with a name |

mod columns;
mod notes;
mod path;
mod text;

use std::fmt::Write as _;

use trace_core::{Completeness, TraceId};

use crate::data_block::columns::Columns;
use crate::data_block::notes::{notes, worst_wait};
use crate::data_block::path::Path;
use crate::data_block::text::{comma, entry, push_string};
use crate::lanes::lanes;
use crate::scene::Scene;

/// Writes the data block. It holds no `<`, no control character and nothing that changes the direction of writing.
pub(crate) fn data_block(scene: &Scene<'_>, title: &str, redacted: usize) -> String {
    let mut columns = Columns::default();
    let mut traces: Vec<TraceId> = Vec::new();
    let mut parts = String::new();
    let services = scene.services();
    for part in scene.parts {
        let trace = traces.iter().position(|&id| id == part.id()).unwrap_or_else(|| {
            traces.push(part.id());
            traces.len() - 1
        });
        let complete = match part.completeness() {
            Completeness::Part => "part",
            Completeness::Late => "late",
            _ => "whole",
        };
        comma(&mut parts);
        let _ = write!(parts, "[{trace},\"{complete}\",");
        columns.attributes_of(&mut parts, part.resource().attributes());
        let name = part.resource().service_name().unwrap_or("");
        let service = services.iter().position(|&known| known == name).unwrap_or(0);
        let _ = write!(parts, ",{service}]");
    }
    for (index, node) in scene.nodes.iter().enumerate() {
        columns.add(scene, index, node);
    }

    let mut out = String::from("{\"v\":1,\"generator\":");
    push_string(&mut out, concat!("trace-render ", env!("CARGO_PKG_VERSION")));
    out.push_str(",\"title\":");
    push_string(&mut out, title);
    let _ = write!(out, ",\"start\":\"{}\",\"total\":{},\"redacted\":{redacted}", scene.start, scene.total);
    let ids: Vec<String> = traces.iter().map(|id| format!("\"{id}\"")).collect();
    let _ = write!(out, ",\"traces\":[{}],\"parts\":[{parts}]", ids.join(","));
    for (name, digits) in [
        ("ids", &columns.ids),
        ("flags", &columns.flags),
        ("kinds", &columns.kinds),
        ("outcomes", &columns.outcomes),
        ("statuses", &columns.statuses),
    ] {
        let _ = write!(out, ",\n\"{name}\":\"{digits}\"");
    }
    let path = Path::of(scene);
    let threads = threads(scene);
    let texts = |texts: &[String]| {
        let mut list = String::new();
        for text in texts {
            comma(&mut list);
            push_string(&mut list, text);
        }
        list
    };
    let services = texts(&services.into_iter().map(str::to_owned).collect::<Vec<_>>());
    let notes = texts(&notes(scene));
    if let Some(worst) = worst_wait(scene) {
        out.push_str(",\n\"worst\":");
        push_string(&mut out, &worst);
    }
    let lanes = changed_lanes(scene);
    for (name, column) in [
        ("services", &services),
        ("notes", &notes),
        ("depth", &columns.depth),
        ("part", &columns.part),
        ("parent", &columns.parent),
        ("start_ns", &columns.start),
        ("duration_ns", &columns.duration),
        ("name", &columns.name),
        ("place", &columns.place),
        ("attributes", &columns.attributes),
        ("messages", &columns.messages),
        ("parents", &columns.parents),
        ("remote", &columns.remote),
        ("events", &columns.events),
        ("links", &columns.links),
        ("dropped", &columns.dropped),
        ("polls", &columns.polls),
        ("blocked", &columns.blocked),
        ("given_up", &columns.given_up),
        ("threads", &threads),
        ("lanes", &lanes),
        ("critical", &path.pieces),
        ("hops", &path.hops),
        ("places", &columns.places.items),
        ("values", &columns.values.items),
        ("strings", &columns.strings.items),
    ] {
        let is_left_out = match name {
            "part" => scene.parts.len() == 1,
            "polls" | "given_up" | "threads" | "hops" => column.is_empty(),
            "blocked" => columns.polls.is_empty(),
            _ => false,
        };
        if !is_left_out {
            let _ = write!(out, ",\n\"{name}\":[{column}]");
        }
    }
    out.push('}');
    out
}

/// The lanes of those spans that are not in the lane of the span above them.
fn changed_lanes(scene: &Scene<'_>) -> String {
    let mut changed = String::new();
    let lanes = lanes(scene);
    for (index, above) in scene.above().into_iter().enumerate() {
        if above.is_none_or(|above| lanes[above] != lanes[index]) {
            entry(&mut changed, format_args!("[{index},{}]", lanes[index]));
        }
    }
    changed
}

/// The names of the threads that polls ran on.
fn threads(scene: &Scene<'_>) -> String {
    let mut named = String::new();
    let mut numbers: Vec<(usize, u32)> = Vec::new();
    for node in &scene.nodes {
        let polls = node.span.polls();
        let segments = polls.iter().flat_map(|polls| polls.segments().chain(polls.longest()));
        numbers.extend(segments.filter_map(|segment| Some((node.part, segment.thread?))));
        // Not after every span, for most have nothing new.
        if numbers.len() > 1 << 16 {
            numbers.sort_unstable();
            numbers.dedup();
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    for (part, number) in numbers {
        if let Some(name) = scene.parts[part].thread_name(number) {
            let mut text = String::new();
            push_string(&mut text, &name);
            entry(&mut named, format_args!("[{part},{number},{text}]"));
        }
    }
    named
}
