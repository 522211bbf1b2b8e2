//! Exporters that do what the tests want.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use trace_core::{Batch, Delivery, ExportError, Pipeline, SpanExporter, Stats, Trace, builder};

/// The pipeline of this process, with this exporter alone.
///
/// # Panics
///
/// If the process has one already.
pub fn init(exporter: impl SpanExporter) -> Pipeline {
    builder().without_environment().exporter(exporter).init().expect("the first pipeline")
}

/// Every span that was closed is accounted for at each exporter.
///
/// # Panics
///
/// Otherwise.
#[track_caller]
pub fn assert_balanced(stats: &Stats) {
    for exporter in &stats.exporters {
        assert!(exporter.is_balanced(stats), "{stats:#?}");
    }
}

/// Counts spans.
#[derive(Clone, Debug, Default)]
pub struct Counting {
    spans: Arc<AtomicU64>,
    delivery: Delivery,
}

impl Counting {
    /// One that wants whole traces.
    #[must_use]
    pub fn whole_traces() -> Self {
        Self { delivery: Delivery::Traces, ..Self::default() }
    }

    /// How many spans came.
    #[must_use]
    pub fn spans(&self) -> u64 {
        self.spans.load(Ordering::Acquire)
    }
}

impl SpanExporter for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn delivery(&self) -> Delivery {
        self.delivery
    }

    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        self.spans.fetch_add(batch.len() as u64, Ordering::AcqRel);
        Ok(())
    }
}

/// Keeps whole traces as they were handed on, the parts of one apart.
#[derive(Clone, Debug, Default)]
pub struct Keeping(Arc<Mutex<Vec<Trace>>>);

impl Keeping {
    /// Takes what came so far.
    #[must_use]
    pub fn take(&self) -> Vec<Trace> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SpanExporter for Keeping {
    fn name(&self) -> &str {
        "keeping"
    }

    fn delivery(&self) -> Delivery {
        Delivery::Traces
    }

    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(batch.traces());
        Ok(())
    }
}

/// Waits in every export until it is opened.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Lets everything through from now on.
    pub fn open(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let mut is_open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !*is_open {
            is_open = self.0.1.wait(is_open).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl SpanExporter for Gate {
    fn name(&self) -> &str {
        "gate"
    }

    fn export(&mut self, _: &Batch) -> Result<(), ExportError> {
        self.pass();
        Ok(())
    }
}

/// Fails or panics at every batch.
#[derive(Clone, Copy, Debug)]
pub enum Broken {
    /// Returns an error.
    Fails,
    /// Panics.
    Panics,
}

impl SpanExporter for Broken {
    fn name(&self) -> &str {
        match self {
            Self::Fails => "failing",
            Self::Panics => "panicking",
        }
    }

    fn export(&mut self, _: &Batch) -> Result<(), ExportError> {
        match self {
            Self::Fails => Err(ExportError::new("the disk is full")),
            Self::Panics => std::panic::panic_any("the exporter panics"),
        }
    }
}

/// Long enough for everything that shall happen.
pub const PATIENCE: Duration = Duration::from_secs(30);
