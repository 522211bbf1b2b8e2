//! What an exporter knows of its requests.

use std::sync::{Arc, Mutex, PoisonError};

/// What became of an exporter's requests, taken by [`OtlpMonitor::stats`]. What became of every span stands in the books of
/// the pipeline: [`trace_core::Stats`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtlpStats {
    /// Attempts to send a request, of which one may need several.
    pub attempts: u64,
    /// Attempts that failed so that they could be repeated.
    pub failed_attempts: u64,
    /// Requests that a receiver took.
    pub accepted_requests: u64,
    /// Requests that a receiver refused for good.
    pub refused_requests: u64,
    /// Spans in requests that a receiver took, and did not take after all.
    pub rejected_spans: u64,
    /// Spans larger than a request may be.
    pub too_large_spans: u64,
    /// Spans that were put into the spool.
    pub spooled_spans: u64,
    /// Spans in the spool at this moment, those of earlier processes included.
    pub waiting_spans: u64,
    /// The size of the spool at this moment, in bytes.
    pub waiting_bytes: u64,
    /// Spans for which the spool had no room, or which could not be written to it.
    pub unspooled_spans: u64,
    /// Spans that were in the spool and were refused, rejected, or gone from the disk.
    pub lost_from_spool_spans: u64,
    /// Files in the spool that could not be read: torn by a crash, or changed.
    pub damaged_files: u64,
    /// The newest thing that a receiver or the spool had to say beside an error.
    pub last_warning: Option<String>,
    /// The newest error.
    pub last_error: Option<String>,
}

/// A view on an exporter that a pipeline has taken. See [`OtlpExporter::monitor`](crate::OtlpExporter::monitor).
#[derive(Clone, Debug, Default)]
pub struct OtlpMonitor {
    stats: Arc<Mutex<OtlpStats>>,
}

impl OtlpMonitor {
    /// What became of the exporter's requests until now.
    #[must_use]
    pub fn stats(&self) -> OtlpStats {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn update(&self, update: impl FnOnce(&mut OtlpStats)) {
        update(&mut self.stats.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
