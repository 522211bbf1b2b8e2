//! Sampling decisions across processes.

use trace_core::propagation::{B3, Extracted, Propagator};
use trace_core::{Capture, Sampler, current_span, current_trace_state, in_scope, span};

use crate::{Headers, PARENT, TRACE, request, sent};

fn with_state(flags: &str, state: &str) -> Extracted {
    request(&[("traceparent", &format!("00-{TRACE}-{PARENT}-{flags}")), ("tracestate", state)])
}

#[test]
fn a_probability_is_told_to_everybody_who_comes_later() {
    let sampler = Sampler::parent_based(Sampler::probability(0.25));
    let captured = Capture::new().sampler(sampler).run(|| {
        let sent = (0..400).map(|_| in_scope("request", || in_scope("call", sent)));
        sent.collect::<Vec<_>>()
    });
    let sampled = captured.value.iter().filter(|headers| headers["traceparent"].ends_with("-03")).count();
    assert_eq!(captured.traces.len(), sampled);
    assert!((30..=170).contains(&sampled), "a quarter of 400, give or take eight standard deviations: {sampled}");
    for headers in &captured.value {
        let is_sampled = headers["traceparent"].ends_with("-03");
        assert_eq!(headers.get("tracestate").map(String::as_str), is_sampled.then_some("ot=th:c"), "{headers:?}");
    }
    for trace in &captured.traces {
        assert_eq!(trace.trace_state().sampling_probability(), Some(0.25));
    }
}

#[test]
fn the_parent_s_decision_and_its_threshold_are_kept() {
    let sampler = Sampler::parent_based(Sampler::probability(0.5));
    let table = [
        ("01", "a=1,ot=th:8;rv:ffffffffffffff", "a=1,ot=th:8;rv:ffffffffffffff", "sampled: nothing changes"),
        ("00", "a=1,ot=rv:ffffffffffffff", "a=1,ot=rv:ffffffffffffff", "not sampled: nothing changes"),
        ("00", "a=1,ot=th:8", "a=1", "not sampled: a threshold would be a lie"),
    ];
    for (flags, state, expected, reason) in table {
        let captured = Capture::new().sampler(sampler.clone()).run(|| {
            span("serve").parent(with_state(flags, state)).in_scope(|| (current_span().is_recording(), sent()))
        });
        let (is_recording, headers) = captured.value;
        assert_eq!(is_recording, flags == "01", "{reason}");
        assert_eq!(headers["tracestate"], expected, "{reason}");
        assert!(headers["traceparent"].ends_with(flags), "{reason}");
        assert_eq!(captured.traces.len(), usize::from(is_recording), "{reason}");
    }
}

#[test]
fn a_service_that_samples_for_itself_keeps_what_its_neighbours_keep_and_says_by_which_threshold() {
    let table = [
        (0.5, "ot=rv:80000000000000", Some("ot=th:8;rv:80000000000000"), "just above"),
        (0.5, "ot=rv:7fffffffffffff;th:4", None, "just below"),
        (0.75, "a=1,ot=rv:7fffffffffffff", Some("ot=th:4;rv:7fffffffffffff,a=1"), "more for a higher probability"),
    ];
    for (probability, state, expected, reason) in table {
        let captured = Capture::new()
            .sampler(Sampler::probability(probability))
            .run(|| span("serve").parent(with_state("01", state)).in_scope(|| current_trace_state().to_string()));
        assert_eq!(captured.traces.len(), usize::from(expected.is_some()), "{reason}");
        assert_eq!(captured.value, expected.unwrap_or("ot=rv:7fffffffffffff"), "{reason}");
    }
}

#[test]
fn a_caller_that_leaves_the_decision_open_gets_ours_and_one_that_debugs_is_followed() {
    let table = [
        ("", Sampler::always_on(), true, "-1", "ours: yes"),
        ("", Sampler::always_off(), false, "-0", "ours: no"),
        ("-0", Sampler::always_on(), false, "-0", "theirs: no"),
        ("-1", Sampler::always_off(), true, "-1", "theirs: yes"),
        ("-d", Sampler::always_off(), true, "-d", "debug travels on"),
    ];
    for (state, ours, is_recording, onward, reason) in table {
        let mut parent = Extracted::new();
        B3::single().extract(&[("b3", format!("{TRACE}-{PARENT}{state}"))], &mut parent);
        let captured = Capture::new().sampler(Sampler::parent_based(ours)).run(|| {
            span("serve").parent(&parent).in_scope(|| {
                let mut headers = Headers::new();
                B3::single().inject(&trace_core::Context::current(), &mut headers);
                (current_span().is_recording(), headers.remove("b3").unwrap())
            })
        });
        assert_eq!(captured.value.0, is_recording, "{reason}");
        assert!(captured.value.1.ends_with(onward), "{reason}: {}", captured.value.1);
        let passed = span("pass").parent(&parent).in_scope(|| {
            let mut headers = Headers::new();
            B3::single().inject(&trace_core::Context::current(), &mut headers);
            headers.remove("b3").unwrap()
        });
        assert_eq!(passed, format!("{TRACE}-{PARENT}{state}"), "passed through: {reason}");
    }
}
