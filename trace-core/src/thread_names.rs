//! The names of the threads that have written records, by their numbers.
//!
//! A thread gets its number with its first buffer. Its name is kept beyond its end, for its spans outlive it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How many names are kept: those of the newest threads.
const KEPT: usize = 1024;

static NAMES: Mutex<BTreeMap<u32, Arc<str>>> = Mutex::new(BTreeMap::new());

/// Keeps the name of this thread, if it has one, under its number.
#[cold]
pub(crate) fn keep(number: u32) {
    let thread = thread::current();
    let Some(name) = thread.name().map(Arc::from) else { return };
    let mut names = names();
    names.insert(number, name);
    if names.len() > KEPT {
        names.pop_first();
    }
}

/// The name of the thread of this number.
pub(crate) fn name(number: u32) -> Option<Arc<str>> {
    names().get(&number).cloned()
}

fn names() -> MutexGuard<'static, BTreeMap<u32, Arc<str>>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}
