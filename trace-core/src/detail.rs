//! What was said of spans besides their start and end.

use std::borrow::Cow;

use crate::attribute_runs::AttributeRuns;
use crate::caught::caught;
use crate::id::SpanId;
use crate::paired_attributes::PairedAttributes;
use crate::record::Group;
use crate::scalar::Pair;
use crate::span_record::{LinkTarget, SpanRecord};
use crate::status::Status;
use crate::value::Attribute;
use crate::waits::Dropped;

/// One thing said of a span, which is no attribute of it.
#[derive(Clone, Debug)]
pub(crate) struct Detail {
    pub(crate) span: SpanId,
    pub(crate) ticks: u64,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
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

/// What was said of the spans of a trace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// Attributes that came with their spans.
    pub(crate) pairs: PairedAttributes,
    /// All others.
    pub(crate) attributes: AttributeRuns,
    /// Everything but attributes of spans.
    pub(crate) details: Vec<Detail>,
}

impl Said {
    pub(crate) const fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.are_pairs()
    }

    /// Whether nothing was said but what came with its span.
    pub(crate) const fn are_pairs(&self) -> bool {
        self.attributes.is_empty() && self.details.is_empty()
    }

    /// How many things it is.
    pub(crate) fn len(&self) -> usize {
        self.pairs.len() + self.attributes.len() + self.details.len()
    }

    /// The memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.pairs.bytes() + self.attributes.bytes() + self.details.iter().map(Detail::bytes).sum::<usize>()
    }

    /// Puts what came with these spans where everything else is, in its order. What came with others is forgotten.
    pub(crate) fn dissolve(&mut self, spans: &mut [SpanRecord]) {
        if self.pairs.is_empty() {
            debug_assert!(spans.iter().all(|span| span.extra.is_none()), "it says where a pair is that is not here");
            return;
        }
        let others = std::mem::take(&mut self.attributes);
        for span in spans.iter_mut().filter(|span| span.extra.is_some()) {
            for attribute in self.pairs.pair(span).into_iter().flat_map(Pair::each) {
                // As of the start of time: said before everything else.
                self.attributes.push(span.id, 0, attribute.into());
            }
            span.extra = None;
        }
        self.attributes.append(others);
        self.pairs.clear();
    }

    /// Copies of what was said of these spans, of which none has anything yet.
    pub(crate) fn of(&self, is_wanted: impl Fn(SpanId) -> bool) -> Self {
        let details = self.details.iter().filter(|detail| is_wanted(detail.span)).cloned().collect();
        Self { pairs: PairedAttributes::new(), attributes: self.attributes.of(is_wanted), details }
    }

    /// Adds what was said elsewhere.
    pub(crate) fn append(&mut self, other: Self) {
        self.attributes.append(other.attributes);
        self.details.extend(other.details);
    }

    /// Forgets what was taken, of which it is told how much that is.
    pub(crate) fn forget_taken(&mut self, details: usize, attributes: usize) {
        self.attributes.forget_taken(attributes);
        if details == self.details.len() {
            self.details.clear();
        } else {
            self.details.retain(|detail| !matches!(detail.what, What::Taken));
        }
    }

    /// Forgets everything, and keeps room for so many of each at most.
    pub(crate) fn clear(&mut self, kept: usize) {
        self.pairs.clear();
        self.pairs.shrink_to(kept);
        self.attributes.clear(kept);
        self.details.clear();
        self.details.shrink_to(kept);
    }
}

/// A tail sampler's answer about a trace; a panic keeps the trace, since nothing is known against it.
pub(crate) fn ask<T: ?Sized>(keep: &(impl Fn(&T) -> bool + ?Sized), about: &T, panics: &mut u64) -> bool {
    caught(|| keep(about)).unwrap_or_else(|| {
        *panics += 1;
        true
    })
}
