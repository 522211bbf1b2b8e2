//! emit, with a counting emitter. It has no queue: the thread that ends a span emits it.

use std::fmt::Write as _;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Duration;

use emit::event::ToEvent;
use emit::{Emitter, Frame, Props, SpanCtxt};

use crate::candidate::{Candidate, Mode};
use crate::case::Case;
use crate::digest::Digest;
use crate::ledger;

/// emit with its default context, clock and generator.
#[derive(Debug)]
pub(super) struct Emit;

#[emit::span("child")]
fn child() {
    black_box(());
}

#[emit::span("annotated")]
async fn annotated_async() {
    black_box(());
}

#[emit::span("wrapper")]
async fn wrapped<F: Future>(future: F) -> F::Output {
    future.await
}

#[emit::span("root")]
async fn root<F: Future>(future: F) -> F::Output {
    future.await
}

#[emit::span("task")]
async fn task() {
    black_box(());
}

#[emit::span("rich", first, second, fixed: "a static string", owned)]
fn rich(first: i64, second: i64, owned: String) {
    emit::info!("event");
}

impl Candidate for Emit {
    fn supports(case: Case) -> bool {
        !matches!(case, Case::Held | Case::Stopped)
    }

    fn install(mode: Mode) -> Self {
        match mode {
            Mode::Sampled | Mode::TimedPolls | Mode::TimedWakes | Mode::Held => {
                drop(emit::setup().emit_to(Counting).init())
            }
            Mode::Unsampled => {
                let nothing = emit::filter::from_fn(|_| false);
                drop(emit::setup().emit_to(Counting).emit_when(nothing).init());
            }
            Mode::Off => {}
        }
        Self
    }

    fn flush(&self) {
        emit::blocking_flush(Duration::from_secs(5));
    }

    fn in_root<R>(&self, body: impl FnOnce() -> R) -> R {
        let (mut span, frame) = emit::span_guard!("root");
        frame.call(move || {
            span.start();
            body()
        })
    }

    fn in_root_async<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        root(future)
    }

    #[inline(always)]
    fn child(&self) {
        child();
    }

    #[inline(always)]
    fn by_attribute(&self) {
        child();
    }

    fn by_attribute_async(&self) -> impl Future<Output = ()> {
        annotated_async()
    }

    fn wrapped<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        wrapped(future)
    }

    fn spawned(&self) -> impl Future<Output = ()> + 'static {
        let task = tokio::spawn(Frame::current(emit::ctxt()).in_future(task()));
        async { task.await.expect("the task does not panic") }
    }

    fn rich(&self, number: i64) {
        rich(number, number + 1, String::from("an owned string"));
    }

    fn current(&self) {
        black_box(SpanCtxt::current(emit::ctxt()));
    }

    fn traceparent(&self) {
        let current = SpanCtxt::current(emit::ctxt());
        if let (Some(trace), Some(span)) = (current.trace_id(), current.span_id()) {
            black_box(format!("00-{trace}-{span}-01"));
        }
    }
}

/// Reads every field of every span and event.
#[derive(Debug)]
struct Counting;

impl Emitter for Counting {
    fn emit<E: ToEvent>(&self, event: E) {
        let event = event.to_event();
        let mut digest = Digest::new();
        write!(digest, "{}{}", event.mdl(), event.msg()).expect("a digest takes everything");
        if let Some(extent) = event.extent() {
            digest.wide(extent.as_point().to_unix().as_nanos());
            digest.wide(extent.len().unwrap_or_default().as_nanos());
        }
        let _ = event.props().for_each(|key, value| {
            digest.text(key.get());
            write!(digest, "{value}").expect("a digest takes everything");
            ControlFlow::Continue(())
        });
        let is_span = emit::kind::is_span_filter();
        let spans = u64::from(emit::Filter::matches(&is_span, &event));
        ledger::deliver(spans, digest);
    }

    fn blocking_flush(&self, _: Duration) -> bool {
        true
    }
}
