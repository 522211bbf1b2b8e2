//! Collects the times of many short blocks, and the processor time around them.

use std::thread;
use std::time::{Duration, Instant};

use crate::candidate::Candidate;
use crate::case::Case;
use crate::sample::Sample;
use crate::ticks::{self, Anchor};
use crate::{ledger, machine};

/// One running measurement.
#[derive(Debug)]
pub(super) struct Meter {
    case: Case,
    anchor: Anchor,
    blocks: Vec<u64>,
    cpu: Duration,
    base: u64,
    produced: u64,
    delivered: u64,
}

impl Meter {
    /// Starts with room for so many blocks, so that the measurement itself does not allocate.
    pub(super) fn new(case: Case, blocks: u32) -> Self {
        Self {
            case,
            anchor: Anchor::now(),
            blocks: Vec::with_capacity(blocks as usize),
            cpu: Duration::ZERO,
            base: ledger::delivered(),
            produced: 0,
            delivered: 0,
        }
    }

    /// Runs one stretch of the measurement and the flush after it, and books the processor time of both.
    pub(super) fn stretch<C: Candidate>(&mut self, candidate: &C, body: impl FnOnce(&mut Self)) {
        self.base = ledger::delivered() - self.delivered;
        let before = machine::process_cpu();
        body(self);
        candidate.flush();
        if C::EXPORTS {
            self.await_delivery(0, Duration::from_millis(1), Duration::from_millis(20));
        }
        self.cpu += machine::process_cpu() - before;
        self.delivered = ledger::delivered() - self.base;
    }

    /// Times one block.
    #[inline(always)]
    pub(super) fn block<R>(&mut self, body: impl FnOnce() -> R) -> R {
        let start = ticks::now();
        let result = body();
        self.blocks.push(ticks::now().wrapping_sub(start));
        result
    }

    /// Books a block that was timed elsewhere.
    pub(super) fn book(&mut self, ticks: u64) {
        self.blocks.push(ticks);
    }

    /// Books spans that have ended, and lets a library with a short queue catch up.
    pub(super) fn ended<C: Candidate>(&mut self, spans: u64) {
        self.book_spans(spans);
        if let Some(backlog) = C::backlog(self.case) {
            self.await_delivery(backlog, Duration::from_micros(20), Duration::from_millis(100));
        }
    }

    /// Books spans that have ended.
    pub(super) fn book_spans(&mut self, spans: u64) {
        self.produced += spans;
    }

    /// Waits until no more than `backlog` spans are under way, or the patience ends.
    fn await_delivery(&self, backlog: u64, nap: Duration, patience: Duration) {
        let waits = || self.produced > ledger::delivered() - self.base + backlog;
        if !waits() {
            return;
        }
        let since = Instant::now();
        while waits() && since.elapsed() < patience {
            thread::sleep(nap);
        }
    }

    /// Mean nanoseconds of an operation, over the blocks in which the thread was not interrupted.
    pub(super) fn hot(&self, operations_per_block: u32) -> (f64, u64) {
        let nanos_per_tick = self.anchor.nanos_per_tick();
        let mut sorted = self.blocks.clone();
        sorted.sort_unstable();
        let median = sorted[sorted.len() / 2];
        // A time slice given to another process is milliseconds long; what a library does now and then is not.
        let limit = 4 * median + (100_000.0 / nanos_per_tick) as u64;
        let kept = sorted.partition_point(|block| *block <= limit);
        let total: u64 = sorted[..kept].iter().sum();
        let operations = kept as f64 * f64::from(operations_per_block);
        (total as f64 * nanos_per_tick / operations, (sorted.len() - kept) as u64)
    }

    /// Processor time so far, in nanoseconds.
    pub(super) fn cpu_nanos(&self) -> f64 {
        self.cpu.as_nanos() as f64
    }

    /// The figures: hot per operation, and cpu per delivered span if the case leaves spans.
    pub(super) fn sample<C: Candidate>(&self, operations_per_block: u32) -> Sample {
        let (hot, interrupted) = self.hot(operations_per_block);
        let books = self.books::<C>();
        let spans = if C::EXPORTS { self.delivered } else { self.produced };
        Sample {
            hot: Some(hot),
            cpu: (spans > 0 && self.case.leaves_spans()).then(|| self.cpu_nanos() / spans as f64),
            interrupted,
            ..books
        }
    }

    /// What was lost.
    pub(super) fn books<C: Candidate>(&self) -> Sample {
        Sample {
            produced: if C::EXPORTS && self.case.leaves_spans() { self.produced } else { 0 },
            delivered: self.delivered,
            blocks: self.blocks.len() as u64,
            ..Sample::default()
        }
    }
}
