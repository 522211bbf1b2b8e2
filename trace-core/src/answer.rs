//! An answer that is awaited by a thread or by a task, with or without a runtime.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// The asking side.
#[derive(Debug)]
pub(crate) struct Answer<T>(Arc<Shared<T>>);

/// The answering side; dropped without a word, it answers `None`.
#[derive(Debug)]
pub(crate) struct Question<T>(Arc<Shared<T>>);

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    answer: Option<T>,
    is_over: bool,
    waker: Option<Waker>,
}

pub(crate) fn question<T>() -> (Question<T>, Answer<T>) {
    let state = Mutex::new(State { answer: None, is_over: false, waker: None });
    let shared = Arc::new(Shared { state, changed: Condvar::new() });
    (Question(Arc::clone(&shared)), Answer(shared))
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self, answer: Option<T>) {
        let mut state = self.lock();
        if state.is_over {
            return;
        }
        (state.answer, state.is_over) = (answer, true);
        let waker = state.waker.take();
        drop(state);
        self.changed.notify_all();
        // A waker is somebody else's code.
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Question<T> {
    pub(crate) fn answer(self, answer: T) {
        self.0.close(Some(answer));
    }
}

impl<T> Drop for Question<T> {
    fn drop(&mut self) {
        self.0.close(None);
    }
}

impl<T> Answer<T> {
    /// Waits for the answer; `None` if there will be none, or not in time.
    pub(crate) fn wait(self, timeout: Duration) -> Option<T> {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.0.lock();
        while !state.is_over {
            let left =
                deadline.map_or(Duration::from_secs(60), |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return None;
            }
            state = self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.answer.take()
    }
}

impl<T> Future for Answer<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.0.lock();
        if state.is_over {
            return Poll::Ready(state.answer.take());
        }
        let old = state.waker.replace(cx.waker().clone());
        drop(state);
        drop(old);
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_reaches_a_thread_and_a_task() {
        let (question, answer) = question();
        let thread = std::thread::spawn(move || answer.wait(Duration::from_secs(60)));
        question.answer(1);
        assert_eq!(thread.join().unwrap(), Some(1));

        let (question, answer) = super::question();
        let thread = std::thread::spawn(move || question.answer(2));
        assert_eq!(futures::executor::block_on(answer), Some(2));
        thread.join().unwrap();
    }

    #[test]
    fn a_question_that_is_dropped_or_too_slow_is_answered_by_none() {
        let (question, answer) = question::<u32>();
        drop(question);
        assert_eq!(futures::executor::block_on(answer), None);
        let (_question, answer) = super::question::<u32>();
        assert_eq!(answer.wait(Duration::from_millis(1)), None);
    }
}
