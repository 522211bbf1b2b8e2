//! Head sampling as a program sees it.

#![cfg(test)]

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use tests::prng::Prng;
use trace_core::{
    Capture, CurrentSpan, FutureExt, Sampler, SamplingDecision, Span, SpanContext, SpanId, SpanKind, TraceFlags,
    TraceId, current_span, in_scope, span, start_span, traced,
};

fn remote(flags: TraceFlags) -> SpanContext {
    SpanContext::new(TraceId::random(), SpanId::random(), flags).remote()
}

fn spans_with(sampler: Sampler, body: impl FnOnce()) -> usize {
    Capture::new().sampler(sampler).run(body).spans().count()
}

#[test]
fn a_trace_that_is_not_sampled_has_ids_and_records_nothing() {
    let captured = Capture::new().sampler(Sampler::always_off()).run(|| {
        in_scope("root", || {
            let root = current_span();
            assert!(root.context().is_some_and(|context| !context.flags().is_sampled()));
            assert!(!root.is_recording());
            in_scope("child", || assert_eq!(current_span().trace_id(), root.trace_id()));
            futures::executor::block_on(
                async { assert_eq!(current_span().trace_id(), root.trace_id()) }.in_span(Span::new("future")),
            );
            root.set_attribute_with("key", || -> i64 { unreachable!("it is not recording") });
        });
        assert_eq!(current_span().context(), None);
    });
    assert_eq!(captured.traces.len(), 0);
}

#[test]
fn every_span_of_a_trace_follows_its_root() {
    let judged = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&judged);
    let sampler = Sampler::custom(move |span| {
        keep.lock().unwrap().push(span.name.to_owned());
        if span.name == "kept" { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop }
    });
    let spans = spans_with(sampler, || {
        in_scope("kept", || in_scope("child", || drop(Span::new("grandchild"))));
        in_scope("dropped", || in_scope("child", || {}));
    });
    assert_eq!(spans, 3);
    assert_eq!(*judged.lock().unwrap(), ["kept", "dropped"]);
}

fn only(name: &'static str) -> Sampler {
    Sampler::custom(
        move |span| {
            if span.name == name { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop }
        },
    )
}

async fn pend_once() {
    let mut has_pended = false;
    poll_fn(|_| if std::mem::replace(&mut has_pended, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// Called in a trace that is not sampled, it leaves a scope of another one open while it waits.
#[traced]
async fn hold(around: CurrentSpan) {
    assert_eq!(current_span(), around);
    let kept = span("kept").root().enter();
    pend_once().await;
    assert_eq!(current_span(), kept.handle());
    in_scope("child", || ());
    drop(kept);
    assert_eq!(current_span(), around);
}

#[test]
fn what_a_future_of_an_unsampled_trace_leaves_open_stays_with_it() {
    let captured = Capture::new().sampler(only("kept")).run(|| {
        let _root = start_span("dropped");
        let around = current_span();
        let (mut one, mut other) = (pin!(hold(around)), pin!(hold(around)));
        let mut cx = Context::from_waker(Waker::noop());
        for is_ready in [false, true] {
            assert_eq!(one.as_mut().poll(&mut cx).is_ready(), is_ready);
            assert_eq!(current_span(), around);
            assert_eq!(other.as_mut().poll(&mut cx).is_ready(), is_ready);
            assert_eq!(current_span(), around);
        }
    });
    let mut spans: Vec<_> = captured.spans().map(|span| span.name().to_owned()).collect();
    spans.sort_unstable();
    assert_eq!(spans, ["child", "child", "kept", "kept"]);
}

#[traced]
async fn expect(here: CurrentSpan) {
    assert_eq!(current_span(), here);
    pend_once().await;
    assert_eq!(current_span(), here);
}

#[test]
fn a_future_of_an_unsampled_trace_takes_its_context_along() {
    let captured = Capture::new().sampler(only("kept")).run(|| {
        let mut cx = Context::from_waker(Waker::noop());
        let (around, future) = in_scope("dropped", || (current_span(), expect(current_span())));
        let mut future = pin!(future);
        assert_eq!(current_span().context(), None);
        let kept = span("kept").root().enter();
        assert!(future.as_mut().poll(&mut cx).is_pending());
        assert_eq!(current_span(), kept.handle());
        // And into the same context, which another scope of the same trace has.
        drop(kept);
        assert!(around.context().is_some_and(|context| !context.flags().is_sampled()));
        assert!(future.as_mut().poll(&mut cx).is_ready());
        assert_eq!(current_span().context(), None);
    });
    assert_eq!(captured.spans().count(), 1);
}

#[traced]
async fn fail_on(part: u32) {
    let _kept = span("kept").root().enter();
    pend_once().await;
    assert!(part == 0, "part {part} fails");
}

#[test]
fn a_panic_in_a_future_of_an_unsampled_trace_leaves_nothing_behind() {
    let captured = Capture::new().sampler(only("kept")).run(|| {
        let _root = start_span("dropped");
        let around = current_span();
        let mut cx = Context::from_waker(Waker::noop());
        let mut failing = Box::pin(fail_on(1));
        assert!(failing.as_mut().poll(&mut cx).is_pending());
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| failing.as_mut().poll(&mut cx)));
        assert!(caught.is_err());
        assert_eq!(current_span(), around);
        drop(failing);
        assert_eq!(current_span(), around);
        // One that fails in its first poll passes through.
        let unpolled = Box::pin(async { panic!("at once") }.in_span(Span::new("fails")));
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| futures::executor::block_on(unpolled)));
        assert!(caught.is_err());
        assert_eq!(current_span(), around);
    });
    let kept = captured.spans().next().unwrap();
    assert_eq!((kept.name(), kept.outcome()), ("kept", trace_core::Outcome::Panicked));
}

#[test]
fn a_ratio_keeps_its_part_and_decides_the_same_everywhere() {
    let mut random = Prng::new(1);
    let contexts: Vec<_> = (0..4_000)
        .map(|_| {
            let id = TraceId::from_u128(u128::from(random.word()) << 64 | u128::from(random.word())).unwrap();
            SpanContext::new(id, SpanId::random(), TraceFlags::NONE).remote()
        })
        .collect();
    let kept = |ratio| {
        let captured = Capture::new().sampler(Sampler::ratio(ratio)).run(|| {
            for context in &contexts {
                trace_core::span("span").parent(*context).in_scope(|| {});
            }
        });
        let mut kept: Vec<_> = captured.spans().map(|span| span.trace_id()).collect();
        kept.sort_unstable();
        kept
    };
    let (quarter, again, half) = (kept(0.25), kept(0.25), kept(0.5));
    assert_eq!(quarter, again);
    assert!(
        (900..1100).contains(&quarter.len()) && (1900..2100).contains(&half.len()),
        "{} {}",
        quarter.len(),
        half.len()
    );
    assert!(
        quarter.iter().all(|id| half.binary_search(id).is_ok()),
        "what a small ratio keeps, a greater one keeps too"
    );
}

#[test]
fn parent_based_follows_the_caller() {
    let sampler = || Sampler::parent_based(Sampler::always_off());
    let below = |context: SpanContext| move || trace_core::span("server").parent(context).in_scope(|| {});
    assert_eq!(spans_with(sampler(), below(remote(TraceFlags::SAMPLED))), 1);
    assert_eq!(spans_with(sampler(), below(remote(TraceFlags::NONE))), 0);
    assert_eq!(spans_with(sampler(), || in_scope("root", || {})), 0);
}

#[test]
fn a_custom_sampler_sees_what_the_builder_said() {
    let link = SpanContext::new(TraceId::random(), SpanId::random(), TraceFlags::SAMPLED);
    let seen = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&seen);
    let sampler = Sampler::custom(move |span| {
        let attribute = span.attributes.iter().any(|attribute| attribute.key.as_str() == "early");
        let link = span.links.first().map(|link| link.context);
        *keep.lock().unwrap() = Some((span.name.to_owned(), span.kind, attribute, link, span.trace_id, span.parent));
        SamplingDecision::RecordAndSample
    });
    let parent = remote(TraceFlags::SAMPLED);
    Capture::new().sampler(sampler).run(|| {
        let builder = trace_core::span("request").kind(SpanKind::Server).attribute("early", 1);
        let _span = builder.link(link).parent(parent).enter();
    });
    let expected = ("request".to_owned(), SpanKind::Server, true, Some(link), parent.trace_id(), Some(parent));
    assert_eq!(*seen.lock().unwrap(), Some(expected));
}

#[test]
fn what_is_not_sampled_stays_so_on_other_threads_and_in_tasks() {
    let spans = spans_with(Sampler::always_off(), || {
        let _root = start_span("root");
        let work = trace_core::Handoff::child().wrap(|| in_scope("thread", || assert!(!current_span().is_recording())));
        std::thread::spawn(work).join().unwrap();
        futures::executor::block_on(async { in_scope("inside", || {}) }.in_current_span());
    });
    assert_eq!(spans, 0);
}
