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
