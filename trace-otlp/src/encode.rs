//! From batches straight to the bytes of requests, without messages in between.
//!
//! Spans are grouped by resource and by instrumentation scope. The spans of the first scope go where they stay; those of
//! others go into buffers of their own, which are appended at the end.

mod attributes;
mod enums;
pub(crate) mod format;
pub(crate) mod json;
mod kept;
mod plain;
pub(crate) mod protobuf;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use trace_core::{Batch, Outcome, Resource, SpanView, Trace};

use crate::encode::format::{Body, Format, RequestLimits, Scope};
use crate::out::Out;

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Encoded {
    pub(crate) bodies: Vec<Body>,
    /// Ended spans that are larger than a request may be.
    pub(crate) too_large: usize,
}

/// Encodes batches.
#[derive(Debug)]
pub(crate) struct Encoder<F: Format> {
    format: F,
    limits: RequestLimits,
    spare: Spare,
}

/// Buffers that were used before.
#[derive(Clone, Debug, Default)]
struct Spare(Arc<Mutex<Vec<Vec<u8>>>>);

impl Spare {
    fn lock(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being written.
#[derive(Debug)]
pub(crate) struct Request<P> {
    bytes: Out,
    resources: usize,
    resource: Option<P>,
    sections: Vec<Section<P>>,
    /// The section of the last span.
    last: usize,
    /// The bytes in the buffers of all sections but the first.
    elsewhere: usize,
    spans: usize,
    closed: usize,
}

impl<P> Request<P> {
    /// The bytes that it has so far.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes.len() + self.elsewhere
    }
}

/// The spans of a scope. The first section of a resource is written into the request, the others into buffers.
#[derive(Debug)]
struct Section<P> {
    scope: Scope,
    place: P,
    spans: usize,
    bytes: Out,
}

/// How a run of spans ended.
enum Run<'a> {
    /// There is none left, or the next one is of another scope.
    Ended { next: Option<SpanView<'a>> },
    /// This one does not fit.
    Refused { span: SpanView<'a> },
}

/// Buffers are kept up to so many bytes in all: more than a request has by default, since one that is made anew must grow,
/// and is copied each time.
const KEPT_BYTES: usize = 4 << 20;
/// So many buffers are kept.
const KEPT_BUFFERS: usize = 16;

impl<F: Format> Encoder<F> {
    pub(crate) fn new(format: F, limits: RequestLimits) -> Self {
        Self { format, limits, spare: Spare::default() }
    }

    /// Another one that writes alike, into the same buffers.
    pub(crate) fn twin(&self, format: F) -> Self {
        Self { format, limits: self.limits, spare: self.spare.clone() }
    }

    /// Takes a buffer back, to be used again.
    pub(crate) fn reuse(&self, bytes: Vec<u8>) {
        let mut spare = self.spare.lock();
        let kept: usize = spare.iter().map(Vec::capacity).sum();
        if kept + bytes.capacity() <= KEPT_BYTES && spare.len() < KEPT_BUFFERS {
            spare.push(bytes);
        }
    }

    pub(crate) fn encode(&mut self, batch: &Batch) -> Encoded {
        let now = unix_nanos_now();
        let mut encoded = Encoded::default();
        let mut request = self.begin();
        for resource in resources(batch) {
            self.open_resource(&mut request, resource);
            let mut known = std::ptr::from_ref(resource);
            for trace in batch.traces() {
                if !std::ptr::eq(trace.resource(), known) {
                    if trace.resource() != resource {
                        continue;
                    }
                    known = trace.resource();
                }
                self.add_trace(&mut request, trace, resource, now, &mut encoded);
            }
            self.close_resource(&mut request);
        }
        self.end(request, &mut encoded);
        encoded
    }

    /// Adds a trace to the request, whose present resource is this. If it is full, it is ended and another one begun.
    pub(crate) fn add_trace(
        &mut self,
        request: &mut Request<F::Place>,
        trace: &Trace,
        resource: &Resource,
        now: u64,
        encoded: &mut Encoded,
    ) {
        let mut spans = trace.spans();
        let mut next = spans.next();
        while let Some(span) = next {
            next = match self.add_run(request, span, &mut spans, now) {
                Run::Ended { next } => next,
                Run::Refused { span } if request.spans > 0 => {
                    self.close_resource(request);
                    let full = std::mem::replace(request, self.begin());
                    self.end(full, encoded);
                    self.open_resource(request, resource);
                    Some(span)
                }
                Run::Refused { span } => {
                    encoded.too_large += usize::from(span.outcome() != Outcome::Open);
                    spans.next()
                }
            };
        }
    }

    fn buffer(&self) -> Out {
        Out::over(self.spare.lock().pop().unwrap_or_default())
    }

    pub(crate) fn begin(&mut self) -> Request<F::Place> {
        let mut bytes = self.buffer();
        self.format.open_request(&mut bytes);
        Request {
            bytes,
            resources: 0,
            resource: None,
            sections: Vec::new(),
            last: 0,
            elsewhere: 0,
            spans: 0,
            closed: 0,
        }
    }

    pub(crate) fn end(&mut self, mut request: Request<F::Place>, encoded: &mut Encoded) {
        if request.spans == 0 {
            return self.reuse(request.bytes.into_bytes());
        }
        self.format.close_request(&mut request.bytes);
        let Request { bytes, spans, closed, .. } = request;
        encoded.bodies.push(Body { encoding: F::ENCODING, bytes: bytes.into_bytes(), spans, closed });
    }

    pub(crate) fn open_resource(&mut self, request: &mut Request<F::Place>, resource: &Resource) {
        let place = self.format.open_resource(&mut request.bytes, resource, request.resources == 0);
        request.resource = Some(place);
        request.resources += 1;
    }

    pub(crate) fn close_resource(&mut self, request: &mut Request<F::Place>) {
        for (index, mut section) in std::mem::take(&mut request.sections).into_iter().enumerate() {
            if index == 0 {
                self.format.close_scope(&mut request.bytes, section.place);
            } else if section.spans > 0 {
                self.format.close_scope(&mut section.bytes, section.place);
                self.format.between_scopes(&mut request.bytes);
                request.bytes.extend_from_slice(section.bytes.as_slice());
            }
            self.reuse(section.bytes.into_bytes());
        }
        (request.last, request.elsewhere) = (0, 0);
        if let Some(place) = request.resource.take() {
            self.format.close_resource(&mut request.bytes, place);
        }
    }

    /// Adds spans of one scope as far as they follow each other, so that the books are kept once for all of them, and as far
    /// as they fit. The request is as it was before the one that does not.
    #[inline]
    fn add_run<'a>(
        &mut self,
        request: &mut Request<F::Place>,
        mut span: SpanView<'a>,
        spans: &mut impl Iterator<Item = SpanView<'a>>,
        now: u64,
    ) -> Run<'a> {
        if request.spans >= self.limits.spans {
            return Run::Refused { span };
        }
        let mut callsite = span.callsite();
        let scope = Scope::of(callsite);
        if request.sections.get(request.last).is_none_or(|section| !section.scope.is(scope)) {
            request.last = self.section(request, scope);
        }
        let section = &mut request.sections[request.last];
        let is_first_section = request.last == 0;
        let (out, others) = if is_first_section {
            (&mut request.bytes, request.elsewhere)
        } else {
            let others = request.bytes.len() + request.elsewhere - section.bytes.len();
            (&mut section.bytes, others)
        };
        let mut limit = if request.spans == 0 { self.limits.max_bytes } else { self.limits.bytes };
        let most = self.limits.spans - request.spans;
        let start = out.len();
        let (mut count, mut closed) = (0, 0);
        let run = loop {
            let before = out.len();
            self.format.span(out, &span, section.spans + count == 0, now);
            if out.len() + others > limit {
                out.truncate(before);
                break Run::Refused { span };
            }
            limit = self.limits.bytes;
            count += 1;
            closed += usize::from(span.outcome() != Outcome::Open);
            span = match spans.next() {
                Some(next)
                    if count < most
                        && (std::ptr::eq(next.callsite(), callsite) || Scope::of(next.callsite()).is(scope)) =>
                {
                    next
                }
                next => break Run::Ended { next },
            };
            callsite = span.callsite();
        };
        if !is_first_section {
            request.elsewhere += out.len() - start;
        }
        section.spans += count;
        request.spans += count;
        request.closed += closed;
        run
    }

    /// The place of the section of this scope; begins it if there is none.
    #[cold]
    fn section(&mut self, request: &mut Request<F::Place>, scope: Scope) -> usize {
        if let Some(known) = request.sections.iter().position(|section| section.scope == scope) {
            // The same text in another place: it is found faster next time.
            request.sections[known].scope = scope;
            return known;
        }
        let mut bytes = self.buffer();
        let out = if request.sections.is_empty() { &mut request.bytes } else { &mut bytes };
        let before = out.len();
        let place = self.format.open_scope(out, scope);
        let opened = out.len() - before;
        if !request.sections.is_empty() {
            request.elsewhere += opened;
        }
        request.sections.push(Section { scope, place, spans: 0, bytes });
        request.sections.len() - 1
    }
}

/// The present, in nanoseconds since 1970.
pub(crate) fn unix_nanos_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The different resources of a batch, which mostly has one.
fn resources(batch: &Batch) -> Vec<&Resource> {
    let mut known: Vec<&Resource> = Vec::new();
    for trace in batch.traces() {
        let resource = trace.resource();
        if known.iter().any(|known| std::ptr::eq(*known, resource)) || known.contains(&resource) {
            continue;
        }
        known.push(resource);
    }
    known
}
