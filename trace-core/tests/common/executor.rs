//! An executor for tests, whose time only the tests move.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::future::LocalBoxFuture;
use trace_core::ManualClock;

/// An executor on one thread, driven by a manual clock: it polls what was woken, in order, and lets time pass only where a future
/// works, or where everything waits for a timer.
pub(crate) struct Executor {
    clock: ManualClock,
    ready: Arc<Mutex<VecDeque<usize>>>,
    tasks: RefCell<Vec<Option<LocalBoxFuture<'static, ()>>>>,
    timers: RefCell<Vec<(u64, Waker)>>,
}

/// Wakes a task by its number.
struct TaskWaker {
    number: usize,
    ready: Arc<Mutex<VecDeque<usize>>>,
    is_queued: AtomicBool,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::Relaxed) {
            self.ready.lock().expect("no panic").push_back(self.number);
        }
    }
}

impl Executor {
    pub(crate) fn new(clock: ManualClock) -> Rc<Self> {
        Rc::new(Self { clock, ready: Arc::default(), tasks: RefCell::default(), timers: RefCell::default() })
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.unix_nanos() / 1_000_000
    }

    pub(crate) fn spawn(&self, task: LocalBoxFuture<'static, ()>) {
        let number = self.tasks.borrow().len();
        self.tasks.borrow_mut().push(Some(task));
        self.ready.lock().expect("no panic").push_back(number);
    }

    pub(crate) fn run(&self) {
        let mut wakers: Vec<Arc<TaskWaker>> = Vec::new();
        loop {
            let next = self.ready.lock().expect("no panic").pop_front();
            let Some(number) = next else {
                let mut timers = self.timers.borrow_mut();
                timers.sort_by_key(|&(due, _)| std::cmp::Reverse(due));
                let Some((due, waker)) = timers.pop() else { return };
                self.clock.advance(Duration::from_millis(due.saturating_sub(self.now())));
                drop(timers);
                waker.wake();
                continue;
            };
            while wakers.len() <= number {
                let (number, ready) = (wakers.len(), Arc::clone(&self.ready));
                wakers.push(Arc::new(TaskWaker { number, ready, is_queued: AtomicBool::new(false) }));
            }
            wakers[number].is_queued.store(false, Ordering::Relaxed);
            let waker = Waker::from(Arc::clone(&wakers[number]));
            let Some(mut task) = self.tasks.borrow_mut()[number].take() else { continue };
            if task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
                self.tasks.borrow_mut()[number] = Some(task);
            }
        }
    }

    /// Waits for so long.
    pub(crate) fn sleep(self: &Rc<Self>, millis: u64) -> impl Future<Output = ()> + use<> {
        let (this, due) = (Rc::clone(self), self.now() + millis);
        let mut is_set = false;
        poll_fn(move |cx| {
            if this.now() >= due {
                return Poll::Ready(());
            }
            if !std::mem::replace(&mut is_set, true) {
                this.timers.borrow_mut().push((due, cx.waker().clone()));
            }
            Poll::Pending
        })
    }

    /// Works for so long in one poll.
    pub(crate) fn work(self: &Rc<Self>, millis: u64) -> impl Future<Output = ()> + use<> {
        let this = Rc::clone(self);
        async move { this.clock.advance(Duration::from_millis(millis)) }
    }
}
