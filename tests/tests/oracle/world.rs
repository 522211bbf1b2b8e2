//! The plain oracle: what every span must look like, written down as the program runs, without a thread-local.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use trace_core::{CurrentSpan, Outcome, current_span};

use crate::shapes::{Shape, Shapes};

/// A span's number in the oracle's book.
pub(crate) type Key = usize;

/// Where code runs, passed on by value from caller to callee.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) span: Option<Key>,
    /// Whether the span cannot end while the code runs, and nobody else says the same of it at the same time.
    pub(crate) owns: bool,
    /// Whether the code runs beside the runtime's threads.
    pub(crate) is_foreign: bool,
}

impl Place {
    pub(crate) const ROOT: Self = Self { span: None, owns: false, is_foreign: false };

    /// Inside this span.
    pub(crate) const fn inside(self, span: Key) -> Self {
        Self { span: Some(span), owns: true, ..self }
    }

    /// In the same span, which may end meanwhile.
    pub(crate) const fn shared(self) -> Self {
        Self { owns: false, ..self }
    }

    /// On a thread of its own, at the same time as others.
    pub(crate) const fn foreign(self) -> Self {
        Self { owns: false, is_foreign: true, ..self }
    }

    pub(crate) const fn without_span(self) -> Self {
        Self { span: None, owns: false, ..self }
    }
}

/// What the oracle knows of an attribute that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    There(i64),
    /// It was written after the span's end.
    Ignored,
    /// It was written while the span ended elsewhere.
    Either,
}

#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) name: &'static str,
    pub(crate) parent: Option<Key>,
    /// The number of its trace.
    pub(crate) trace: usize,
    pub(crate) handle: CurrentSpan,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) failed: bool,
    pub(crate) link: Option<Key>,
    pub(crate) attributes: BTreeMap<String, Written>,
    /// Whether its end may come while other threads look.
    is_foreign: bool,
}

#[derive(Debug, Default)]
struct Book {
    spans: Vec<Expected>,
    /// Of each trace, how many of its spans run.
    running: Vec<usize>,
    /// Traces in which something began when nothing of them ran, as far as the oracle knows.
    revived: Vec<usize>,
    writes: i64,
    ignored: u64,
    maybe_ignored: u64,
    mismatches: Vec<String>,
}

pub(crate) struct World {
    pub(crate) is_single_thread: bool,
    pub(crate) shapes: Shapes,
    book: Mutex<Book>,
}

/// How a span begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Birth {
    /// Where its place says.
    Here,
    /// Of this parent, in its trace.
    Of(Key),
    Root,
    Linked,
}

impl World {
    pub(crate) fn new(is_single_thread: bool) -> Self {
        Self { is_single_thread, shapes: Shapes::default(), book: Mutex::default() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down that a span began here.
    pub(crate) fn born(&self, name: &'static str, place: Place, birth: Birth, handle: CurrentSpan) -> Key {
        let mut book = self.book();
        let parent = match birth {
            Birth::Here => place.span,
            Birth::Of(parent) => Some(parent),
            Birth::Root | Birth::Linked => None,
        };
        let trace = match parent {
            Some(parent) => book.spans[parent].trace,
            None => {
                book.running.push(0);
                book.running.len() - 1
            }
        };
        let may_race = |parent: Key| !self.is_single_thread || place.is_foreign || book.spans[parent].is_foreign;
        let may_revive = matches!(birth, Birth::Of(parent) if may_race(parent));
        if parent.is_some() && (book.running[trace] == 0 || may_revive) {
            book.revived.push(trace);
        }
        book.running[trace] += 1;
        let link = if matches!(birth, Birth::Linked) { place.span } else { None };
        book.spans.push(Expected {
            name,
            parent,
            trace,
            handle,
            outcome: None,
            failed: false,
            link,
            attributes: BTreeMap::new(),
            is_foreign: place.is_foreign,
        });
        book.spans.len() - 1
    }

    /// Writes down how a span ended, after it has.
    pub(crate) fn over(&self, key: Key, outcome: Outcome) {
        match outcome {
            Outcome::Cancelled => self.shapes.count(Shape::Cancelled),
            Outcome::NeverPolled => self.shapes.count(Shape::NeverPolled),
            _ => {}
        }
        let mut book = self.book();
        let trace = book.spans[key].trace;
        book.running[trace] -= 1;
        let span = &mut book.spans[key];
        assert_eq!(span.outcome, None, "the oracle itself is wrong");
        span.outcome = Some(if outcome == Outcome::Ok && span.failed { Outcome::Error } else { outcome });
    }

    pub(crate) fn is_over(&self, key: Key) -> bool {
        self.book().spans[key].outcome.is_some()
    }

    /// Some span that has begun.
    pub(crate) fn any(&self, number: usize) -> Option<(Key, CurrentSpan)> {
        let book = self.book();
        if book.spans.is_empty() {
            return None;
        }
        let key = number % book.spans.len();
        Some((key, book.spans[key].handle))
    }

    /// The next value to write.
    pub(crate) fn value(&self) -> i64 {
        let mut book = self.book();
        book.writes += 1;
        book.writes
    }

    /// Says that the span one is in has failed.
    pub(crate) fn failed(&self, place: Place) {
        if let Some(key) = place.span {
            self.book().spans[key].failed = true;
        }
    }

    /// Whether what is written to a span here, if it has not ended, is surely there; and whether it has ended.
    pub(crate) fn before_write(&self, place: Place, key: Key) -> Written {
        let book = self.book();
        let span = &book.spans[key];
        let owns = place.owns && place.span == Some(key);
        if span.outcome.is_some() {
            Written::Ignored
        } else if owns || self.is_single_thread && !place.is_foreign && !span.is_foreign {
            Written::There(book.writes)
        } else {
            Written::Either
        }
    }

    pub(crate) fn wrote(&self, key: Key, attribute: String, written: Written) {
        let mut book = self.book();
        match written {
            Written::There(_) => {}
            Written::Ignored => book.ignored += 1,
            Written::Either => book.maybe_ignored += 1,
        }
        book.spans[key].attributes.insert(attribute, written);
    }

    /// Looks whether the current span is the one it must be here.
    pub(crate) fn look(&self, place: Place, before: &dyn std::fmt::Debug) {
        let mut book = self.book();
        let expected = place.span.map(|key| book.spans[key].handle.span_id());
        let found = current_span().span_id();
        if expected.flatten() != found {
            let name = |id| book.spans.iter().position(|span| span.handle.span_id() == id);
            let found = found.map(|found| name(Some(found)).map_or("unknown".to_owned(), |key| format!("{key}")));
            let text = format!("before {before:.60?}: in span {:?}, must be in {:?}", found, place.span);
            book.mismatches.push(text);
        }
    }

    pub(crate) fn mismatch(&self, text: String) {
        self.book().mismatches.push(text);
    }

    pub(crate) fn into_findings(self) -> Findings {
        let book = self.book.into_inner().unwrap_or_else(PoisonError::into_inner);
        Findings {
            spans: book.spans,
            revived: book.revived,
            ignored: book.ignored,
            maybe_ignored: book.maybe_ignored,
            mismatches: book.mismatches,
            shapes: self.shapes,
        }
    }
}

/// What the oracle knows when the program is over.
pub(crate) struct Findings {
    pub(crate) spans: Vec<Expected>,
    pub(crate) revived: Vec<usize>,
    pub(crate) ignored: u64,
    pub(crate) maybe_ignored: u64,
    pub(crate) mismatches: Vec<String>,
    pub(crate) shapes: Shapes,
}
