//! Sinks with a span of their own: from the wrapper's making until the sink is closed.

use std::pin::Pin;
use std::task::{self, Poll, Waker};

use futures_sink::Sink;
use pin_project_lite::pin_project;

use crate::carried::Carried;
use crate::current_span::current_span;
use crate::span::Span;
use crate::visit::woken_by;

/// The attribute with the number of items that a sink took.
const ITEMS: &str = "sink.items";

/// What every sink can do here.
pub trait SinkExt<Item>: Sink<Item> + Sized {
    /// Runs the sink inside a span: the span is current while the sink works, and while it is dropped.
    ///
    /// The span ends when the sink is closed, panics or is dropped. It tells `error` if the sink said so, and `cancelled` if
    /// it was dropped with items that it had not been asked to flush. The attribute `sink.items` counts what it took.
    ///
    /// ```
    /// use futures::SinkExt as _;
    /// use trace_core::{SinkExt, Span, capture};
    ///
    /// let captured = capture(|| {
    ///     let mut numbers = SinkExt::in_span(Vec::new(), Span::new("numbers"));
    ///     futures::executor::block_on(async {
    ///         numbers.send(1).await.unwrap();
    ///         numbers.close().await.unwrap();
    ///     });
    /// });
    /// assert_eq!(captured.trace()?.root().unwrap().attribute("sink.items"), Some(&1.into()));
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    fn in_span(self, span: Span) -> InSpanSink<Self> {
        InSpanSink { sink: Some(self), carried: Carried::of(span), state: State::default() }
    }
}

impl<S: Sink<Item>, Item> SinkExt<Item> for S {}

pin_project! {
    /// A sink with a context of its own. Made by [`SinkExt`].
    #[derive(Debug)]
    #[must_use = "sinks do nothing unless polled"]
    pub struct InSpanSink<S> {
        // Some until this is dropped.
        #[pin]
        sink: Option<S>,
        carried: Carried,
        state: State,
    }

    impl<S> PinnedDrop for InSpanSink<S> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.carried.is_nothing() {
                return;
            }
            let is_done = this.carried.is_done();
            let mut visit = this.carried.visit_to_drop();
            if !is_done {
                this.state.tell();
            }
            this.sink.set(None);
            if !is_done && this.state.failed {
                visit.returned_error();
            } else if !is_done && this.state.is_flushed {
                visit.returned(true);
            } else {
                visit.dropped();
            }
        }
    }
}

/// What is known of a sink so far.
#[derive(Debug, Default)]
struct State {
    items: u64,
    failed: bool,
    /// Whether it was flushed since the last item.
    is_flushed: bool,
}

impl State {
    fn tell(&self) {
        current_span().set_attribute(ITEMS, self.items);
    }
}

impl<S> InSpanSink<S> {
    /// The waker to poll with, where wake-ups are timed.
    fn waker(self: Pin<&mut Self>, cx: &task::Context<'_>) -> Option<Waker> {
        self.project().carried.waker(cx)
    }

    /// Does something with the sink in its context.
    fn with<R>(
        self: Pin<&mut Self>,
        work: impl FnOnce(Pin<&mut S>) -> R,
        outcome: impl FnOnce(&mut State, &R) -> Result<Step, ()>,
    ) -> R {
        let this = self.project();
        let sink = this.sink.as_pin_mut().expect("the sink is taken out when this is dropped");
        if this.carried.is_nothing() {
            return work(sink);
        }
        if this.carried.is_done() {
            let mut visit = this.carried.visit_to_drop();
            let result = work(sink);
            visit.dropped();
            return result;
        }
        let mut visit = this.carried.visit();
        let result = work(sink);
        match outcome(this.state, &result) {
            Ok(Step::GoesOn) => visit.returned(false),
            Ok(Step::Closed) => {
                this.state.tell();
                visit.finished(this.state.failed);
            }
            Err(_) => {
                this.state.failed = true;
                visit.returned(false);
            }
        }
        result
    }
}

/// Whether there is more to come.
enum Step {
    GoesOn,
    Closed,
}

impl<S: Sink<Item>, Item> Sink<Item> for InSpanSink<S> {
    type Error = S::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        let waker = self.as_mut().waker(cx);
        self.with(
            |sink| sink.poll_ready(&mut woken_by(&waker, cx)),
            |_, poll| if is_error(poll) { Err(()) } else { Ok(Step::GoesOn) },
        )
    }

    fn start_send(self: Pin<&mut Self>, item: Item) -> Result<(), S::Error> {
        self.with(
            |sink| sink.start_send(item),
            |state, sent| {
                state.is_flushed = false;
                state.items += u64::from(sent.is_ok());
                if sent.is_err() { Err(()) } else { Ok(Step::GoesOn) }
            },
        )
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        let waker = self.as_mut().waker(cx);
        self.with(
            |sink| sink.poll_flush(&mut woken_by(&waker, cx)),
            |state, poll| {
                state.is_flushed |= poll.is_ready();
                if is_error(poll) { Err(()) } else { Ok(Step::GoesOn) }
            },
        )
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        let waker = self.as_mut().waker(cx);
        self.with(
            |sink| sink.poll_close(&mut woken_by(&waker, cx)),
            |_, poll| match poll {
                Poll::Ready(Ok(())) => Ok(Step::Closed),
                Poll::Ready(Err(_)) => Err(()),
                Poll::Pending => Ok(Step::GoesOn),
            },
        )
    }
}

fn is_error<E>(poll: &Poll<Result<(), E>>) -> bool {
    matches!(poll, Poll::Ready(Err(_)))
}
