//! One operation many times over, for callgrind: `instructions.sh` runs it with two counts and divides the difference.
#![allow(clippy::print_stdout, reason = "the list of operations is the result of a run without arguments")]

use std::env;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use benches::floor;
use trace_core::{
    Batch, ExportError, FutureExt, Pipeline, PipelineBuilder, Sampler, Span, SpanExporter, in_scope, start_span, traced,
};

/// An operation, by its name; callgrind is told to count in the function `measured_` and the name.
type Operation = (&'static str, fn(u32));

const OPERATIONS: [Operation; 12] = [
    ("floor", measured_floor),
    ("sync_span", sync_span),
    ("sync_attribute", sync_attribute),
    ("async_span", async_span),
    ("async_poll", async_poll),
    ("timed_poll", timed_poll),
    ("woken_poll", woken_poll),
    ("unsampled_span", unsampled_span),
    ("unsampled_async", unsampled_async),
    ("uninitialised", measured_uninitialised),
    ("uninitialised_async", measured_uninitialised_async),
    ("rich_span", rich_span),
];

/// Never inlined, so that callgrind finds it by name and counts what runs inside it, on this thread alone.
#[inline(never)]
fn measured_floor(count: u32) {
    for _ in 0..count {
        floor::span();
    }
}

fn sync_span(count: u32) {
    let _pipeline = pipeline(Sampler::default());
    in_scope("root", || measured_sync_span(count));
}

#[inline(never)]
fn measured_sync_span(count: u32) {
    for _ in 0..count {
        let _span = start_span("child");
        black_box(());
    }
}

#[traced]
fn annotated() {
    black_box(());
}

fn sync_attribute(count: u32) {
    let _pipeline = pipeline(Sampler::default());
    in_scope("root", || measured_sync_attribute(count));
}

#[inline(never)]
fn measured_sync_attribute(count: u32) {
    for _ in 0..count {
        annotated();
    }
}

#[traced]
async fn annotated_async() {
    black_box(());
}

fn async_span(count: u32) {
    let _pipeline = pipeline(Sampler::default());
    in_scope("root", || measured_async_span(count));
}

#[inline(never)]
fn measured_async_span(count: u32) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..count {
        let future = pin!(annotated_async());
        let _ = black_box(future.poll(&mut context));
    }
}

/// Never ready.
struct Never;

impl Future for Never {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        black_box(Poll::Pending)
    }
}

fn async_poll(count: u32) {
    let _pipeline = pipeline(Sampler::default());
    in_scope("root", || measured_async_poll(pin!(Never.in_span(Span::new("wrapper"))), count));
}

#[inline(never)]
fn measured_async_poll(mut future: Pin<&mut impl Future<Output = ()>>, count: u32) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..count {
        let _ = black_box(future.as_mut().poll(&mut context));
    }
}

fn timed_poll(count: u32) {
    let _pipeline = start(trace_core::builder().time_polls());
    in_scope("root", || measured_timed_poll(pin!(Never.in_span(Span::new("wrapper"))), count));
}

#[inline(never)]
fn measured_timed_poll(mut future: Pin<&mut impl Future<Output = ()>>, count: u32) {
    // Else the compiler makes one function of this and the one above.
    black_box("timed");
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..count {
        let _ = black_box(future.as_mut().poll(&mut context));
    }
}

fn woken_poll(count: u32) {
    let _pipeline = start(trace_core::builder().time_wakes());
    in_scope("root", || measured_woken_poll(pin!(Never.in_span(Span::new("wrapper"))), count));
}

#[inline(never)]
fn measured_woken_poll(mut future: Pin<&mut impl Future<Output = ()>>, count: u32) {
    black_box("woken");
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..count {
        let _ = black_box(future.as_mut().poll(&mut context));
    }
}

fn unsampled_span(count: u32) {
    let _pipeline = pipeline(Sampler::always_off());
    in_scope("root", || measured_unsampled_span(count));
}

#[inline(never)]
fn measured_unsampled_span(count: u32) {
    for _ in 0..count {
        let _span = start_span("child");
        black_box(());
    }
}

#[inline(never)]
fn measured_uninitialised(count: u32) {
    for _ in 0..count {
        let _span = start_span("child");
        black_box(());
    }
}

fn unsampled_async(count: u32) {
    let _pipeline = pipeline(Sampler::always_off());
    in_scope("root", || measured_unsampled_async(count));
}

#[inline(never)]
fn measured_unsampled_async(count: u32) {
    // So that no two of these functions are the same, of which the compiler would keep one.
    black_box("unsampled");
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..count {
        let future = pin!(annotated_async());
        let _ = black_box(future.poll(&mut context));
    }
}

#[inline(never)]
fn measured_uninitialised_async(count: u32) {
    black_box("uninitialised");
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..count {
        let future = pin!(annotated_async());
        let _ = black_box(future.poll(&mut context));
    }
}

fn rich_span(count: u32) {
    let _pipeline = pipeline(Sampler::default());
    in_scope("root", || measured_rich_span(count));
}

#[inline(never)]
fn measured_rich_span(count: u32) {
    for _ in 0..count {
        let span = trace_core::span("rich")
            .attribute("first", 42)
            .attribute("second", 43)
            .attribute("static", "a static string")
            .attribute("owned", String::from("an owned string"))
            .enter();
        span.add_event("event");
    }
}

/// Takes spans and looks at none: what it does is not counted.
struct Deaf;

impl SpanExporter for Deaf {
    fn export(&mut self, _: &Batch) -> Result<(), ExportError> {
        Ok(())
    }
}

fn pipeline(sampler: Sampler) -> Pipeline {
    start(trace_core::builder().sampler(sampler))
}

fn start(builder: PipelineBuilder) -> Pipeline {
    let builder = builder.without_environment();
    builder.exporter(Deaf).drop_timeout(Duration::from_secs(60)).init().expect("a process has one pipeline")
}

fn main() {
    // `cargo bench` adds an argument of its own.
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(wanted), Some(count)) = (arguments.next(), arguments.next()) else {
        for (name, _) in OPERATIONS {
            println!("{name}");
        }
        return;
    };
    let count = count.parse().expect("the second argument is a count");
    let found = OPERATIONS.iter().find(|(name, _)| *name == wanted);
    let (_, operation) = found.expect("the first argument is one of the operations");
    black_box(operation)(black_box(count));
}
