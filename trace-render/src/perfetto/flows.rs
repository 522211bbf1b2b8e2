//! Arrows from poll to poll: who started whom, who is linked to whom, who woke whom.

use std::collections::HashMap;

use trace_core::{SpanId, TraceId};

use crate::perfetto::events::Events;
use crate::perfetto::threads::{Slice, Threads};

pub(super) fn flows(threads: &Threads<'_>, events: &mut Events<'_>) {
    let above = threads.scene.above();
    let mut numbers: HashMap<(TraceId, SpanId), usize> = HashMap::new();
    if threads.scene.nodes.iter().any(|node| node.span.links().len() > 0) {
        numbers.extend(threads.scene.nodes.iter().enumerate().map(|(index, node)| (id(node.span.context()), index)));
    }
    for (&index, slices) in &threads.by_node {
        let node = &threads.scene.nodes[index];
        let first = &slices[0];
        let start = above[index].and_then(|parent| threads.poll_of(parent, node.start()));
        // A future that is polled where it is made needs no arrow.
        if let Some(start) = start.filter(|start| start.thread != first.thread || start.end < first.start) {
            events.flow("spawn", start, first);
        }
        for link in node.span.links() {
            let linked = numbers.get(&id(link.context())).and_then(|linked| threads.by_node.get(linked));
            let before = linked.and_then(|polls| polls.iter().rev().find(|poll| poll.start <= first.start));
            if let Some(before) = before {
                events.flow("link", before, first);
            }
        }
        for poll in slices {
            let waker = poll.woken.and_then(|woken| threads.only_poll_at(poll.process, woken));
            if let Some(waker) = waker.filter(|waker| is_another(waker, poll)) {
                events.flow("wake", waker, poll);
            }
        }
    }
}

fn id(context: trace_core::SpanContext) -> (TraceId, SpanId) {
    (context.trace_id(), context.span_id())
}

fn is_another(waker: &Slice, poll: &Slice) -> bool {
    waker.node != poll.node && waker.start <= poll.start
}
