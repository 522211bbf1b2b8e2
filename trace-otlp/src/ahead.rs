//! Encoding as soon as traces are put together, on the pipeline's thread.

use std::any::Any;

use trace_core::{Resource, SpanEncoder, Trace};

use crate::encode::format::Format;
use crate::encode::{Encoded, Encoder, Request, unix_nanos_now};

/// An encoder with the batch that it has in hand.
#[derive(Debug)]
pub(crate) struct Ahead<F: Format> {
    encoder: Encoder<F>,
    request: Option<Request<F::Place>>,
    /// Whose spans the request takes at the moment.
    resource: Resource,
    encoded: Encoded,
}

impl<F: Format> Ahead<F> {
    pub(crate) fn new(encoder: Encoder<F>) -> Self {
        Self { encoder, request: None, resource: Resource::new(), encoded: Encoded::default() }
    }
}

impl<F: Format + Send + 'static> SpanEncoder for Ahead<F>
where
    F::Place: Send,
{
    fn add(&mut self, traces: &[Trace]) {
        let Self { encoder, resource, encoded, .. } = self;
        let now = unix_nanos_now();
        let mut request = self.request.take();
        for of_one in traces.chunk_by(|one, other| std::ptr::eq(one.resource(), other.resource())) {
            let Some(known) = of_one.first().map(Trace::resource) else { continue };
            let mut open = match request.take() {
                Some(open) if known == resource => open,
                other => {
                    let mut open = match other {
                        Some(mut open) => {
                            encoder.close_resource(&mut open);
                            open
                        }
                        None => encoder.begin(),
                    };
                    encoder.open_resource(&mut open, known);
                    known.clone_into(resource);
                    open
                }
            };
            for trace in of_one {
                encoder.add_trace(&mut open, trace, known, now, encoded);
            }
            request = Some(open);
        }
        self.request = request;
    }

    fn bytes(&self) -> usize {
        let of_request = self.request.as_ref().map_or(0, Request::bytes);
        of_request + self.encoded.bodies.iter().map(|body| body.bytes.len()).sum::<usize>()
    }

    fn finish(&mut self) -> Box<dyn Any + Send> {
        if let Some(mut request) = self.request.take() {
            self.encoder.close_resource(&mut request);
            self.encoder.end(request, &mut self.encoded);
        }
        Box::new(std::mem::take(&mut self.encoded))
    }
}

#[cfg(test)]
mod tests {
    use trace_core::{Batch, Capture, in_scope, start_span};

    use super::*;
    use crate::encode::format::{CodeLocation, RequestLimits};
    use crate::encode::json::Json;
    use crate::encode::protobuf::Protobuf;

    fn traces(of: Resource, count: i64) -> Vec<Trace> {
        let captured = Capture::new().resource(of).run(|| {
            for number in 0..count {
                let root = start_span("root").attribute("number", number);
                in_scope("child", || root.set_attribute("text", "t".repeat(number as usize * 7)));
            }
        });
        captured.traces
    }

    /// The bytes of each request and its spans, and how many spans found no place in any.
    fn told(encoded: Encoded) -> (Vec<(Vec<u8>, usize, usize)>, usize) {
        let told = |body: crate::encode::format::Body| (body.bytes, body.spans, body.closed);
        (encoded.bodies.into_iter().map(told).collect(), encoded.too_large)
    }

    fn is_the_same_ahead<F: Format + Send + 'static>(format: impl Fn() -> F)
    where
        F::Place: Send,
    {
        let batch = Batch::new(traces(Resource::new(), 40));
        let sizes =
            [(usize::MAX, usize::MAX, usize::MAX), (900, 1000, usize::MAX), (0, 300, usize::MAX), (9000, 9000, 7)];
        for (bytes, max_bytes, spans) in sizes {
            let mut encoder = Encoder::new(format(), RequestLimits { bytes, max_bytes, spans });
            let mut ahead = Ahead::new(encoder.twin(format()));
            let whole = told(encoder.encode(&batch));
            for step in [1, 7, 40] {
                batch.traces().chunks(step).for_each(|traces| ahead.add(traces));
                assert!(ahead.bytes() >= whole.0.iter().map(|(body, ..)| body.len()).max().unwrap_or(0) / 2);
                let encoded = ahead.finish().downcast::<Encoded>().expect("that is what it makes");
                assert_eq!(told(*encoded), whole, "{step} at a time, of {bytes}, {max_bytes} and {spans}");
                assert_eq!(ahead.bytes(), 0);
            }
        }
    }

    #[test]
    fn what_is_encoded_step_by_step_is_what_is_encoded_at_once() {
        for location in [CodeLocation::Left, CodeLocation::Sent] {
            is_the_same_ahead(|| Protobuf::new(location));
            is_the_same_ahead(|| Json::new(location));
        }
    }

    #[test]
    fn spans_of_two_resources_stay_apart() {
        let mut one = traces(Resource::new(), 1);
        one.append(&mut traces(Resource::new().attribute("service.name", "another"), 2));
        let limits = RequestLimits { bytes: usize::MAX, max_bytes: usize::MAX, spans: usize::MAX };
        let mut encoder = Encoder::new(Protobuf::new(CodeLocation::Left), limits);
        let mut ahead = Ahead::new(encoder.twin(Protobuf::new(CodeLocation::Left)));
        let whole = told(encoder.encode(&Batch::new(one.clone())));
        one.chunks(1).for_each(|traces| ahead.add(traces));
        assert_eq!(told(*ahead.finish().downcast::<Encoded>().expect("that is what it makes")), whole);
    }
}
