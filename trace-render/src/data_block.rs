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
//! | `parts` | `[trace, "whole", "part" or "late", attributes of the resource]` |
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
//!
//! Keys are numbers in `strings`; values too, or below zero: -1 is the first of `values`, -2 the second.
//! Kinds: internal, server, client, producer, consumer. Outcomes: ok, error, panicked, cancelled, never polled, open.
//! Statuses: unset, ok, error.
//!
//! Where polls were timed there are also:
//!
//! | member | what |
//! |---|---|
//! | `polls` | pairs: `{count, busy, merged, incomplete, longest: [start, duration, thread], segments: [start, duration, thread, wake, ..]}`, nanoseconds from `start`, wake 0 if not known, thread 0 if several were joined |
//! | `blocked` | `[span, trace id, span id, name, up to, poll, 1 if exact]`: the worst that [`SpanView::blocked_behind`](trace_core::SpanView::blocked_behind) tells |
//! | `critical` | `[span, start, duration, 1 if busy, hop]`, hop within, proven, possible: [`Trace::critical_path`](trace_core::Trace::critical_path) |
//!
//! The viewer also takes `threads`, their names by number.

use std::collections::HashMap;
use std::fmt::Write as _;

use trace_core::__render::is_hidden;
use trace_core::{
    Attribute, Callsite, Completeness, CriticalWork, DroppedCounts, Hop, Outcome, SpanKind, Status, TraceId, Value,
};

use crate::scene::{Node, Scene};

/// Writes the data block. It holds no `<`, no control character and nothing that changes the direction of writing.
pub(crate) fn data_block(scene: &Scene<'_>, title: &str, redacted: usize) -> String {
    let mut columns = Columns { strings: Table::default(), values: Table::default(), ..Columns::default() };
    let mut traces: Vec<TraceId> = Vec::new();
    let mut parts = String::new();
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
        parts.push(']');
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
    let critical = if columns.polls.is_empty() { String::new() } else { critical_path(scene) };
    for (name, column) in [
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
        ("critical", &critical),
        ("places", &columns.places.items),
        ("values", &columns.values.items),
        ("strings", &columns.strings.items),
    ] {
        let is_left_out = match name {
            "part" => scene.parts.len() == 1,
            "polls" | "critical" => column.is_empty(),
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

/// Things that are written once and then called by their number.
#[derive(Debug)]
struct Table<K> {
    items: String,
    numbers: HashMap<K, usize>,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { items: String::new(), numbers: HashMap::new() }
    }
}

impl<K: Eq + std::hash::Hash> Table<K> {
    fn number(&mut self, key: K, write: impl FnOnce(&mut String, &K)) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(key).or_insert_with_key(|key| {
            comma(&mut self.items);
            write(&mut self.items, key);
            next
        })
    }
}

#[derive(Debug, Default)]
struct Columns<'a> {
    strings: Table<&'a str>,
    values: Table<String>,
    places: Table<*const Callsite>,
    ids: String,
    flags: String,
    kinds: String,
    outcomes: String,
    statuses: String,
    depth: String,
    part: String,
    parent: String,
    start: String,
    duration: String,
    name: String,
    place: String,
    attributes: String,
    messages: String,
    parents: String,
    remote: String,
    events: String,
    links: String,
    dropped: String,
    polls: String,
    blocked: String,
}

fn comma(list: &mut String) {
    if !list.is_empty() {
        list.push(',');
    }
}

fn entry(list: &mut String, item: impl std::fmt::Display) {
    comma(list);
    let _ = write!(list, "{item}");
}

impl<'a> Columns<'a> {
    fn string(&mut self, text: &'a str) -> usize {
        self.strings.number(text, |out, text| push_string(out, text))
    }

    fn add(&mut self, scene: &Scene<'a>, index: usize, node: &Node<'a>) {
        let span = node.span;
        let _ = write!(self.ids, "{}", span.span_id());
        let _ = write!(self.flags, "{:02x}", span.context().flags().bits());
        self.kinds.push(match span.kind() {
            SpanKind::Server => '1',
            SpanKind::Client => '2',
            SpanKind::Producer => '3',
            SpanKind::Consumer => '4',
            _ => '0',
        });
        self.outcomes.push(match span.outcome() {
            Outcome::Error => '1',
            Outcome::Panicked => '2',
            Outcome::Cancelled => '3',
            Outcome::NeverPolled => '4',
            Outcome::Open => '5',
            _ => '0',
        });
        self.statuses.push(match span.status() {
            Status::Unset => '0',
            Status::Ok => '1',
            Status::Error { .. } => '2',
        });
        if let Status::Error { description } = span.status()
            && !description.is_empty()
        {
            let description = self.string(description);
            entry(&mut self.messages, format_args!("[{index},{description}]"));
        }
        entry(&mut self.depth, node.depth);
        entry(&mut self.part, node.part);
        match (node.parent, span.parent_id()) {
            (Some(parent), _) => {
                entry(&mut self.parent, parent);
                if span.parent_is_remote() {
                    entry(&mut self.remote, index);
                }
            }
            (None, parent) => {
                entry(&mut self.parent, -1);
                if let Some(parent) = parent {
                    let remote = u8::from(span.parent_is_remote());
                    entry(&mut self.parents, format_args!("[{index},\"{parent}\",{remote}]"));
                }
            }
        }
        entry(&mut self.start, node.start() - scene.start);
        match span.end_unix_nanos() {
            Some(end) => entry(&mut self.duration, i128::from(end) - i128::from(node.start())),
            None => entry(&mut self.duration, "null"),
        }
        let name = self.string(span.name());
        entry(&mut self.name, name);
        let place = self.place(span.callsite());
        entry(&mut self.place, place);
        let mut attributes = std::mem::take(&mut self.attributes);
        comma(&mut attributes);
        match span.attributes() {
            [] => attributes.push('0'),
            of => self.attributes_of(&mut attributes, of),
        }
        self.attributes = attributes;
        self.add_events(scene, index, node);
        self.add_links(index, node);
        self.add_polls(scene, index, node);
        if span.dropped() != DroppedCounts::default() {
            let DroppedCounts { attributes, events, links, .. } = span.dropped();
            entry(&mut self.dropped, format_args!("[{index},{attributes},{events},{links}]"));
        }
    }

    fn add_events(&mut self, scene: &Scene<'a>, index: usize, node: &Node<'a>) {
        let mut list = String::new();
        for event in node.span.events() {
            comma(&mut list);
            let name = self.string(event.name());
            let at = i128::from(event.unix_nanos()) - i128::from(scene.start);
            let _ = write!(list, "[{name},{at},");
            self.attributes_of(&mut list, event.attributes());
            let _ = write!(list, ",{}]", event.dropped_attributes());
        }
        if !list.is_empty() {
            entry(&mut self.events, format_args!("[{index},[{list}]]"));
        }
    }

    fn add_links(&mut self, index: usize, node: &Node<'a>) {
        let mut list = String::new();
        for link in node.span.links() {
            comma(&mut list);
            let context = link.context();
            let (flags, remote) = (context.flags().bits(), u8::from(context.is_remote()));
            let _ = write!(list, "[\"{}\",\"{}\",{flags},{remote},", context.trace_id(), context.span_id());
            self.attributes_of(&mut list, link.attributes());
            let _ = write!(list, ",{}]", link.dropped_attributes());
        }
        if !list.is_empty() {
            entry(&mut self.links, format_args!("[{index},[{list}]]"));
        }
    }

    fn add_polls(&mut self, scene: &Scene<'a>, index: usize, node: &Node<'a>) {
        let Some(polls) = node.span.polls() else { return };
        let after = |nanos: u64| i128::from(nanos) - i128::from(scene.start);
        let mut json = format!("{{\"count\":{},\"busy\":{}", polls.count(), polls.busy().as_nanos());
        for (is_so, word) in [(polls.is_merged(), "merged"), (polls.is_incomplete(), "incomplete")] {
            if is_so {
                let _ = write!(json, ",\"{word}\":true");
            }
        }
        if let Some(longest) = polls.longest() {
            let (start, thread) = (after(longest.start_unix_nanos), longest.thread.unwrap_or(0));
            let _ = write!(json, ",\"longest\":[{start},{},{thread}]", longest.duration.as_nanos());
        }
        let mut segments = String::new();
        for segment in polls.segments() {
            entry(&mut segments, after(segment.start_unix_nanos));
            entry(&mut segments, segment.duration.as_nanos());
            entry(&mut segments, segment.thread.unwrap_or(0));
            entry(&mut segments, segment.woken_unix_nanos.map_or(0, after));
        }
        entry(&mut self.polls, format_args!("[{index},{json},\"segments\":[{segments}]}}]"));
        if let Some(worst) = node.span.blocked_behind().first() {
            let name = self.string(&worst.name);
            let (up_to, poll, exact) = (worst.up_to.as_nanos(), worst.poll.as_nanos(), u8::from(worst.is_exact));
            entry(
                &mut self.blocked,
                format_args!("[{index},\"{}\",\"{}\",{name},{up_to},{poll},{exact}]", worst.trace_id, worst.span_id),
            );
        }
    }

    fn attributes_of(&mut self, out: &mut String, attributes: &'a [Attribute]) {
        out.push('[');
        for (place, Attribute { key, value, .. }) in attributes.iter().enumerate() {
            let key = self.string(key.as_str());
            let value = match value.as_str() {
                Some(text) => i64::try_from(self.string(text)).unwrap_or(i64::MAX),
                None => {
                    let number = self.values.number(value_json(value), |out, json| out.push_str(json));
                    -1 - i64::try_from(number).unwrap_or(i64::MAX - 1)
                }
            };
            let separator = if place == 0 { "" } else { "," };
            let _ = write!(out, "{separator}{key},{value}");
        }
        out.push(']');
    }

    fn place(&mut self, callsite: &'static Callsite) -> i64 {
        if callsite.file().is_empty() && callsite.module().is_empty() && callsite.crate_name().is_empty() {
            return -1;
        }
        let texts = [
            callsite.file(),
            callsite.module(),
            callsite.detail().as_str(),
            callsite.crate_name(),
            callsite.crate_version(),
        ];
        let [file, module, level, name, version] = texts.map(|text| self.string(text));
        let line = callsite.line();
        let number = self.places.number(std::ptr::from_ref(callsite), |out, _| {
            let _ = write!(out, "[{file},{line},{module},{level},{name},{version}]");
        });
        i64::try_from(number).unwrap_or(i64::MAX)
    }
}

/// The critical path of a single trace; of several parts the core knows none.
fn critical_path(scene: &Scene<'_>) -> String {
    let mut path = String::new();
    let [trace] = scene.parts else { return path };
    let numbers: HashMap<_, _> =
        scene.nodes.iter().enumerate().map(|(index, node)| (node.span.span_id(), index)).collect();
    for segment in trace.critical_path() {
        let Some(index) = numbers.get(&segment.span_id) else { continue };
        let start = i128::from(segment.start_unix_nanos) - i128::from(scene.start);
        let is_busy = u8::from(segment.what == CriticalWork::Busy);
        let hop = match segment.hop {
            Hop::Proven => 1,
            Hop::Possible => 2,
            _ => 0,
        };
        entry(&mut path, format_args!("[{index},{start},{},{is_busy},{hop}]", segment.duration.as_nanos()));
    }
    path
}

/// A value that is no text as JSON, so that no integer loses a digit and no number its type.
fn value_json(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::I64(value) => int_json(*value),
        Value::F64(value) => double_json(*value),
        Value::String(text) => {
            let mut out = String::new();
            push_string(&mut out, text);
            out
        }
        Value::Bytes(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{{\"bytes\":\"{hex}\"}}")
        }
        Value::BoolArray(values) => array_json("bool", values, |value| value.to_string()),
        Value::I64Array(values) => array_json("int", values, |&value| int_json(value)),
        Value::F64Array(values) => array_json("double", values, |&value| double_json(value)),
        Value::StringArray(values) => array_json("string", values, |text| {
            let mut out = String::new();
            push_string(&mut out, text);
            out
        }),
        // A type that this version does not know.
        other => {
            let mut out = String::new();
            push_string(&mut out, &other.to_string());
            out
        }
    }
}

fn int_json(value: i64) -> String {
    const MAX_SAFE: u64 = (1 << 53) - 1;
    if value.unsigned_abs() <= MAX_SAFE { value.to_string() } else { format!("{{\"int\":\"{value}\"}}") }
}

fn double_json(value: f64) -> String {
    match value {
        _ if value.is_nan() => "{\"double\":\"NaN\"}".to_owned(),
        f64::INFINITY => "{\"double\":\"Infinity\"}".to_owned(),
        f64::NEG_INFINITY => "{\"double\":\"-Infinity\"}".to_owned(),
        // With a point or an exponent, and -0.0 as itself.
        _ => format!("{value:?}"),
    }
}

fn array_json<T>(of: &str, values: &[T], json: impl FnMut(&T) -> String) -> String {
    match values {
        [] => format!("{{\"empty\":\"{of}\"}}"),
        _ => format!("[{}]", values.iter().map(json).collect::<Vec<_>>().join(",")),
    }
}

/// The text as a JSON string in which nothing can end a script element and nothing is hidden.
fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            _ if c == '<' || is_hidden(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}
