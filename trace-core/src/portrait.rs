//! Puts what was said of spans on the spans, in order of ticks.

#[cfg(test)]
mod random;

use std::borrow::Cow;
use std::ops::Range;

use crate::clock::Timebase;
use crate::detail::{Said, What};
use crate::limits::SpanLimits;
use crate::record::Group;
use crate::redact::{AttributeOwner, Redactor};
use crate::span_data::DroppedCounts;
use crate::span_places::SpanPlaces;
use crate::span_record::{EventRecord, Extra, Extras, LinkRecord, Marks, More, SpanRecord};
use crate::status::{Outcome, Status};
use crate::value::Attribute;

/// The rules by which details are put on spans.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) limits: SpanLimits,
    pub(crate) redactor: Option<Redactor>,
    /// Whether a cancelled span's status is an error, which it is not otherwise.
    pub(crate) cancelled_is_error: bool,
}

impl Rules {
    /// Whether an attribute stays as it was said, if it stays.
    const fn leave_attributes_alone(&self) -> bool {
        self.redactor.is_none() && self.limits.value_length.is_none()
    }

    /// Whether two attributes of a span that are no texts stay as they were said.
    pub(crate) const fn leave_pairs_alone(&self) -> bool {
        self.redactor.is_none() && self.limits.attributes >= 2
    }
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
    /// What the next trace has beyond its records, without content, if that is here.
    pub(crate) extras: Option<Box<Extras>>,
    places: SpanPlaces,
    /// Each detail whose span is here: the place of the span, the tick, and its own place.
    details: Vec<(u32, u64, u32)>,
    /// Each attribute whose span is here, likewise.
    attributes: Vec<(u32, u64, u32)>,
}

impl Room {
    /// Keeps room for so many details at most.
    pub(crate) fn shrink_to(&mut self, details: usize) {
        self.places.shrink_to(details);
        self.details.shrink_to(details);
        self.attributes.shrink_to(details);
    }

    /// Brings what was said of these spans into its order: by span, then by tick, and at one tick as it came.
    fn sort(&mut self, spans: &[SpanRecord], said: &Said) {
        let places = &mut self.places;
        self.details.clear();
        for (own, detail) in (0..).zip(&said.details) {
            if let Some(place) = places.find(spans, detail.span) {
                self.details.push((place as u32, detail.ticks, own));
            }
        }
        places.rewind();
        self.attributes.clear();
        for (span, run) in said.attributes.runs() {
            if let Some(place) = places.find(spans, span) {
                self.attributes.extend(run.map(|(ticks, own)| (place as u32, ticks, own)));
            }
        }
        for order in [&mut self.details, &mut self.attributes] {
            if !order.is_sorted() {
                order.sort_unstable();
            }
        }
    }
}

/// Puts what was `said` on `spans` and takes it out of there; what was said of other spans stays.
pub(crate) fn apply(
    spans: &mut [SpanRecord],
    said: &mut Said,
    extras: &mut Extras,
    room: &mut Room,
    timebase: &Timebase,
    rules: &Rules,
    omissions: &mut Omissions,
) {
    room.places.begin();
    if !rules.leave_pairs_alone() {
        said.dissolve(spans);
    }
    said.pairs.make_in(extras);
    let are_settled =
        rules.leave_attributes_alone() && said.attributes.settle(spans, extras, &mut room.places, &rules.limits);
    if are_settled {
        said.pairs.clear();
    } else {
        extras.forget_attributes();
        said.dissolve(spans);
    }
    if !are_settled || !said.details.is_empty() {
        room.places.rewind();
        room.sort(spans, said);
        let by_span = |one: &(u32, u64, u32), other: &(u32, u64, u32)| one.0 == other.0;
        let mut details = room.details.chunk_by(by_span).peekable();
        let mut attributes = room.attributes.chunk_by(by_span).peekable();
        extras.attributes.reserve(room.attributes.len());
        loop {
            let next = [details.peek().map(|own| own[0].0), attributes.peek().map(|own| own[0].0)];
            let Some(place) = next.into_iter().flatten().min() else { break };
            let mut portrait = Portrait::of(&mut spans[place as usize], extras, timebase, rules, omissions);
            let own = details.next_if(|own| own[0].0 == place).unwrap_or_default();
            for &(_, ticks, own) in own {
                portrait.change(ticks, &mut said.details[own as usize].what);
            }
            for &(_, ticks, own) in attributes.next_if(|own| own[0].0 == place).unwrap_or_default() {
                portrait.add_attribute(ticks, said.attributes.take(own));
            }
            portrait.end_attributes();
            for &(_, ticks, own) in own {
                portrait.add(ticks, &mut said.details[own as usize].what);
            }
            portrait.finish();
        }
        said.forget_taken(room.details.len(), room.attributes.len());
    }
    for span in spans {
        settle_status(span, extras, rules);
        if span.end < span.start && span.outcome != Outcome::Open {
            span.end = span.start;
            omissions.clamped += 1;
        }
    }
}

/// The status follows from the outcome where nobody set it, and the outcome from the status where nothing was seen.
fn settle_status(span: &mut SpanRecord, extras: &mut Extras, rules: &Rules) {
    let from_outcome = match span.outcome {
        Outcome::Panicked => "panicked",
        Outcome::Error => "",
        Outcome::Cancelled | Outcome::NeverPolled if rules.cancelled_is_error => "cancelled",
        Outcome::Ok if span.extra.is_some() => {
            if extras.more_of(span).is_some_and(|more| more.status.is_error()) {
                span.outcome = Outcome::Error;
            }
            return;
        }
        _ => return,
    };
    let more = extras.more_or_new(span);
    if more.status == Status::Unset {
        more.status = Status::error(from_outcome);
    }
}

/// One span while details are put on it: first what changes the span itself, then its attributes, then the rest.
struct Portrait<'a> {
    span: &'a mut SpanRecord,
    extras: &'a mut Extras,
    timebase: &'a Timebase,
    rules: &'a Rules,
    omissions: &'a mut Omissions,
    more: More,
    /// Where its attributes, its events and its links begin.
    first: usize,
    first_event: usize,
    first_link: usize,
    /// Where its attributes are; those that were settled before are there already.
    attributes: Range<u32>,
}

impl<'a> Portrait<'a> {
    fn of(
        span: &'a mut SpanRecord,
        extras: &'a mut Extras,
        timebase: &'a Timebase,
        rules: &'a Rules,
        omissions: &'a mut Omissions,
    ) -> Self {
        let (first, first_event, first_link) = (extras.attributes.len(), extras.events.len(), extras.links.len());
        let attributes = extras.of(span).map_or(0..0, |extra| extra.attributes.clone());
        let more = More::default();
        Self { span, extras, timebase, rules, omissions, more, first, first_event, first_link, attributes }
    }

    /// Whether this was said after the span's end; then it is counted, and left out.
    fn is_late(&mut self, ticks: u64) -> bool {
        let late = self.span.outcome != Outcome::Open && ticks > self.span.end;
        self.omissions.after_end += u64::from(late);
        late
    }

    /// What changes the span itself.
    fn change(&mut self, ticks: u64, what: &mut What) {
        if matches!(what, What::Event { .. } | What::Link { .. }) {
            return;
        }
        let what = std::mem::replace(what, What::Taken);
        let dropped = &mut self.more.dropped;
        match what {
            What::Lost(Group::Attributes) => dropped.attributes += 1,
            What::Lost(Group::Event) => dropped.events += 1,
            What::Lost(Group::Link) => dropped.links += 1,
            // The attribute that says so came beside it.
            What::Lost(Group::Change | Group::Polls) | What::OpenGuard(_) => {}
            _ if self.is_late(ticks) => {}
            What::Status(status) => self.more.status.apply(status),
            What::Name(name) => self.more.name = Some(name),
            What::StartUnixNanos(nanos) => self.span.start = self.timebase.ticks(nanos),
            What::Dropped(how) => self.span.marks.set(Marks::of_drop(how)),
            What::Event { .. } | What::Link { .. } | What::Taken => {}
        }
    }

    fn add_attribute(&mut self, ticks: u64, attribute: Attribute) {
        if !self.is_late(ticks) {
            let limit = self.rules.limits.attributes;
            self.more.dropped.attributes += keep_last(&mut self.extras.attributes, self.first, attribute, limit);
        }
    }

    fn end_attributes(&mut self) {
        let added = self.clean(AttributeOwner::Span, self.first);
        if self.span.extra.is_none() {
            self.attributes = added;
        }
        if let Some(redactor) = &self.rules.redactor {
            let redacted = redactor.redact_status(&name(&self.more, self.span), &mut self.more.status);
            self.omissions.redacted += redacted.removed as u64;
            self.omissions.user_panics += redacted.panicked as u64;
        }
    }

    /// An event or a link; everything else was taken before.
    fn add(&mut self, ticks: u64, what: &mut What) {
        let what = std::mem::replace(what, What::Taken);
        if matches!(what, What::Taken) || self.is_late(ticks) {
            return;
        }
        let limits = &self.rules.limits;
        match what {
            What::Event { name, attributes } if self.extras.events.len() - self.first_event < limits.events => {
                let (first, dropped_attributes) = self.keep(attributes, limits.attributes_per_event);
                let attributes = self.clean(AttributeOwner::Event { name: &name }, first);
                self.extras.events.push(EventRecord { name, ticks, attributes, dropped_attributes });
            }
            What::Link { target, attributes } if self.extras.links.len() - self.first_link < limits.links => {
                let (first, dropped_attributes) = self.keep(attributes, limits.attributes_per_link);
                let attributes = self.clean(AttributeOwner::Link, first);
                self.extras.links.push(LinkRecord { target, attributes, dropped_attributes });
            }
            What::Event { .. } => self.more.dropped.events += 1,
            What::Link { .. } => self.more.dropped.links += 1,
            _ => {}
        }
    }

    fn finish(mut self) {
        let DroppedCounts { attributes, events, links, .. } = self.more.dropped;
        self.omissions.over_limits += u64::from(attributes) + u64::from(events) + u64::from(links);
        self.more.links = self.first_link as u32..self.extras.links.len() as u32;
        let events = self.first_event as u32..self.extras.events.len() as u32;
        let more = self.extras.keep_more(self.more);
        self.extras.set(self.span, Extra { attributes: self.attributes, events, more });
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
            let redacted = redactor.redact(&name(&self.more, self.span), owner, &mut attributes);
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
fn name(more: &More, span: &SpanRecord) -> Cow<'static, str> {
    more.name.clone().unwrap_or(Cow::Borrowed(span.callsite.name()))
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
