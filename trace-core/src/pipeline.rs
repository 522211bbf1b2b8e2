//! The pipeline while it runs, and its end.

use std::time::Duration;

use crate::env::ConfigWarning;
use crate::flush::{FlushError, ask, flush, flush_async, stats, wait, wait_async};
use crate::processor::Ending;
use crate::stats::Stats;
use crate::switches::{self, GLOBAL};
use crate::watchdog::Watchdog;

/// The running pipeline. Dropping it hands on every span that has ended, and what is open as open, and waits for the
/// exporters for the time set by [`PipelineBuilder::drop_timeout`](crate::PipelineBuilder::drop_timeout).
///
/// What is recorded afterwards is still handed on, and a span that was open is handed on again when it ends, but nobody
/// waits for it: it arrives if the process lives long enough. After [`shutdown`](Self::shutdown) nothing is recorded.
///
/// ```
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let pipeline = trace_core::init()?;
///     // Here an async runtime would be built and dropped: what it cancels at its end is recorded.
///     trace_core::in_scope("work", || println!("working"));
///     drop(pipeline); // as the end of `main` does
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping it flushes: keep it until the end of main"]
pub struct Pipeline {
    pub(crate) is_on: bool,
    pub(crate) drop_timeout: Duration,
    pub(crate) warnings: Vec<ConfigWarning>,
    /// Ends when this is dropped.
    pub(crate) _watchdog: Option<Watchdog>,
}

impl Pipeline {
    /// What was wrong in the environment, and what was used instead; what the exporters read of it included. Each was printed
    /// to standard error as well, unless `OTEL_LOG_LEVEL` is `error`.
    #[must_use]
    pub fn warnings(&self) -> &[ConfigWarning] {
        &self.warnings
    }

    /// [`stats`], by method.
    #[must_use]
    pub fn stats(&self) -> Stats {
        stats()
    }

    /// [`flush`], by method.
    ///
    /// # Errors
    ///
    /// See [`flush`].
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        flush(timeout)
    }

    /// [`flush_async`], by method.
    ///
    /// # Errors
    ///
    /// See [`flush`].
    pub async fn flush_async(&self, timeout: Duration) -> Result<(), FlushError> {
        flush_async(timeout).await
    }

    /// Ends the pipeline: traces that begin from now on are not recorded, everything that has ended is handed on, with what
    /// is open as open, and the exporters are shut down.
    ///
    /// # Errors
    ///
    /// See [`flush`].
    pub fn shutdown(mut self, timeout: Duration) -> Result<(), FlushError> {
        self.end().map_or(Ok(()), |()| wait(ask(true, Ending::ShutDown, timeout), timeout))
    }

    /// [`shutdown`](Self::shutdown) for a task: it waits without blocking the thread.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pipeline = trace_core::init()?;
    /// # futures::executor::block_on(async {
    /// trace_core::in_scope("work", || ());
    /// pipeline.shutdown_async(Duration::from_secs(5)).await?;
    /// assert!(!trace_core::start_span("afterwards").is_recording());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`flush`].
    pub async fn shutdown_async(mut self, timeout: Duration) -> Result<(), FlushError> {
        match self.end() {
            Some(()) => wait_async(ask(true, Ending::ShutDown, timeout)).await,
            None => Ok(()),
        }
    }

    /// Switches recording off; `None` if it was off.
    fn end(&mut self) -> Option<()> {
        std::mem::replace(&mut self.is_on, false).then(|| switches::remove(GLOBAL))
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if !self.is_on {
            return;
        }
        if let Err(error) = wait(ask(true, Ending::GoOn, self.drop_timeout), self.drop_timeout) {
            eprintln!("trace-core: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_can_be_shared_and_sent() {
        fn shared<T: Send + Sync + 'static>() {}
        shared::<Pipeline>();
    }
}
