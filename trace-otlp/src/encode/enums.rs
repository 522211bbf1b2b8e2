//! What OTLP has numbers for, however they are written.

use trace_core::{Outcome, SpanKind, SpanView, Status};

/// Bits 8 and 9 of a span's and a link's flags: whether it is known that the other span is remote, and whether it is.
const REMOTE_IS_KNOWN: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// The flags of a span or a link: those that travel, and whether the parent or the linked span is remote.
pub(crate) const fn flags(bits: u8, is_remote: bool) -> u32 {
    bits as u32 | REMOTE_IS_KNOWN | if is_remote { IS_REMOTE } else { 0 }
}

/// The number of a kind in `Span.SpanKind`.
pub(crate) const fn kind(kind: SpanKind) -> u8 {
    match kind {
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
        _ => 1,
    }
}

/// The number of a status in `Status.StatusCode`, and its message.
pub(crate) fn status(status: &Status) -> Option<(u8, &str)> {
    match status {
        Status::Unset => None,
        Status::Ok => Some((1, "")),
        Status::Error { description } => Some((2, description)),
    }
}

/// What is said of an outcome beside the status.
pub(crate) const fn outcome(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Ok | Outcome::Error => None,
        outcome => Some(outcome.as_str()),
    }
}

/// Nanoseconds since 1970 at a span's end; `now` for one that is open, but never before its start.
pub(crate) fn end(span: &SpanView<'_>, start: u64, now: u64) -> u64 {
    span.end_unix_nanos().unwrap_or(now.max(start))
}
