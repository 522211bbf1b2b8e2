//! Trace events for Perfetto.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};
use trace_core::{Attribute, Outcome, Status, Trace, Value};

use crate::lanes::{end, lanes};
use crate::scene::{Node, Scene};

/// Writes a trace for <https://ui.perfetto.dev>, `chrome://tracing` and whatever else reads
/// [trace events](https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMCK6Nj8qj6Aq9dHU4M).
///
/// A service is a process. Spans are asynchronous slices (`b` and `e`) on lanes, chosen so that in a lane any two are nested
/// or apart, which Perfetto needs and concurrent spans do not give by themselves; an open span has no `e`. Their events are
/// instants of the lane (`n`). Where polls were timed, they are the slices of their threads (`X`), which nest as the polls
/// did; a span with so many that some were joined has none, for a joined one would cross others. Times are microseconds from the earliest start with all nanoseconds as decimals;
/// `otherData` has the start. Ids, outcome, status, links and attributes are arguments.
#[derive(Clone, Debug, Default)]
pub struct Perfetto {
    _private: (),
}

impl Perfetto {
    /// A file with the default options.
    #[must_use]
    pub const fn new() -> Self {
        Self { _private: () }
    }

    /// The file of this trace.
    #[must_use]
    pub fn render(&self, trace: &Trace) -> String {
        self.render_all(std::slice::from_ref(trace))
    }

    /// The file of these traces, on one axis of time.
    #[must_use]
    pub fn render_all(&self, traces: &[Trace]) -> String {
        let scene = Scene::of(traces);
        let services = scene.services();
        let mut out = String::from("{\"displayTimeUnit\":\"ns\",\"otherData\":");
        let other = json!({
            "generator": concat!("trace-render ", env!("CARGO_PKG_VERSION")),
            "start_unix_nano": scene.start.to_string(),
        });
        let _ = write!(out, "{other},\"traceEvents\":[");
        let mut events = Events { out, first: true };
        for (number, service) in services.iter().enumerate() {
            let name = if service.is_empty() { "spans" } else { service };
            events
                .push(&json!({"ph": "M", "name": "process_name", "pid": number + 1, "tid": 0, "args": {"name": name}}));
        }
        events.polls(&scene, &services);
        let lanes = lanes(&scene);
        let mut order: Vec<usize> = (0..scene.nodes.len()).collect();
        order.sort_by_key(|&index| {
            (lanes[index], scene.nodes[index].start(), std::cmp::Reverse(end(&scene, index)), index)
        });
        for lane in order.chunk_by(|&left, &right| lanes[left] == lanes[right]) {
            let mut open: Vec<usize> = Vec::new();
            for &index in lane {
                while let Some(&top) = open.last()
                    && !contains(&scene, top, index)
                {
                    open.pop();
                    events.end(&scene, &services, top, lanes[top]);
                }
                events.begin(&scene, &services, index, lanes[index]);
                open.push(index);
            }
            for index in open.into_iter().rev() {
                events.end(&scene, &services, index, lanes[index]);
            }
        }
        events.out.push_str("]}\n");
        events.out
    }
}

fn contains(scene: &Scene<'_>, outer: usize, inner: usize) -> bool {
    end(scene, inner) <= end(scene, outer) && scene.nodes[inner].start() >= scene.nodes[outer].start()
}

struct Events {
    out: String,
    first: bool,
}

impl Events {
    fn push(&mut self, event: &Json) {
        let separator = if std::mem::take(&mut self.first) { "\n" } else { ",\n" };
        let _ = write!(self.out, "{separator}{event}");
    }

    fn polls(&mut self, scene: &Scene<'_>, services: &[&str]) {
        let mut threads: Vec<(usize, u32)> = Vec::new();
        for node in &scene.nodes {
            let Some(polls) = node.span.polls().filter(|polls| !polls.is_merged()) else { continue };
            let service = scene.service(node);
            let pid = services.iter().position(|&known| known == service).unwrap_or(0) + 1;
            for segment in polls.segments() {
                let Some(thread) = segment.thread else { continue };
                if !threads.contains(&(pid, thread)) {
                    threads.push((pid, thread));
                    let name = format!("thread {thread}");
                    self.push(
                        &json!({"ph": "M", "name": "thread_name", "pid": pid, "tid": thread, "args": {"name": name}}),
                    );
                }
                let nanos = segment.start_unix_nanos.saturating_sub(scene.start);
                let long = segment.duration.as_nanos();
                let separator = if std::mem::take(&mut self.first) { "\n" } else { ",\n" };
                let _ = write!(
                    self.out,
                    "{separator}{{\"ph\":\"X\",\"cat\":\"poll\",\"name\":{},\"pid\":{pid},\"tid\":{thread},\
                     \"ts\":{}.{:03},\"dur\":{}.{:03},\"args\":{{\"span_id\":\"{}\"}}}}",
                    Json::from(node.span.name()),
                    nanos / 1000,
                    nanos % 1000,
                    long / 1000,
                    long % 1000,
                    node.span.span_id(),
                );
            }
        }
    }

    fn begin(&mut self, scene: &Scene<'_>, services: &[&str], index: usize, lane: usize) {
        let node = &scene.nodes[index];
        self.of_span(scene, services, node, lane, "b", node.start(), node.span.name(), arguments(node));
        for event in node.span.events() {
            let mut arguments = Map::new();
            add(&mut arguments, event.attributes());
            self.of_span(scene, services, node, lane, "n", event.unix_nanos(), event.name(), arguments);
        }
    }

    fn end(&mut self, scene: &Scene<'_>, services: &[&str], index: usize, lane: usize) {
        let node = &scene.nodes[index];
        if node.span.end_unix_nanos().is_some() {
            self.of_span(scene, services, node, lane, "e", node.end(), node.span.name(), Map::new());
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the members of one event")]
    fn of_span(
        &mut self,
        scene: &Scene<'_>,
        services: &[&str],
        node: &Node<'_>,
        lane: usize,
        phase: &str,
        at: u64,
        name: &str,
        arguments: Map<String, Json>,
    ) {
        let service = scene.service(node);
        let pid = services.iter().position(|&known| known == service).unwrap_or(0) + 1;
        let separator = if std::mem::take(&mut self.first) { "\n" } else { ",\n" };
        // By hand: no floating-point number holds every nanosecond.
        let nanos = at.saturating_sub(scene.start);
        let _ = write!(
            self.out,
            "{separator}{{\"ph\":\"{phase}\",\"cat\":\"span\",\"name\":{},\"pid\":{pid},\"tid\":{pid},\
             \"id2\":{{\"local\":\"0x{lane:x}\"}},\"ts\":{}.{:03}",
            Json::from(name),
            nanos / 1000,
            nanos % 1000,
        );
        if !arguments.is_empty() {
            let _ = write!(self.out, ",\"args\":{}", Json::from(arguments));
        }
        self.out.push('}');
    }
}

fn arguments(node: &Node<'_>) -> Map<String, Json> {
    let mut arguments = Map::new();
    arguments.insert("trace_id".to_owned(), node.span.trace_id().to_string().into());
    arguments.insert("span_id".to_owned(), node.span.span_id().to_string().into());
    if let Some(parent) = node.span.parent_id() {
        arguments.insert("parent_id".to_owned(), parent.to_string().into());
    }
    if node.outcome() != Outcome::Ok {
        arguments.insert("outcome".to_owned(), node.outcome().as_str().into());
    }
    if let Some(polls) = node.span.polls() {
        arguments.insert("polls".to_owned(), polls.count().into());
        arguments.insert("busy_ns".to_owned(), u64::try_from(polls.busy().as_nanos()).unwrap_or(u64::MAX).into());
    }
    if *node.span.status() != Status::Unset {
        arguments.insert("status".to_owned(), node.span.status().to_string().into());
    }
    for (number, link) in node.span.links().enumerate() {
        let of = link.context();
        arguments.insert(format!("link.{number}"), format!("{}/{}", of.trace_id(), of.span_id()).into());
    }
    add(&mut arguments, node.span.attributes());
    arguments
}

fn add(arguments: &mut Map<String, Json>, attributes: &[Attribute]) {
    for Attribute { key, value, .. } in attributes {
        let value = match value {
            Value::Bool(value) => Json::from(*value),
            Value::I64(value) => Json::from(*value),
            Value::F64(value) if value.is_finite() => Json::from(*value),
            value => Json::from(value.to_string()),
        };
        arguments.insert(key.as_str().to_owned(), value);
    }
}
