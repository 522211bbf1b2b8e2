//! Telling the processor that a recorded context is carried somewhere, so that its trace is not complete yet.

use crate::budget::Worth;
use crate::buffer;
use crate::hot::Hot;
use crate::record::Record;
use crate::switches;
use crate::unannounced;

/// Announces that this context is taken along. `false` if there is no memory for it; then nothing must be closed.
pub(crate) fn open(hot: Hot) -> bool {
    let Some(trace) = hot.trace_id() else { return false };
    unannounced::make_up();
    let pipeline = hot.pipeline();
    let opened = buffer::push(Worth::Span, || Record::CarrierOpened { pipeline, trace });
    switches::wake_lazily();
    opened
}

/// Tells that a context that was taken along is let go.
pub(crate) fn close(hot: Hot) {
    if let Some(trace) = hot.trace_id() {
        let pipeline = hot.pipeline();
        buffer::push(Worth::End, || Record::CarrierClosed { pipeline, trace });
        switches::wake_lazily();
    }
}
