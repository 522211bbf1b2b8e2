//! What must hold of any bytes whatever: the bodies of the fuzz targets.
//!
//! The tests of the workspace run them with seeded random input as well (`tests/tests/propagation/fuzz.rs`).
#![allow(dead_code, reason = "each fuzz target uses one of them")]

use std::collections::BTreeMap;

use trace_core::propagation::{
    B3, CompositePropagator, Environment, Extracted, Jaeger, Propagator, TraceContext, W3cBaggage,
};
use trace_core::{Baggage, MAX_BAGGAGE_BYTES, MAX_BAGGAGE_MEMBERS, MAX_TRACE_STATE_MEMBERS, SpanContext, TraceState};

/// Extracts from headers with this name, one for each line of `data`.
fn extracted(propagator: &dyn Propagator, name: &str, data: &[u8]) -> Extracted {
    let headers: Vec<_> = data.split(|&byte| byte == b'\n').map(|value| (name, value)).collect();
    let mut found = Extracted::new();
    propagator.extract(&headers, &mut found);
    found
}

/// What was found survives being written and read again.
fn survives(propagator: &dyn Propagator, found: &Extracted) {
    let mut headers = BTreeMap::new();
    propagator.inject(&found.clone().into_context(), &mut headers);
    let mut again = Extracted::new();
    propagator.extract(&headers, &mut again);
    assert_eq!(again.span_context(), found.span_context(), "{headers:?}");
    assert_eq!(again.baggage(), found.baggage(), "{headers:?}");
    assert_eq!(again.broken(), [], "{headers:?}");
    let kept = again.span_context().map(|_| again.trace_state());
    assert_eq!(kept, found.span_context().map(|_| found.trace_state()), "{headers:?}");
}

/// The header `traceparent`: what is read is what an independent reading of the grammar gives.
pub(crate) fn traceparent(data: &[u8]) {
    let found = extracted(&TraceContext, "traceparent", data);
    survives(&TraceContext, &found);
    if let Ok(text) = std::str::from_utf8(data) {
        let parsed = text.parse::<SpanContext>();
        assert_eq!(parsed.is_ok(), is_traceparent(text), "{text:?}");
        if let Ok(context) = parsed {
            assert_eq!(context.traceparent().parse(), Ok(context));
            assert_eq!(context.traceparent()[3..52], text[3..52]);
        }
    }
}

fn is_traceparent(text: &str) -> bool {
    let fields: Vec<_> = text.split('-').collect();
    let [version, trace, span, flags, more @ ..] = &fields[..] else { return false };
    let is_hex = |field: &str, digits: usize| {
        field.len() == digits && field.chars().all(|digit| digit.is_ascii_digit() || ('a'..='f').contains(&digit))
    };
    let is_some = |field: &str| field.contains(|digit| digit != '0');
    is_hex(version, 2)
        && *version != "ff"
        && (more.is_empty() || *version != "00")
        && is_hex(trace, 32)
        && is_some(trace)
        && is_hex(span, 16)
        && is_some(span)
        && is_hex(flags, 2)
}

/// The header `tracestate`.
pub(crate) fn tracestate(data: &[u8]) {
    let headers = data.split(|&byte| byte == b'\n');
    let Ok(state) = TraceState::from_headers(headers) else { return };
    assert!(state.len() <= MAX_TRACE_STATE_MEMBERS);
    assert_eq!(state.as_str().parse(), Ok(state.clone()));
    assert_eq!(state.is_empty(), state.as_str().is_empty());
    let _ = state.sampling_probability();
    let mut changed = state.clone();
    for (key, value) in state.iter() {
        assert_eq!(state.get(key), Some(value));
        changed.insert(key, value).expect("it was one before");
    }
    assert_eq!(changed.len(), state.len());
    for (key, _) in state.iter() {
        assert!(changed.remove(key));
    }
    assert!(changed.is_empty());
}

/// The header `baggage`.
pub(crate) fn baggage(data: &[u8]) {
    let (baggage, _) = Baggage::from_headers(data.split(|&byte| byte == b'\n'));
    assert!(baggage.len() <= MAX_BAGGAGE_MEMBERS && baggage.as_str().len() <= MAX_BAGGAGE_BYTES);
    assert_eq!(baggage.as_str().parse(), Ok(baggage.clone()));
    for (key, value) in baggage.iter() {
        assert_eq!(baggage.get(key), Some(value.clone()));
        let mut alone = Baggage::new();
        match alone.insert(key, &value) {
            Ok(()) => assert_eq!(alone.get(key), Some(value)),
            // Encoding may make it longer.
            Err(error) => assert_eq!(error, trace_core::BaggageError::Bytes),
        }
    }
    survives(&W3cBaggage, &extracted(&W3cBaggage, "baggage", data));
}

/// B3's headers, the single one and the others.
pub(crate) fn b3(data: &[u8]) {
    let single = extracted(&B3::single(), "b3", data);
    let values: Vec<_> = data.splitn(4, |&byte| byte == b'\n').collect();
    let names = ["x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags"];
    let headers: Vec<_> = names.into_iter().zip(values).collect();
    let mut several = Extracted::new();
    B3::multi().extract(&headers, &mut several);
    for found in [single, several] {
        survives(&B3::single(), &found);
        survives(&B3::multi(), &found);
    }
}

/// Jaeger's headers.
pub(crate) fn jaeger(data: &[u8]) {
    let found = extracted(&Jaeger, "uber-trace-id", data);
    survives(&Jaeger, &found);
    extracted(&Jaeger, "jaeger-baggage", data);
    extracted(&Jaeger, "uberctx-key", data);
}

/// All formats at once, from lines `name:value`.
pub(crate) fn extract(data: &[u8]) {
    let lines = data.split(|&byte| byte == b'\n').filter_map(|line| {
        let colon = line.iter().position(|&byte| byte == b':')?;
        Some((std::str::from_utf8(&line[..colon]).ok()?, &line[colon + 1..]))
    });
    let headers: Vec<_> = lines.collect();
    let all =
        CompositePropagator::new().and(TraceContext).and(B3::single()).and(B3::multi()).and(Jaeger).and(W3cBaggage);
    let mut found = Extracted::new();
    all.extract(&headers, &mut found);
    let mut onward = BTreeMap::new();
    all.inject(&found.clone().into_context(), &mut onward);
    let span = trace_core::span("fuzzed").parent(&found).start();
    assert_eq!(span.context(), found.span_context(), "nothing records here, so what came in travels on");
}

/// Environment variables.
pub(crate) fn environment(data: &[u8]) {
    let pairs = data.split(|&byte| byte == b'\0').filter_map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        Some((String::from_utf8_lossy(&pair[..equals]).into_owned(), &pair[equals + 1..]))
    });
    let mut found = Extracted::new();
    TraceContext.extract(&Environment::new(pairs), &mut found);
    survives(&TraceContext, &found);
}
