//! What the polls of a span tell, as attributes for whoever exports attributes alone.

use std::time::Duration;

use crate::trace::SpanView;
use crate::value::{Attribute, Key, Value};
use crate::waits::{Cancellation, Dropped};

impl SpanView<'_> {
    /// What is known of its polls, waits and cancellation as attributes, for exporters that know nothing else: OTLP sends
    /// them with the span's own. A key that the span has an attribute of already is left out, and so is what is not known.
    ///
    /// | key | value |
    /// |---|---|
    /// | `trace.polls.count` | int: how often its future was polled |
    /// | `trace.polls.busy_ns` | int: how long all these polls took, in nanoseconds, as everything that ends in `_ns` |
    /// | `trace.polls.self_busy_ns` | int: the same, less the polls of other spans inside of them |
    /// | `trace.polls.longest_ns` | int: how long the longest of them took |
    /// | `trace.polls.longest_thread` | int: the thread it ran on, numbered from 1 |
    /// | `trace.polls.first_delay_ns` | int: from the start of the span to the first of them |
    /// | `trace.polls.incomplete` | `true` if polls were lost for want of memory |
    /// | `trace.anatomy.busy_ns` | int: of its duration, the time in its polls; the four sum to it |
    /// | `trace.anatomy.children_ns` | int: between polls, while a child was open |
    /// | `trace.anatomy.no_span_ns` | int: between polls, while none was |
    /// | `trace.anatomy.queued_ns` | int: ready and not polled |
    /// | `trace.anatomy.child.name` | string: the child it waited on longest |
    /// | `trace.anatomy.child.span_id` | string: its id |
    /// | `trace.anatomy.child.waited_ns` | int: how long |
    /// | `trace.anatomy.child.certain` | bool: whether it was this child for certain, see [`ChildWait`](crate::ChildWait) |
    /// | `trace.blocked_behind.name` | string: of the longest wait behind a long poll of another span, that span |
    /// | `trace.blocked_behind.trace_id`, `.span_id` | string: its ids |
    /// | `trace.blocked_behind.up_to_ns` | int: how long the wait and the poll overlapped |
    /// | `trace.blocked_behind.poll_ns` | int: how long the poll took |
    /// | `trace.blocked_behind.exact` | bool: whether that is the time lost and no bound, see [`BlockedBehind`](crate::BlockedBehind) |
    /// | `trace.blocked_behind.count` | int: how many such waits there were |
    /// | `trace.held_up.spans` | int: how many other spans of its trace waited behind its long polls |
    /// | `trace.held_up.up_to_ns` | int: how long at most, in all |
    /// | `trace.critical.own_ns` | int: how much of the trace's critical path lies in the span itself; if the trace was exported whole |
    /// | `trace.critical.hop` | string: how sure it is that the path comes here from the span before: `within`, `proven`, `possible` or `refuted`, see [`Hop`](crate::Hop) |
    /// | `trace.cancellation.elapsed_ns` | int: from its start until it was dropped |
    /// | `trace.cancellation.polls` | int: how often it had been polled |
    /// | `trace.cancellation.dropped` | string: `in_parents_poll`, `with_parent` or `from_outside`, see [`Dropped`] |
    /// | `trace.cancellation.waiting_in.name` | string: the deepest span that was given up with it |
    /// | `trace.cancellation.waiting_in.span_id` | string: its id |
    ///
    /// ```
    /// use trace_core::{Capture, FutureExt, Span};
    ///
    /// let captured = Capture::new().time_polls().run(|| {
    ///     futures::executor::block_on(async { 7 }.in_span(Span::new("work")))
    /// });
    /// let facts = captured.trace()?.root().unwrap().facts();
    /// assert!(facts.iter().any(|fact| fact.key.as_str() == "trace.polls.count" && fact.value == 1.into()));
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    #[must_use]
    pub fn facts(&self) -> Vec<Attribute> {
        let mut facts = Facts { span: *self, list: Vec::new() };
        if self.polls().is_some() {
            facts.tell_polls();
            facts.tell_anatomy();
            facts.tell_blocked();
        }
        if let Some(share) = self.critical_share() {
            facts.add_nanos("trace.critical.own_ns", share.own);
            facts.add("trace.critical.hop", share.hop.as_str());
        }
        if let Some(cancellation) = self.cancellation() {
            facts.tell_cancellation(cancellation);
        }
        facts.list
    }
}

struct Facts<'a> {
    span: SpanView<'a>,
    list: Vec<Attribute>,
}

impl Facts<'_> {
    fn add(&mut self, key: &'static str, value: impl Into<Value>) {
        if self.span.attribute(key).is_none() {
            self.list.push(Attribute { key: Key::from(key), value: value.into() });
        }
    }

    fn add_nanos(&mut self, key: &'static str, duration: Duration) {
        self.add(key, i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX));
    }

    fn add_count(&mut self, key: &'static str, count: u64) {
        self.add(key, i64::try_from(count).unwrap_or(i64::MAX));
    }

    fn tell_polls(&mut self) {
        let Some(polls) = self.span.polls() else { return };
        self.add_count("trace.polls.count", polls.count());
        self.add_nanos("trace.polls.busy_ns", polls.busy());
        self.add_nanos("trace.polls.self_busy_ns", polls.self_busy());
        if let Some(longest) = polls.longest() {
            self.add_nanos("trace.polls.longest_ns", longest.duration);
            if let Some(thread) = longest.thread {
                self.add_count("trace.polls.longest_thread", thread.into());
            }
        }
        if let Some(delay) = polls.first_poll_delay() {
            self.add_nanos("trace.polls.first_delay_ns", delay);
        }
        if polls.is_incomplete() {
            self.add("trace.polls.incomplete", true);
        }
    }

    fn tell_anatomy(&mut self) {
        let Some(anatomy) = self.span.anatomy() else { return };
        self.add_nanos("trace.anatomy.busy_ns", anatomy.busy);
        self.add_nanos("trace.anatomy.children_ns", anatomy.waiting_on_children);
        self.add_nanos("trace.anatomy.no_span_ns", anatomy.no_span);
        self.add_nanos("trace.anatomy.queued_ns", anatomy.queued);
        if let Some(longest) = anatomy.children.first() {
            if let Some(child) = self.span.trace().span(longest.span_id) {
                self.add("trace.anatomy.child.name", child.name_owned());
            }
            self.add("trace.anatomy.child.span_id", longest.span_id.to_string());
            self.add_nanos("trace.anatomy.child.waited_ns", longest.waited);
            self.add("trace.anatomy.child.certain", longest.is_certain);
        }
    }

    fn tell_blocked(&mut self) {
        let blocked = self.span.blocked_behind();
        if let Some(worst) = blocked.first() {
            self.add("trace.blocked_behind.name", worst.name.clone());
            self.add("trace.blocked_behind.trace_id", worst.trace_id.to_string());
            self.add("trace.blocked_behind.span_id", worst.span_id.to_string());
            self.add_nanos("trace.blocked_behind.up_to_ns", worst.up_to);
            self.add_nanos("trace.blocked_behind.poll_ns", worst.poll);
            self.add("trace.blocked_behind.exact", worst.is_exact);
            self.add_count("trace.blocked_behind.count", blocked.len() as u64);
        }
        let held_up = self.span.held_up();
        if held_up.spans > 0 {
            self.add_count("trace.held_up.spans", held_up.spans as u64);
            self.add_nanos("trace.held_up.up_to_ns", held_up.up_to);
        }
    }

    fn tell_cancellation(&mut self, cancellation: Cancellation) {
        let Cancellation { elapsed, polls, dropped, waiting_in } = cancellation;
        if polls.is_none() && dropped == Dropped::Unknown && waiting_in.is_none() {
            // The span's outcome and times say as much.
            return;
        }
        self.add_nanos("trace.cancellation.elapsed_ns", elapsed);
        if let Some(polls) = polls {
            self.add_count("trace.cancellation.polls", polls);
        }
        if dropped != Dropped::Unknown {
            self.add("trace.cancellation.dropped", dropped.as_str());
        }
        if let Some(inside) = waiting_in {
            self.add("trace.cancellation.waiting_in.name", inside.name);
            self.add("trace.cancellation.waiting_in.span_id", inside.span_id.to_string());
        }
    }
}
