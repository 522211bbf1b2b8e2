//! The events of a file, as they are written.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value as Json, json};

use crate::perfetto::arguments::{add, arguments};
use crate::perfetto::threads::Slice;
use crate::scene::Scene;

/// A file that grows.
pub(super) struct Events<'a> {
    scene: &'a Scene<'a>,
    services: Vec<&'a str>,
    out: String,
    is_first: bool,
    flows: usize,
}

/// Microseconds with all nanoseconds, which no floating-point number would hold.
struct Micros(u128);

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

impl<'a> Events<'a> {
    /// Events behind the beginning of a file.
    pub(super) fn new(scene: &'a Scene<'a>, out: String) -> Self {
        Self { scene, services: scene.services(), out, is_first: true, flows: 0 }
    }

    pub(super) fn finish(mut self) -> String {
        self.out.push_str("]}\n");
        self.out
    }

    fn event(&mut self, event: fmt::Arguments<'_>) {
        let separator = if std::mem::take(&mut self.is_first) { "\n" } else { ",\n" };
        let _ = write!(self.out, "{separator}{event}");
    }

    fn after_start(&self, unix_nanos: u64) -> Micros {
        Micros(unix_nanos.saturating_sub(self.scene.start).into())
    }

    /// The process of a node's service, from 1.
    fn process(&self, index: usize) -> usize {
        let service = self.scene.service(&self.scene.nodes[index]);
        self.services.iter().position(|&known| known == service).unwrap_or(0) + 1
    }

    pub(super) fn processes(&mut self) {
        for number in 0..self.services.len() {
            let name = if self.services[number].is_empty() { "spans" } else { self.services[number] };
            self.metadata("process_name", number + 1, 0, name);
        }
    }

    pub(super) fn thread(&mut self, node: usize, thread: u32, name: &str) {
        self.metadata("thread_name", self.process(node), thread, name);
    }

    fn metadata(&mut self, what: &str, pid: usize, tid: u32, name: &str) {
        let cat = "__metadata";
        let args = json!({"name": name});
        let event = json!({"ph": "M", "cat": cat, "name": what, "pid": pid, "tid": tid, "ts": 0, "args": args});
        self.event(format_args!("{event}"));
    }

    pub(super) fn poll(&mut self, slice: &Slice) {
        let node = &self.scene.nodes[slice.node];
        let (pid, at) = (self.process(slice.node), self.after_start(slice.start));
        let (name, long) = (Json::from(node.span.name()), Micros((slice.end - slice.start).into()));
        self.event(format_args!(
            "{{\"ph\":\"X\",\"cat\":\"poll\",\"name\":{name},\"pid\":{pid},\"tid\":{},\"ts\":{at},\"dur\":{long},\
             \"args\":{{\"span_id\":\"{}\"}}}}",
            slice.thread,
            node.span.span_id(),
        ));
    }

    pub(super) fn thread_instant(&mut self, slice: &Slice, name: &str, unix_nanos: u64) {
        let (pid, at) = (self.process(slice.node), self.after_start(unix_nanos));
        self.event(format_args!(
            "{{\"ph\":\"i\",\"s\":\"t\",\"cat\":\"event\",\"name\":{},\"pid\":{pid},\"tid\":{},\"ts\":{at}}}",
            Json::from(name),
            slice.thread,
        ));
    }

    /// An arrow from one slice to another. Its ends have the category and the start of their slices, for by these, the process and
    /// the thread the engine of Chrome's DevTools finds a slice; Perfetto takes the innermost one that is open then.
    pub(super) fn flow(&mut self, what: &str, from: &Slice, to: &Slice) {
        self.flows += 1;
        let id = self.flows;
        for (phase, slice, end) in [("s", from, ""), ("f", to, ",\"bp\":\"e\"")] {
            let (pid, at) = (self.process(slice.node), self.after_start(slice.start));
            self.event(format_args!(
                "{{\"ph\":\"{phase}\",\"cat\":\"poll\",\"name\":\"{what}\",\"id\":{id},\"pid\":{pid},\"tid\":{},\
                 \"ts\":{at}{end}}}",
                slice.thread,
            ));
        }
    }

    pub(super) fn begin(&mut self, index: usize, lane: usize) {
        let node = &self.scene.nodes[index];
        self.of_span(index, lane, "b", node.start(), node.span.name(), Some(arguments(node)));
        for event in node.span.events() {
            let mut arguments = Map::new();
            add(&mut arguments, event.attributes());
            self.of_span(index, lane, "n", event.unix_nanos(), event.name(), Some(arguments));
        }
    }

    pub(super) fn end(&mut self, index: usize, lane: usize) {
        let node = &self.scene.nodes[index];
        if node.span.end_unix_nanos().is_some() {
            self.of_span(index, lane, "e", node.end(), node.span.name(), None);
        }
    }

    fn of_span(
        &mut self,
        index: usize,
        lane: usize,
        phase: &str,
        at: u64,
        name: &str,
        arguments: Option<Map<String, Json>>,
    ) {
        let (pid, at, name) = (self.process(index), self.after_start(at), Json::from(name));
        self.event(format_args!(
            "{{\"ph\":\"{phase}\",\"cat\":\"span\",\"name\":{name},\"pid\":{pid},\"tid\":{pid},\
             \"id2\":{{\"local\":\"0x{lane:x}\"}},\"ts\":{at}"
        ));
        if let Some(arguments) = arguments {
            let _ = write!(self.out, ",\"args\":{}", Json::from(arguments));
        }
        self.out.push('}');
    }
}
