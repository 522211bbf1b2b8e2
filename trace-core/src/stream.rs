//! Streams with a span of their own: from the wrapper's making to the stream's end.

use std::pin::Pin;
use std::task::{self, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::carried::Carried;
use crate::context::Carry;
use crate::current_span::current_span;
use crate::span::Span;
use crate::visit::woken_by;

/// The attribute with the number of items that a stream gave.
pub(crate) const ITEMS: &str = "stream.items";
/// The event at a stream's first item.
const FIRST_ITEM: &str = "first item";

/// What every stream can do here.
pub trait StreamExt: Stream + Sized {
    /// Runs the stream inside a span: the span is current while the stream is polled, and while it is dropped.
    ///
    /// The span ends when the stream does, panics or is dropped, and tells which of these it was: `ok`, `panicked`,
    /// `cancelled`, or `never_polled`. The attribute `stream.items` counts what it gave, and the event `first item` tells
    /// when it began to.
    ///
    /// ```
    /// use futures::{StreamExt as _, stream};
    /// use trace_core::{Span, StreamExt, capture};
    ///
    /// let captured = capture(|| {
    ///     let numbers = StreamExt::in_span(stream::iter([1, 2, 3]), Span::new("numbers"));
    ///     futures::executor::block_on(numbers.collect::<Vec<_>>())
    /// });
    /// let trace = captured.trace()?;
    /// assert_eq!(trace.root().unwrap().attribute("stream.items"), Some(&3.into()));
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    fn in_span(self, span: Span) -> InSpanStream<Self> {
        InSpanStream { stream: Some(self), carried: Carried::of(span), items: Items::default() }
    }

    /// Runs the stream in the span that is current at this call, wherever it is polled. That span's end and attributes are
    /// left to its owner.
    fn in_current_span(self) -> InSpanStream<Self> {
        let carried = Carried::context(Carry::current());
        InSpanStream { stream: Some(self), carried, items: Items::uncounted() }
    }
}

impl<S: Stream> StreamExt for S {}

pin_project! {
    /// A stream with a context of its own. Made by [`StreamExt`].
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct InSpanStream<S> {
        // Some until this is dropped.
        #[pin]
        stream: Option<S>,
        carried: Carried,
        items: Items,
    }

    impl<S> PinnedDrop for InSpanStream<S> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let mut stream = this.stream;
            drop_inside(this.carried, this.items, || stream.set(None));
        }
    }
}

impl<S: Stream> Stream for InSpanStream<S> {
    type Item = S::Item;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let waker = this.carried.waker(cx);
        let stream = this.stream.as_pin_mut().expect("the stream is taken out when this is dropped");
        poll_item(this.carried, this.items, || stream.poll_next(&mut woken_by(&waker, cx)), |_| false)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

/// What is known of a stream's items so far.
#[derive(Debug)]
pub(crate) struct Items {
    count: u64,
    failed: bool,
    /// Whether the span is ours to tell of them.
    told: bool,
}

impl Default for Items {
    fn default() -> Self {
        Self { count: 0, failed: false, told: true }
    }
}

impl Items {
    fn uncounted() -> Self {
        Self { told: false, ..Self::default() }
    }

    fn one_more(&mut self) {
        self.count += 1;
        if self.count == 1 && self.told {
            current_span().add_event(FIRST_ITEM);
        }
    }

    fn tell(&self) {
        if self.told {
            current_span().set_attribute(ITEMS, self.count);
        }
    }
}

/// Polls a stream in the context that it carries.
#[inline]
pub(crate) fn poll_item<T>(
    carried: &mut Carried,
    items: &mut Items,
    poll: impl FnOnce() -> Poll<Option<T>>,
    failed: impl FnOnce(&T) -> bool,
) -> Poll<Option<T>> {
    if carried.is_nothing() {
        return poll();
    }
    if carried.is_done() {
        // Some streams may be polled after their end; the span had one.
        let mut visit = carried.visit_to_drop();
        let poll = poll();
        visit.dropped();
        return poll;
    }
    let mut visit = carried.visit();
    let poll = poll();
    match &poll {
        Poll::Pending => visit.returned(false),
        Poll::Ready(Some(item)) => {
            items.one_more();
            items.failed |= current_span().is_recording() && failed(item);
            visit.returned(false);
        }
        Poll::Ready(None) => {
            items.tell();
            visit.finished(items.failed);
        }
    }
    poll
}

/// Drops a stream in the context that it carries.
pub(crate) fn drop_inside(carried: &mut Carried, items: &Items, drop_stream: impl FnOnce()) {
    if carried.is_nothing() {
        return;
    }
    let is_done = carried.is_done();
    let mut visit = carried.visit_to_drop();
    if !is_done {
        items.tell();
    }
    drop_stream();
    visit.dropped();
}
