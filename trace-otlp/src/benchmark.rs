//! What benchmarks need to see of the inside.

use trace_core::Batch;

use crate::encode::Encoder;
use crate::encode::format::{CodeLocation, RequestLimits};
use crate::encode::protobuf::Protobuf;

/// Encodes batches as protobuf and throws the bytes away.
#[derive(Debug)]
pub struct BatchEncoder {
    encoder: Encoder<Protobuf>,
}

impl BatchEncoder {
    /// An encoder whose requests have no limits.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "nobody is to find it")]
    pub fn new() -> Self {
        let limits = RequestLimits { bytes: usize::MAX, max_bytes: usize::MAX, spans: usize::MAX };
        Self { encoder: Encoder::new(Protobuf::new(CodeLocation::default()), limits) }
    }

    /// Encodes a batch; returns how many bytes it has.
    pub fn encode(&mut self, batch: &Batch) -> usize {
        let mut bytes = 0;
        for body in self.encoder.encode(batch).bodies {
            bytes += body.bytes.len();
            self.encoder.reuse(std::hint::black_box(body.bytes));
        }
        bytes
    }
}
