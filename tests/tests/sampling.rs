//! Head sampling as a program sees it.

#![cfg(test)]

use std::sync::{Arc, Mutex};

use tests::prng::Prng;
use trace_core::{
    Capture, FutureExt, Sampler, SamplingDecision, Span, SpanContext, SpanId, SpanKind, TraceFlags, TraceId,
    current_span, in_scope, start_span,
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
