//! The columns of a data block, filled span by span.

use std::borrow::Cow;
use std::fmt::Write as _;

use trace_core::{Attribute, Callsite, Cancellation, Dropped, DroppedCounts, Outcome, SpanKind, Status};

use crate::data_block::text::{Table, comma, entry, push_string, value_json};
use crate::scene::{Node, Scene};

/// Every list of a data block that grows with the spans, without its brackets.
#[derive(Debug, Default)]
pub(super) struct Columns<'a> {
    pub(super) strings: Table<Cow<'a, str>>,
    pub(super) values: Table<String>,
    pub(super) places: Table<*const Callsite>,
    pub(super) ids: String,
    pub(super) flags: String,
    pub(super) kinds: String,
    pub(super) outcomes: String,
    pub(super) statuses: String,
    pub(super) depth: String,
    pub(super) part: String,
    pub(super) parent: String,
    pub(super) start: String,
    pub(super) duration: String,
    pub(super) name: String,
    pub(super) place: String,
    pub(super) attributes: String,
    pub(super) messages: String,
    pub(super) parents: String,
    pub(super) remote: String,
    pub(super) events: String,
    pub(super) links: String,
    pub(super) dropped: String,
    pub(super) polls: String,
    pub(super) blocked: String,
    pub(super) given_up: String,
}

impl<'a> Columns<'a> {
    fn string(&mut self, text: impl Into<Cow<'a, str>>) -> usize {
        self.strings.number(text.into(), |out, text| push_string(out, text))
    }

    pub(super) fn add(&mut self, scene: &Scene<'a>, index: usize, node: &Node<'a>) {
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
            let description = self.string(&**description);
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
        self.add_cancellation(scene, index, node);
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
        let mut segments = String::new();
        let mut at = i128::from(node.start());
        for segment in polls.segments() {
            let start = i128::from(segment.start_unix_nanos);
            let duration = i128::try_from(segment.duration.as_nanos()).unwrap_or(i128::MAX);
            entry(&mut segments, start - at);
            entry(&mut segments, duration);
            entry(&mut segments, segment.thread.unwrap_or(0));
            entry(&mut segments, segment.woken_unix_nanos.map_or(-1, |woken| (start - i128::from(woken)).max(0)));
            at = start + duration;
        }
        let after = |nanos: u64| i128::from(nanos) - i128::from(scene.start);
        let is_all = polls.count() == polls.segments().len() as u64
            && polls.busy() == polls.segments().map(|segment| segment.duration).sum()
            && !polls.is_merged()
            && !polls.is_incomplete();
        if is_all {
            entry(&mut self.polls, format_args!("[{index},[{segments}]]"));
        } else {
            let longest = polls.longest();
            let (start, duration, thread) = longest.map_or((0, 0, 0), |longest| {
                (after(longest.start_unix_nanos), longest.duration.as_nanos(), longest.thread.unwrap_or(0))
            });
            let (count, busy) = (polls.count(), polls.busy().as_nanos());
            let (merged, incomplete) = (u8::from(polls.is_merged()), u8::from(polls.is_incomplete()));
            entry(
                &mut self.polls,
                format_args!("[{index},[{segments}],{count},{busy},{start},{duration},{thread},{merged},{incomplete}]"),
            );
        }
        if let Some(worst) = node.span.blocked_behind().first() {
            let name = self.string(worst.name.clone());
            let (up_to, poll, exact) = (worst.up_to.as_nanos(), worst.poll.as_nanos(), u8::from(worst.is_exact));
            entry(
                &mut self.blocked,
                format_args!("[{index},\"{}\",\"{}\",{name},{up_to},{poll},{exact}]", worst.trace_id, worst.span_id),
            );
        }
    }

    /// How a span came to be given up, where that is known.
    fn add_cancellation(&mut self, scene: &Scene<'a>, index: usize, node: &Node<'a>) {
        let Some(Cancellation { dropped, waiting_in, .. }) = node.span.cancellation() else { return };
        if dropped == Dropped::Unknown && waiting_in.is_none() {
            return;
        }
        let how = match dropped {
            Dropped::InParentsPoll => 1,
            Dropped::WithParent => 2,
            Dropped::FromOutside => 3,
            _ => 0,
        };
        let waiting_in = waiting_in.and_then(|inside| {
            let is_it = |node: &Node<'_>| node.span.span_id() == inside.span_id;
            scene.nodes[index..].iter().position(is_it).map(|after| index + after)
        });
        match waiting_in {
            Some(inside) => entry(&mut self.given_up, format_args!("[{index},{how},{inside}]")),
            None => entry(&mut self.given_up, format_args!("[{index},{how},-1]")),
        }
    }

    pub(super) fn attributes_of(&mut self, out: &mut String, attributes: &'a [Attribute]) {
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
