//! What was said of spans besides their start and end, put on the spans in order of ticks.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::ops::Range;

use crate::caught::caught;
use crate::clock::Timebase;
use crate::findings::OPEN_GUARD_ATTRIBUTE;
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
    Event {
        name: Cow<'static, str>,
        attributes: Vec<Attribute>,
    },
    Link {
        target: Box<LinkTarget>,
        attributes: Vec<Attribute>,
    },
    Status(Status),
    Name(Cow<'static, str>),
    StartUnixNanos(u64),
    Dropped(Dropped),
    /// Its guard was open when a poll of this span's future returned.
    OpenGuard(SpanId),
    Lost(Group),
    /// What is left in the place of one that was put on its span.
    Taken,
}

impl Detail {
    /// The memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let heap = match &self.what {
            What::Attribute(attribute) => attribute.heap_bytes(),
            What::Event { attributes, .. } => bytes_of(attributes),
            What::Link { attributes, .. } => size_of::<LinkTarget>() + bytes_of(attributes),
            What::Name(name) | What::Status(Status::Error { description: name }) => name.len(),
            What::Status(_) | What::StartUnixNanos(_) | What::Dropped(_) => 0,
            What::OpenGuard(_) | What::Lost(_) | What::Taken => 0,
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

/// The room that putting details on spans takes, kept from trace to trace.
#[derive(Debug, Default)]
pub(crate) struct Room {
    /// The spans' ids in their order, with the spans' places.
    index: Vec<(SpanId, u32)>,
    /// Each detail whose span is here: the place of the span, the tick, and its own place.
    order: Vec<(u32, u64, u32)>,
}

/// Puts `details` on `spans` and takes them out of the list; those of other spans stay in it.
pub(crate) fn apply(
    spans: &mut [SpanRecord],
    details: &mut Vec<Detail>,
    room: &mut Room,
    timebase: &Timebase,
    rules: &Rules,
    omissions: &mut Omissions,
) -> Extras {
    let mut extras = Extras::default();
    if !details.is_empty() {
        room.sort(spans, details);
        extras.attributes.reserve(room.order.len());
        extras.spans.reserve(room.order.chunk_by(|one, other| one.0 == other.0).count());
        for said in room.order.chunk_by(|one, other| one.0 == other.0) {
            let span = &mut spans[said[0].0 as usize];
            let mut portrait = Portrait::of(span, &mut extras, timebase, rules, omissions);
            for &(_, ticks, place) in said {
                portrait.add(ticks, std::mem::replace(&mut details[place as usize].what, What::Taken));
            }
            portrait.finish();
        }
        if room.order.len() == details.len() {
            details.clear();
        } else {
            details.retain(|detail| !matches!(detail.what, What::Taken));
        }
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

impl Room {
    /// Keeps room for so many details at most.
    pub(crate) fn shrink_to(&mut self, details: usize) {
        self.index.shrink_to(details);
        self.order.shrink_to(details);
    }

    /// Brings the details of these spans into their order: by span, then by tick, and at one tick as they came.
    fn sort(&mut self, spans: &[SpanRecord], details: &[Detail]) {
        self.index.clear();
        self.order.clear();
        let (mut place, mut last, mut is_sorted) = (0, (0, 0, 0), true);
        for (own, detail) in (0..).zip(details) {
            // What is said of a span comes at once mostly, and spans one after the other.
            let likely = [place, place + 1]
                .into_iter()
                .find(|&place| spans.get(place).is_some_and(|span| span.id == detail.span));
            let Some(found) = likely.or_else(|| self.find(spans, detail.span)) else { continue };
            place = found;
            let next = (place as u32, detail.ticks, own);
            is_sorted &= last <= next;
            last = next;
            self.order.push(next);
        }
        if !is_sorted {
            self.order.sort_unstable();
        }
    }

    fn find(&mut self, spans: &[SpanRecord], id: SpanId) -> Option<usize> {
        if self.index.is_empty() {
            self.index.extend((0..).zip(spans).map(|(place, span)| (span.id, place)));
            self.index.sort_unstable();
        }
        let found = self.index.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        Some(self.index[found].1 as usize)
    }
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
    extras: &'a mut Extras,
    timebase: &'a Timebase,
    rules: &'a Rules,
    omissions: &'a mut Omissions,
    extra: Extra,
    /// Where its attributes begin.
    first: usize,
    events: Vec<(Cow<'static, str>, u64, Vec<Attribute>)>,
    links: Vec<(Box<LinkTarget>, Vec<Attribute>)>,
}

impl<'a> Portrait<'a> {
    fn of(
        span: &'a mut SpanRecord,
        extras: &'a mut Extras,
        timebase: &'a Timebase,
        rules: &'a Rules,
        omissions: &'a mut Omissions,
    ) -> Self {
        let (extra, first, events, links) = (Extra::default(), extras.attributes.len(), Vec::new(), Vec::new());
        Self { span, extras, timebase, rules, omissions, extra, first, events, links }
    }

    fn add(&mut self, ticks: u64, what: What) {
        let late = self.span.outcome != Outcome::Open && ticks > self.span.end;
        if late && !matches!(what, What::Lost(_)) {
            self.omissions.after_end += 1;
            return;
        }
        let limits = &self.rules.limits;
        let dropped = &mut self.extra.dropped;
        match what {
            What::Attribute(attribute) => {
                dropped.attributes += keep_last(&mut self.extras.attributes, self.first, attribute, limits.attributes);
            }
            What::OpenGuard(_) => {
                let mark = Attribute::new(OPEN_GUARD_ATTRIBUTE, true);
                dropped.attributes += keep_last(&mut self.extras.attributes, self.first, mark, limits.attributes);
            }
            What::Event { name, attributes } if self.events.len() < limits.events => {
                self.events.push((name, ticks, attributes));
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
            What::Lost(Group::Change | Group::Polls) | What::Taken => {}
        }
    }

    fn finish(mut self) {
        let DroppedCounts { attributes, events, links, .. } = self.extra.dropped;
        self.omissions.over_limits += u64::from(attributes) + u64::from(events) + u64::from(links);
        self.extra.attributes = self.clean(AttributeOwner::Span, self.first);
        if let Some(redactor) = &self.rules.redactor {
            let name = name(&self.extra, self.span);
            let redacted = redactor.redact_status(&name, &mut self.extra.status);
            self.omissions.redacted += redacted.removed as u64;
            self.omissions.user_panics += redacted.panicked as u64;
        }

        let first = self.extras.events.len() as u32;
        for (event, ticks, said) in std::mem::take(&mut self.events) {
            let (first, dropped_attributes) = self.keep(said, self.rules.limits.attributes_per_event);
            let attributes = self.clean(AttributeOwner::Event { name: &event }, first);
            self.extras.events.push(EventRecord { name: event, ticks, attributes, dropped_attributes });
        }
        self.extra.events = first..self.extras.events.len() as u32;

        let first = self.extras.links.len() as u32;
        for (target, said) in std::mem::take(&mut self.links) {
            let (first, dropped_attributes) = self.keep(said, self.rules.limits.attributes_per_link);
            let attributes = self.clean(AttributeOwner::Link, first);
            self.extras.links.push(LinkRecord { target, attributes, dropped_attributes });
        }
        self.extra.links = first..self.extras.links.len() as u32;

        self.extras.spans.push(self.extra);
        self.span.extra = NonZeroU32::new(self.extras.spans.len() as u32);
    }

    /// Each key once, up to the limit: where they begin, and how many found no room.
    fn keep(&mut self, said: Vec<Attribute>, limit: usize) -> (usize, u32) {
        let (first, all) = (self.extras.attributes.len(), &mut self.extras.attributes);
        let dropped = said.into_iter().map(|attribute| keep_last(all, first, attribute, limit)).sum();
        (first, dropped)
    }

    /// Redacts the attributes from this place on, then cuts them: a pattern must not be missed because it was cut in two.
    fn clean(&mut self, owner: AttributeOwner<'_>, first: usize) -> Range<u32> {
        if let Some(redactor) = &self.rules.redactor {
            let mut attributes = self.extras.attributes.split_off(first);
            let redacted = redactor.redact(&name(&self.extra, self.span), owner, &mut attributes);
            self.omissions.redacted += redacted.removed as u64;
            self.omissions.user_panics += redacted.panicked as u64;
            self.extras.attributes.append(&mut attributes);
        }
        if self.rules.limits.value_length.is_some() {
            for attribute in &mut self.extras.attributes[first..] {
                self.rules.limits.truncate(&mut attribute.value);
            }
        }
        self.extras.reckon(first)
    }
}

/// What a span is called, as far as is known.
fn name(extra: &Extra, span: &SpanRecord) -> Cow<'static, str> {
    extra.name.clone().unwrap_or(Cow::Borrowed(span.callsite.name()))
}

/// Adds an attribute to those from `first` on, or gives the one of its key a new value. Returns how many found no room.
fn keep_last(all: &mut Vec<Attribute>, first: usize, new: Attribute, limit: usize) -> u32 {
    match all[first..].iter().position(|attribute| attribute.key == new.key) {
        Some(place) => all[first + place].value = new.value,
        None if all.len() - first < limit => all.push(new),
        None => return 1,
    }
    0
}

/// A tail sampler's answer about a trace; a panic keeps the trace, since nothing is known against it.
pub(crate) fn ask<T: ?Sized>(keep: &(impl Fn(&T) -> bool + ?Sized), about: &T, panics: &mut u64) -> bool {
    caught(|| keep(about)).unwrap_or_else(|| {
        *panics += 1;
        true
    })
}
