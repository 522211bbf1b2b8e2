//! What was said of spans besides their start and end, put on the spans in order of ticks.

use std::borrow::Cow;
use std::num::NonZeroU32;

use crate::caught::caught;
use crate::clock::Timebase;
use crate::id::SpanId;
use crate::limits::SpanLimits;
use crate::record::Group;
use crate::redact::{AttributeOwner, Redactor};
use crate::span_data::DroppedCounts;
use crate::span_record::{EventRecord, Extra, Extras, LinkRecord, LinkTarget, Marks, SpanRecord};
use crate::status::{Outcome, Status};
use crate::value::Attribute;
use crate::waits::Dropped;

/// One thing said of a span.
#[derive(Clone, Debug)]
pub(crate) struct Detail {
    pub(crate) span: SpanId,
    pub(crate) ticks: u64,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Attribute(Attribute),
    Event { name: Cow<'static, str>, attributes: Vec<Attribute> },
    Link { target: Box<LinkTarget>, attributes: Vec<Attribute> },
    Status(Status),
    Name(Cow<'static, str>),
    StartUnixNanos(u64),
    Dropped(Dropped),
    Lost(Group),
}

impl Detail {
    /// The memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let heap = match &self.what {
            What::Attribute(attribute) => attribute.heap_bytes(),
            What::Event { attributes, .. } => bytes_of(attributes),
            What::Link { attributes, .. } => size_of::<LinkTarget>() + bytes_of(attributes),
            What::Name(name) | What::Status(Status::Error { description: name }) => name.len(),
            What::Status(_) | What::StartUnixNanos(_) | What::Dropped(_) | What::Lost(_) => 0,
        };
        size_of::<Self>() + heap
    }
}

fn bytes_of(attributes: &[Attribute]) -> usize {
    attributes.iter().map(|attribute| size_of::<Attribute>() + attribute.heap_bytes()).sum()
}

/// The rules by which details are put on spans.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) limits: SpanLimits,
    pub(crate) redactor: Option<Redactor>,
    /// Whether a cancelled span's status is an error, which it is not otherwise.
    pub(crate) cancelled_is_error: bool,
}

/// What was left out, for the books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Omissions {
    /// Said of a span after its end.
    pub(crate) after_end: u64,
    pub(crate) over_limits: u64,
    pub(crate) redacted: u64,
    pub(crate) user_panics: u64,
    /// Spans whose end came before their start.
    pub(crate) clamped: u64,
}

/// Puts `details` on `spans` and takes them out of the list; those of other spans stay in it.
pub(crate) fn apply(
    spans: &mut [SpanRecord],
    details: &mut Vec<Detail>,
    timebase: &Timebase,
    rules: &Rules,
    omissions: &mut Omissions,
) -> Extras {
    let mut extras = Extras::default();
    if !details.is_empty() {
        let mut index: Vec<_> = (0_usize..).zip(&*spans).map(|(place, span)| (span.id, place)).collect();
        index.sort_unstable();
        // Stable: at one tick, the order of arrival counts.
        details.sort_by_key(|detail| (detail.span, detail.ticks));
        let mut rest = Vec::new();
        let mut run = std::mem::take(details).into_iter().peekable();
        while let Some(first) = run.next() {
            let span = first.span;
            let same = std::iter::from_fn(|| run.next_if(|next| next.span == span));
            let said = std::iter::once(first).chain(same);
            match index.binary_search_by_key(&span, |&(id, _)| id) {
                Ok(found) => {
                    let record = &mut spans[index[found].1];
                    let mut portrait = Portrait::of(record, timebase, rules, omissions);
                    said.for_each(|detail| portrait.add(detail));
                    portrait.finish(&mut extras);
                }
                Err(_) => rest.extend(said),
            }
        }
        *details = rest;
    }
    for span in spans {
        settle_status(span, &mut extras, rules);
        if span.end < span.start && span.outcome != Outcome::Open {
            span.end = span.start;
            omissions.clamped += 1;
        }
    }
    extras
}

/// The status follows from the outcome where nobody set it, and the outcome from the status where nothing was seen.
fn settle_status(span: &mut SpanRecord, extras: &mut Extras, rules: &Rules) {
    let from_outcome = match span.outcome {
        Outcome::Panicked => "panicked",
        Outcome::Error => "",
        Outcome::Cancelled | Outcome::NeverPolled if rules.cancelled_is_error => "cancelled",
        Outcome::Ok if span.extra.is_some() => {
            if extras.of(span).is_some_and(|extra| extra.status.is_error()) {
                span.outcome = Outcome::Error;
            }
            return;
        }
        _ => return,
    };
    let extra = extras.of_or_new(span);
    if extra.status == Status::Unset {
        extra.status = Status::error(from_outcome);
    }
}

/// One span while details are put on it.
struct Portrait<'a> {
    span: &'a mut SpanRecord,
    timebase: &'a Timebase,
    rules: &'a Rules,
    omissions: &'a mut Omissions,
    extra: Extra,
    attributes: Vec<Attribute>,
    events: Vec<(Cow<'static, str>, u64, Vec<Attribute>)>,
    links: Vec<(Box<LinkTarget>, Vec<Attribute>)>,
}

impl<'a> Portrait<'a> {
    fn of(span: &'a mut SpanRecord, timebase: &'a Timebase, rules: &'a Rules, omissions: &'a mut Omissions) -> Self {
        let (extra, attributes, events, links) = (Extra::default(), Vec::new(), Vec::new(), Vec::new());
        Self { span, timebase, rules, omissions, extra, attributes, events, links }
    }

    fn add(&mut self, detail: Detail) {
        let late = self.span.outcome != Outcome::Open && detail.ticks > self.span.end;
        if late && !matches!(detail.what, What::Lost(_)) {
            self.omissions.after_end += 1;
            return;
        }
        let limits = &self.rules.limits;
        let dropped = &mut self.extra.dropped;
        match detail.what {
            What::Attribute(attribute) => {
                dropped.attributes += keep_last(&mut self.attributes, attribute, limits.attributes);
            }
            What::Event { name, attributes } if self.events.len() < limits.events => {
                self.events.push((name, detail.ticks, attributes));
            }
            What::Link { target, attributes } if self.links.len() < limits.links => {
                self.links.push((target, attributes));
            }
            What::Event { .. } => dropped.events += 1,
            What::Link { .. } => dropped.links += 1,
            What::Status(status) => self.extra.status.apply(status),
            What::Name(name) => self.extra.name = Some(name),
            What::StartUnixNanos(nanos) => self.span.start = self.timebase.ticks(nanos),
            What::Dropped(how) => self.span.marks.set(Marks::of_drop(how)),
            What::Lost(Group::Attributes) => dropped.attributes += 1,
            What::Lost(Group::Event) => dropped.events += 1,
            What::Lost(Group::Link) => dropped.links += 1,
            What::Lost(Group::Change | Group::Polls) => {}
        }
    }

    fn finish(mut self, extras: &mut Extras) {
        let DroppedCounts { attributes, events, links, .. } = self.extra.dropped;
        self.omissions.over_limits += u64::from(attributes) + u64::from(events) + u64::from(links);
        let name = self.extra.name.clone().unwrap_or(Cow::Borrowed(self.span.callsite.name()));
        let mut attributes = std::mem::take(&mut self.attributes);
        self.clean(&name, AttributeOwner::Span, &mut attributes);
        self.extra.attributes = extras.keep(attributes);
        if let Some(redactor) = &self.rules.redactor {
            let redacted = redactor.redact_status(&name, &mut self.extra.status);
            self.omissions.redacted += redacted.removed as u64;
            self.omissions.user_panics += redacted.panicked as u64;
        }

        let first = extras.events.len() as u32;
        for (event, ticks, said) in std::mem::take(&mut self.events) {
            let limit = self.rules.limits.attributes_per_event;
            let (mut attributes, dropped_attributes) = without_repetition(said, limit);
            self.clean(&name, AttributeOwner::Event { name: &event }, &mut attributes);
            let attributes = extras.keep(attributes);
            extras.events.push(EventRecord { name: event, ticks, attributes, dropped_attributes });
        }
        self.extra.events = first..extras.events.len() as u32;

        let first = extras.links.len() as u32;
        for (target, said) in std::mem::take(&mut self.links) {
            let limit = self.rules.limits.attributes_per_link;
            let (mut attributes, dropped_attributes) = without_repetition(said, limit);
            self.clean(&name, AttributeOwner::Link, &mut attributes);
            let attributes = extras.keep(attributes);
            extras.links.push(LinkRecord { target, attributes, dropped_attributes });
        }
        self.extra.links = first..extras.links.len() as u32;

        extras.spans.push(self.extra);
        self.span.extra = NonZeroU32::new(extras.spans.len() as u32);
    }

    /// Redacts, then cuts: a pattern must not be missed because it was cut in two.
    fn clean(&mut self, span: &str, owner: AttributeOwner<'_>, attributes: &mut Vec<Attribute>) {
        if let Some(redactor) = &self.rules.redactor {
            let redacted = redactor.redact(span, owner, attributes);
            self.omissions.redacted += redacted.removed as u64;
            self.omissions.user_panics += redacted.panicked as u64;
        }
        if self.rules.limits.value_length.is_some() {
            for attribute in attributes {
                self.rules.limits.truncate(&mut attribute.value);
            }
        }
    }
}

/// Adds an attribute, or gives the one of its key a new value. Returns how many found no room.
fn keep_last(attributes: &mut Vec<Attribute>, new: Attribute, limit: usize) -> u32 {
    match attributes.iter().position(|attribute| attribute.key == new.key) {
        Some(place) => attributes[place].value = new.value,
        None if attributes.len() < limit => attributes.push(new),
        None => return 1,
    }
    0
}

/// Each key once, up to the limit; and how many found no room.
fn without_repetition(said: Vec<Attribute>, limit: usize) -> (Vec<Attribute>, u32) {
    let mut attributes = Vec::with_capacity(said.len().min(limit));
    let dropped = said.into_iter().map(|attribute| keep_last(&mut attributes, attribute, limit)).sum();
    (attributes, dropped)
}

/// A tail sampler's answer about a trace; a panic keeps the trace, since nothing is known against it.
pub(crate) fn ask<T: ?Sized>(keep: &(impl Fn(&T) -> bool + ?Sized), about: &T, panics: &mut u64) -> bool {
    caught(|| keep(about)).unwrap_or_else(|| {
        *panics += 1;
        true
    })
}
