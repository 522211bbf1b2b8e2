//! Whatever is written is read back as it was, in every format.

use trace_core::propagation::{
    B3, CompositePropagator, Extracted, Injector, Jaeger, Propagator, TraceContext, W3cBaggage,
};
use trace_core::{Baggage, SpanContext, SpanId, TraceFlags, TraceId, TraceState};

use crate::Headers;
use crate::random::Random;

fn span(random: &mut Random) -> SpanContext {
    let trace = TraceId::from_u128(random.id(128)).expect("an id is not zero");
    let span = SpanId::from_u64(random.id(64) as u64).expect("an id is not zero");
    SpanContext::new(trace, span, TraceFlags::from_bits(random.below(4) as u8)).remote()
}

fn trace_state(random: &mut Random) -> TraceState {
    let mut state = TraceState::new();
    for _ in 0..random.below(40) {
        let key: String = (0..=random.below(20)).map(|_| random.pick(&["a", "0", "z"])).collect();
        let value: String = (0..=random.below(20))
            .map(|_| char::from(b'!' + random.below(94) as u8))
            .filter(|c| !",=".contains(*c))
            .collect();
        state.insert(&key, &format!("v{value}")).expect("it keeps to the grammar");
    }
    state
}

fn baggage(random: &mut Random) -> Baggage {
    let mut baggage = Baggage::new();
    for _ in 0..random.below(20) {
        let key = format!("k{}", random.below(1000));
        let value: String = (0..random.below(20)).filter_map(|_| char::from_u32(random.below(0x500) as u32)).collect();
        baggage.insert(&key, &value).expect("it is small");
    }
    baggage
}

#[test]
fn a_context_survives_every_format() {
    let mut random = Random(42);
    let all = || CompositePropagator::new().and(W3cBaggage).and(TraceContext);
    let formats: [(&dyn Propagator, u8, bool, bool); 5] = [
        (&all(), 3, true, true),
        (&TraceContext, 3, true, false),
        (&B3::single(), 1, false, false),
        (&B3::multi(), 1, false, false),
        (&Jaeger, 1, false, true),
    ];
    for _ in 0..2_000 {
        let (span, state, baggage) = (span(&mut random), trace_state(&mut random), baggage(&mut random));
        for (format, flags, has_state, has_baggage) in formats {
            let mut original = Extracted::new();
            original.set_span(span, state.clone());
            original.set_baggage(baggage.clone());
            let mut headers = Headers::new();
            headers.set("accept", "*/*");
            format.inject(&original.into_context(), &mut headers);
            let mut read = Extracted::new();
            format.extract(&headers, &mut read);
            let flags = TraceFlags::from_bits(span.flags().bits() & flags);
            let expected = SpanContext::new(span.trace_id(), span.span_id(), flags).remote();
            assert_eq!(read.span_context(), Some(expected), "{headers:?}");
            assert_eq!(
                read.trace_state(),
                if has_state { &state } else { const { &TraceState::new() } },
                "{headers:?}"
            );
            let sorted = |baggage: &Baggage| {
                let mut members: Vec<_> =
                    baggage.iter().map(|(key, value)| (key.to_owned(), value.into_owned())).collect();
                members.sort();
                members
            };
            let expected = if has_baggage { sorted(&baggage) } else { Vec::new() };
            assert_eq!(sorted(read.baggage()), expected, "{headers:?}");
            assert_eq!(read.broken(), [], "{headers:?}");
        }
    }
}
