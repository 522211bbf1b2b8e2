//! Who of the exporters has answered a flush or a shutdown.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::answer::Question;

/// The exporters that a flush or a shutdown waits for.
#[derive(Debug)]
pub(crate) struct Roll {
    state: Mutex<RollState>,
}

#[derive(Debug)]
struct RollState {
    missing: Vec<String>,
    failures: Vec<(String, String)>,
    question: Option<Question<RollCall>>,
}

/// Who has answered a flush or a shutdown, and what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RollCall {
    /// Exporters that are not done.
    pub(crate) missing: Vec<String>,
    /// Exporters that lost something, and why.
    pub(crate) failures: Vec<(String, String)>,
}

impl Roll {
    /// Calls these exporters, and answers at once if there is none.
    pub(crate) fn new(names: Vec<String>, question: Question<RollCall>) -> Arc<Self> {
        let is_empty = names.is_empty();
        let state = RollState { missing: names, failures: Vec::new(), question: Some(question) };
        let roll = Arc::new(Self { state: Mutex::new(state) });
        if is_empty {
            roll.call();
        }
        roll
    }

    /// An exporter has done it, or failed.
    pub(crate) fn done(&self, name: &str, failure: Option<String>) {
        let mut state = self.lock();
        if let Some(place) = state.missing.iter().position(|missing| missing == name) {
            state.missing.remove(place);
            state.failures.extend(failure.map(|failure| (name.to_owned(), failure)));
        }
        let is_complete = state.missing.is_empty();
        drop(state);
        if is_complete {
            self.call();
        }
    }

    /// Answers with what is known now.
    pub(crate) fn call(&self) {
        let mut state = self.lock();
        let question = state.question.take();
        let call = RollCall { missing: state.missing.clone(), failures: state.failures.clone() };
        drop(state);
        if let Some(question) = question {
            question.answer(call);
        }
    }

    /// Whether it was answered.
    pub(crate) fn is_over(&self) -> bool {
        self.lock().question.is_none()
    }

    fn lock(&self) -> MutexGuard<'_, RollState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
