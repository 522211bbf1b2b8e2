//! Trace events for Perfetto.

mod arguments;
mod events;
mod flows;
mod threads;

use std::fmt::Write as _;

use serde_json::json;
use trace_core::Trace;

use crate::lanes::lanes;
use crate::perfetto::events::Events;
use crate::perfetto::flows::flows;
use crate::perfetto::threads::Threads;
use crate::scene::Scene;

/// Writes a trace for <https://ui.perfetto.dev>, `chrome://tracing` and whatever else reads
/// [trace events](https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMCK6Nj8qj6Aq9dHU4M).
///
/// A service is a process. Spans are asynchronous slices (`b` and `e`) on lanes, chosen so that in a lane any two are nested
/// or apart, which Perfetto needs and concurrent spans do not give by themselves; an open span has no `e`. Their events are
/// instants of the lane (`n`). Times are microseconds from the earliest start with all nanoseconds as decimals; `otherData` has
/// the start. Ids, outcome, status, links and attributes are arguments.
///
/// Where polls were timed, they are the slices of their threads (`X`), which nest as the polls did, and events in them are
/// instants of the thread as well (`i`). Arrows (`s` to `f`) go from the poll in which a span was started to its first poll, from
/// the last poll of a span that is linked to, and from the poll that called a waker to the poll that came of it, where there was
/// just one poll under way at that time. A span with so many polls that some were joined has none of these, for a joined one would
/// cross others.
///
/// Both ends of an arrow have the process, the thread, the category and the start of their slices: the engine of the Performance
/// panel in Chrome's DevTools binds an arrow by these four and leaves out one that begins in the middle of a slice. Of two slices
/// that begin in the same nanosecond on one thread it takes the outer one, Perfetto the inner one. Perfetto draws an arrow from
/// the end of a slice to the start of another in either case, and so does not show the moment at which a waker was called.
///
/// Integers beyond 2^53, and doubles that are no number, are texts.
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
        let mut out = String::from("{\"displayTimeUnit\":\"ns\",\"otherData\":");
        let other = json!({
            "generator": concat!("trace-render ", env!("CARGO_PKG_VERSION")),
            "start_unix_nano": scene.start.to_string(),
        });
        let _ = write!(out, "{other},\"traceEvents\":[");
        let mut events = Events::new(&scene, out);
        events.processes();
        let threads = Threads::of(&scene);
        threads.write(&mut events);
        flows(&threads, &mut events);
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
                    events.end(top, lanes[top]);
                }
                events.begin(index, lanes[index]);
                open.push(index);
            }
            for index in open.into_iter().rev() {
                events.end(index, lanes[index]);
            }
        }
        events.finish()
    }
}

fn contains(scene: &Scene<'_>, outer: usize, inner: usize) -> bool {
    end(scene, inner) <= end(scene, outer) && scene.nodes[inner].start() >= scene.nodes[outer].start()
}

fn end(scene: &Scene<'_>, index: usize) -> u64 {
    scene.end_of(&scene.nodes[index])
}
