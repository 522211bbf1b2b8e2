//! What arrived at the exporters of this process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use crate::digest::Digest;

static DELIVERED: AtomicU64 = AtomicU64::new(0);
static DIGEST: AtomicU64 = AtomicU64::new(0);
static GATE: Mutex<bool> = Mutex::new(false);
static OPENED: Condvar = Condvar::new();

/// Books a batch of spans that an exporter has read.
pub fn deliver(spans: u64, digest: Digest) {
    DELIVERED.fetch_add(spans, Ordering::Relaxed);
    DIGEST.fetch_xor(digest.finish(), Ordering::Relaxed);
}

/// How many spans have arrived since the process began.
pub fn delivered() -> u64 {
    DELIVERED.load(Ordering::Relaxed)
}

/// The hash of all that arrived.
pub fn digest() -> u64 {
    DIGEST.load(Ordering::Relaxed)
}

/// From now on an exporter gets stuck at [`pass`], as if its backend did not answer.
pub fn close() {
    *GATE.lock().unwrap_or_else(PoisonError::into_inner) = true;
}

/// Lets the exporters go on.
pub fn open() {
    *GATE.lock().unwrap_or_else(PoisonError::into_inner) = false;
    OPENED.notify_all();
}

/// Where an exporter begins a batch: waits while the gate is closed.
pub fn pass() {
    let mut closed = GATE.lock().unwrap_or_else(PoisonError::into_inner);
    while *closed {
        closed = OPENED.wait(closed).unwrap_or_else(PoisonError::into_inner);
    }
}
