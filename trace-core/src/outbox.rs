//! The way from a pipeline's traces to its exporters: batches, and spans that are encoded ahead of their export.

use std::sync::Arc;

use crate::caught::caught;
use crate::encoder::{EncodedBatch, SpanEncoder};
use crate::exporter::{Batch, Delivery};
use crate::trace::Trace;
use crate::worker::{EncodedParcel, Parcel, Worker};

/// After so many spans a batch is not made larger: an exporter that is behind gets many small ones rather than one that
/// finds no room. At half of it an exporter over HTTP wakes up twice as often, and takes 11 ns a span more of 61.
const MAX_BATCH_SPANS: usize = 16_384;

/// What encodes spans ahead of their export.
struct Ahead {
    encoder: Box<dyn SpanEncoder>,
    /// The place of its exporter's worker.
    worker: usize,
    /// The spans that it was given for the batch in hand, open ones as well; none where the batch is one of traces.
    spans: usize,
}

impl Ahead {
    /// Asks the one worker that wants spans.
    fn of(workers: &mut [Worker]) -> Option<Self> {
        let mut takers = workers.iter_mut().enumerate().filter(|(_, worker)| worker.delivery() == Delivery::Spans);
        let (place, worker) = takers.next().filter(|_| takers.next().is_none())?;
        Some(Self { encoder: worker.take_encoder()?, worker: place, spans: 0 })
    }
}

/// The exporters of a pipeline, and the batch of spans that is being put together for them.
pub(crate) struct Outbox {
    workers: Vec<Worker>,
    /// Complete traces that wait for their batch; for exporters of spans.
    pending: Vec<Trace>,
    /// What the batch in hand has, of traces that wait or encoded.
    spans: usize,
    bytes: usize,
    /// What encodes spans, where one exporter alone wants them and has such a thing.
    ahead: Option<Ahead>,
}

/// What became of traces that were put into the batch in hand.
#[derive(Debug, Default)]
pub(crate) struct Pended {
    /// Those that nobody needs any more: they have been encoded.
    pub(crate) spent: Vec<Trace>,
    /// Whether the batch is on its way, because it may not become larger.
    pub(crate) has_sent: bool,
}

impl Outbox {
    pub(crate) fn new(mut workers: Vec<Worker>) -> Self {
        let ahead = Ahead::of(&mut workers);
        Self { workers, pending: Vec::new(), spans: 0, bytes: 0, ahead }
    }

    pub(crate) fn workers(&self) -> &[Worker] {
        &self.workers
    }

    pub(crate) fn join_workers(&mut self) {
        self.workers.iter_mut().for_each(Worker::join_if_done);
    }

    /// Whether somebody takes what is delivered like this.
    pub(crate) fn wants(&self, delivery: Delivery) -> bool {
        self.workers.iter().any(|worker| worker.delivery() == delivery)
    }

    /// The ended spans of the batch in hand.
    pub(crate) const fn spans(&self) -> usize {
        self.spans
    }

    /// The memory of the batch in hand, in bytes.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether spans are encoded as soon as they come.
    pub(crate) const fn encodes(&self) -> bool {
        self.ahead.is_some()
    }

    /// Whether the batch in hand is of spans that have been encoded.
    pub(crate) fn has_encoded(&self) -> bool {
        self.ahead.as_ref().is_some_and(|ahead| ahead.spans > 0)
    }

    /// Puts traces into the batch in hand.
    pub(crate) fn pend(&mut self, mut traces: Vec<Trace>) -> Pended {
        if self.pending.is_empty() && self.encode(&traces) {
            let has_sent = self.ahead.as_ref().is_some_and(|ahead| ahead.spans >= MAX_BATCH_SPANS);
            if has_sent {
                self.send_batch_in_hand();
            }
            return Pended { spent: traces, has_sent };
        }
        for trace in &traces {
            self.spans += trace.closed();
            self.bytes += trace.bytes();
        }
        if self.pending.is_empty() {
            self.pending = traces;
        } else {
            self.pending.append(&mut traces);
        }
        Pended::default()
    }

    /// Encodes traces, if that is how the batch in hand is made.
    fn encode(&mut self, traces: &[Trace]) -> bool {
        let Some(ahead) = &mut self.ahead else { return false };
        let worker = &self.workers[ahead.worker];
        if ahead.spans == 0 && !worker.keeps_up() {
            return false;
        }
        self.spans += traces.iter().map(Trace::closed).sum::<usize>();
        ahead.spans += traces.iter().map(Trace::len).sum::<usize>();
        if caught(|| ahead.encoder.add(traces)).is_none() {
            worker.count_panic(self.spans);
            (self.spans, self.bytes, self.ahead) = (0, 0, None);
            return true;
        }
        self.bytes = ahead.encoder.bytes();
        true
    }

    /// Sends the batch in hand.
    pub(crate) fn send_batch_in_hand(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let closed = std::mem::take(&mut self.spans);
        let bytes = std::mem::take(&mut self.bytes);
        match &mut self.ahead {
            Some(ahead) if ahead.spans > 0 => {
                let (worker, spans) = (&self.workers[ahead.worker], std::mem::take(&mut ahead.spans));
                match caught(|| ahead.encoder.finish()) {
                    Some(content) => {
                        worker.export_encoded(EncodedParcel::new(EncodedBatch::new(content, spans), closed, bytes));
                    }
                    None => {
                        worker.count_panic(closed);
                        self.ahead = None;
                    }
                }
            }
            _ => self.send(Delivery::Spans, pending),
        }
    }

    /// Sends traces to whoever takes what is delivered like this, in batches of no more than a few spans over the limit.
    pub(crate) fn send(&self, delivery: Delivery, traces: Vec<Trace>) {
        if traces.is_empty() {
            return;
        }
        let batch = Batch::new(traces);
        if batch.len() <= MAX_BATCH_SPANS {
            return self.send_batch(delivery, batch);
        }
        let mut rest = batch.into_traces().into_iter().peekable();
        while rest.peek().is_some() {
            let (mut batch, mut spans) = (Vec::new(), 0);
            while spans < MAX_BATCH_SPANS
                && let Some(trace) = rest.next()
            {
                spans += trace.len();
                batch.push(trace);
            }
            self.send_batch(delivery, Batch::new(batch));
        }
    }

    fn send_batch(&self, delivery: Delivery, batch: Batch) {
        let parcel = Arc::new(Parcel::new(batch));
        let takers = self.workers.iter().filter(|worker| worker.delivery() == delivery);
        takers.for_each(|worker| worker.export(&parcel));
    }
}
