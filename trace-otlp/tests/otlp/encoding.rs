//! What is sent, read by the official messages.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use trace_core::{
    Attribute, Batch, Event, Link, Outcome, Resource, SpanContext, SpanData, SpanExporter, SpanId, SpanKind, Status,
    Trace, TraceFlags, TraceId, callsite, capture, span, start_span,
};
use trace_otlp::{OUTCOME_ATTRIBUTE, OtlpExporter, OtlpExporterBuilder, Protocol};

use crate::http_receiver::{HttpReceiver, Received};
use crate::random::{Floats, Random};
use crate::spans::{Places, Sent, message};

fn exporter(receiver: &HttpReceiver, protocol: Protocol) -> OtlpExporterBuilder {
    OtlpExporter::builder().without_environment().protocol(protocol).endpoint(receiver.url())
}

fn exporter_of(receiver: &HttpReceiver, protocol: Protocol, places: Places) -> OtlpExporterBuilder {
    match places {
        Places::Left => exporter(receiver, protocol),
        Places::Sent => exporter(receiver, protocol).with_code_location(),
    }
}

/// What arrives of this batch in one request.
fn sent(batch: &Batch, protocol: Protocol) -> Received {
    sent_with(batch, protocol, Places::Left)
}

fn sent_with(batch: &Batch, protocol: Protocol, places: Places) -> Received {
    let receiver = HttpReceiver::willing();
    exporter_of(&receiver, protocol, places).build().unwrap().export(batch).unwrap();
    let [received] = receiver.received().try_into().unwrap();
    received
}

const BOTH: [Protocol; 2] = [Protocol::HttpProtobuf, Protocol::HttpJson];

/// Both encodings, without and with places.
const ALL: [(Protocol, Places); 4] = [
    (Protocol::HttpProtobuf, Places::Left),
    (Protocol::HttpJson, Places::Left),
    (Protocol::HttpProtobuf, Places::Sent),
    (Protocol::HttpJson, Places::Sent),
];

#[test]
fn every_field_of_a_span_arrives() {
    let trace = TraceId::from_u128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10).unwrap();
    let context =
        SpanContext::new(trace, SpanId::from_u64(0x1112_1314_1516_1718).unwrap(), TraceFlags::from_bits(0x83));
    let mut span = SpanData::new(context, "GET /users/{id}", 1_700_000_000_000_000_001, Duration::from_nanos(2_345));
    span.parent_id = SpanId::from_u64(0x2122_2324_2526_2728);
    span.parent_is_remote = true;
    span.kind = SpanKind::Server;
    span.status = Status::error("no such user");
    span.outcome = Outcome::Cancelled;
    span.attributes = vec![
        Attribute::new("bool", true),
        Attribute::new("int", -7),
        Attribute::new("big", i64::MIN),
        Attribute::new("double", 0.5),
        Attribute::new("text", "a \"b\" ä"),
        Attribute::new("bytes", vec![0_u8, 255]),
        Attribute::new("bools", vec![true, false]),
        Attribute::new("ints", vec![0, -1, i64::MAX]),
        Attribute::new("doubles", vec![1.0, -0.0]),
        Attribute::new("texts", vec!["", "x"]),
        Attribute::new("none", Vec::<i64>::new()),
        Attribute::new("empty", ""),
    ];
    let mut event = Event::new("cache miss", 1_700_000_000_000_000_002).attribute(("key", 9));
    event.dropped_attributes = 4;
    span.events = vec![event, Event::new("", 0)];
    let mut link = Link::new(context.remote()).attribute(("why", "batch"));
    link.dropped_attributes = 5;
    span.links = vec![link, Link::new(context).trace_state("a=b".parse().unwrap())];
    (span.dropped.attributes, span.dropped.events, span.dropped.links) = (1, 2, 3);
    span.callsite = Some(callsite!("unused"));
    let resource = Resource::new().attribute("service.name", "shop").attribute("process.pid", 7);
    let state = "congo=t61rcWkgMzE,ot=th:8".parse().unwrap();
    let traces = [Sent { resource, state, spans: vec![span] }];
    let batch = Sent::batch(&traces);
    for (protocol, places) in ALL {
        assert_eq!(sent_with(&batch, protocol, places).message(), message(&traces, places), "{protocol}, {places:?}");
    }
    let text = String::from_utf8(sent(&batch, Protocol::HttpJson).body).unwrap();
    for part in [
        r#""traceId":"0102030405060708090a0b0c0d0e0f10""#,
        r#""parentSpanId":"2122232425262728""#,
        r#""traceState":"congo=t61rcWkgMzE,ot=th:8""#,
        r#""flags":899"#,
        r#""kind":2"#,
        r#""startTimeUnixNano":"1700000000000000001""#,
        r#"{"key":"big","value":{"intValue":"-9223372036854775808"}}"#,
        r#"{"key":"bytes","value":{"bytesValue":"AP8="}}"#,
        r#""status":{"message":"no such user","code":2}"#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn random_spans_arrive_as_they_are_in_both_encodings() {
    let receivers = ALL.map(|(protocol, places)| (HttpReceiver::willing(), protocol, places));
    let mut exporters = receivers
        .each_ref()
        .map(|(receiver, protocol, places)| exporter_of(receiver, *protocol, *places).build().unwrap());
    for seed in 0..150 {
        // The judge reads no JSON with numbers that JSON does not have.
        let floats = if seed % 3 == 0 { Floats::All } else { Floats::Finite };
        let mut random = Random::new(seed, floats);
        let resources = [random.resource(), random.resource()];
        let traces: Vec<_> = (0..1 + random.below(4))
            .map(|_| {
                let id = random.trace_id();
                let spans = (0..1 + random.below(8)).map(|_| random.span(id)).collect();
                Sent { resource: resources[random.below(2)].clone(), state: random.trace_state(), spans }
            })
            .collect();
        let batch = Sent::batch(&traces);
        for (exporter, (receiver, protocol, places)) in exporters.iter_mut().zip(&receivers) {
            if floats == Floats::All && *protocol == Protocol::HttpJson {
                continue;
            }
            exporter.export(&batch).unwrap();
            let received = receiver.received().pop().unwrap();
            // By their texts: a NaN is not equal to itself.
            let expected = format!("{:?}", message(&traces, *places));
            assert_eq!(format!("{:?}", received.message()), expected, "seed {seed}, {protocol}, {places:?}");
        }
    }
}

/// A trace as the judge is told of it.
fn sent_of(trace: &Trace) -> Sent {
    let spans = trace.spans().map(|span| span.to_data()).collect();
    Sent { resource: trace.resource().clone(), state: trace.trace_state().clone(), spans }
}

#[test]
fn spans_as_a_program_records_them_arrive_as_they_are() {
    let keys: Vec<&'static str> = (0..=24).map(|length| &"abcdefghijklmnopqrstuvwx"[..length]).collect();
    let captured = capture(|| {
        let _root = span(callsite!("root")).attribute("user.id", 7).attribute("text", "static").enter();
        for (bit, key) in (0..64).zip(keys.iter().cycle()) {
            let child = start_span(callsite!("child")).attribute(*key, 1_i64 << bit);
            child.set_attribute("short", bit);
            match bit % 8 {
                0 => child.set_name("renamed"),
                1 => child.add_event("event"),
                2 => child.set_status(Status::error("no")),
                3 => child.set_attribute("late", format!("owned {bit}")),
                4 => child.set_attribute("text", "t".repeat(bit as usize * 2)),
                5 => child.set_attribute("half", bit as f64 / 2.0),
                6 => child.set_attribute("odd", bit % 16 == 6),
                _ => {}
            }
        }
    });
    let traces = [sent_of(captured.trace().unwrap())];
    assert_eq!(traces[0].spans.len(), 65);
    let batch = Batch::new(captured.traces);
    for (protocol, places) in ALL {
        assert_eq!(sent_with(&batch, protocol, places).message(), message(&traces, places), "{protocol}, {places:?}");
    }
}

#[test]
fn attributes_at_the_borders_of_what_is_short_arrive_as_they_are() {
    let text = "x".repeat(300).leak();
    let captured = capture(|| {
        let _root = span(callsite!("root")).root().enter();
        for length in 0..300 {
            let key: &'static str = &text[..length % 45];
            start_span(callsite!("text")).attribute(key, &text[..length]).attribute("after", length as i64).end();
            start_span(callsite!("key")).attribute(&text[..length], length as i64).attribute("after", "text").end();
            let many = start_span(callsite!("many"));
            (0..length % 40).for_each(|number| many.set_attribute(&text[..number], number as i64));
        }
        start_span(callsite!("numbers"))
            .attribute("largest", (1_i64 << 35) - 1)
            .attribute("larger", 1_i64 << 35)
            .attribute("less", -1)
            .end();
        start_span(callsite!("owned")).attribute("owned key".to_owned(), 1).attribute("after", true).end();
    });
    let traces = [sent_of(captured.trace().unwrap())];
    assert_eq!(traces[0].spans.len(), 903);
    let batch = Batch::new(captured.traces);
    for places in [Places::Left, Places::Sent] {
        let received = sent_with(&batch, Protocol::HttpProtobuf, places);
        assert_eq!(received.message(), message(&traces, places), "{places:?}");
    }
}

/// The first span that is not as it should be, of messages that are too long to be read.
fn first_difference(sent: &ExportTraceServiceRequest, expected: &ExportTraceServiceRequest) -> String {
    let spans = |message: &ExportTraceServiceRequest| {
        let scopes = message.resource_spans.clone().into_iter().flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect::<Vec<_>>()
    };
    let (sent, expected) = (spans(sent), spans(expected));
    let differs = sent.iter().zip(&expected).find(|(sent, expected)| sent != expected);
    format!("{} of {} spans, {differs:#?}", sent.len(), expected.len())
}

#[test]
fn scalars_that_came_with_their_spans_arrive_as_they_are() {
    let text = "x".repeat(60).leak();
    let borders = (0..64).flat_map(|bit| [1_u64 << bit, (1 << bit) - 1, !(1 << bit)]).map(u64::cast_signed);
    let captured = capture(|| {
        for (place, number) in borders.enumerate() {
            let (length, is_odd) = (place % 61, place % 2 == 1);
            let _root = span(callsite!("root")).attribute(&text[..length], number).attribute("is_odd", is_odd).enter();
            start_span(callsite!("one")).attribute("number", number).end();
            start_span(callsite!("two")).attribute("half", number as f64 / 2.0).attribute("number", number).end();
            start_span(callsite!("again")).attribute("number", number).attribute("number", is_odd).end();
            start_span(callsite!("a name that is longer than the others")).attribute(&text[..length], is_odd).end();
            start_span(callsite!("none")).end();
        }
    });
    let traces: Vec<_> = captured.traces.iter().map(sent_of).collect();
    assert_eq!(traces.iter().map(|sent| sent.spans.len()).sum::<usize>(), 192 * 6);
    for (protocol, places) in ALL {
        // The first who looks finds what came; the next one what was made of it.
        let batch = Batch::new(captured.traces.clone());
        assert!(batch.spans().all(|span| span.only_scalars().is_some() || span.attributes().is_empty()));
        for _ in 0..2 {
            let (sent, expected) = (sent_with(&batch, protocol, places).message(), message(&traces, places));
            assert!(sent == expected, "{protocol}, {places:?}: {}", first_difference(&sent, &expected));
            batch.spans().for_each(|span| assert!(span.attributes().len() <= 2));
        }
    }
}

#[test]
fn numbers_that_json_does_not_have_are_texts() {
    let trace = TraceId::random();
    let mut span =
        SpanData::new(SpanContext::new(trace, SpanId::random(), TraceFlags::SAMPLED), "numbers", 1, Duration::ZERO);
    span.attributes = vec![Attribute::new("all", vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 5e-324])];
    let batch = Batch::new(vec![Trace::from_spans(trace, [span])]);
    let text = String::from_utf8(sent(&batch, Protocol::HttpJson).body).unwrap();
    let values = ["\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "1e300", "5e-324"];
    let values = values.map(|value| format!("{{\"doubleValue\":{value}}}")).join(",");
    assert!(text.contains(&format!("[{values}]")), "{text}");
}

#[test]
fn a_span_that_is_open_ends_now_and_says_so() {
    let trace = TraceId::random();
    let context = SpanContext::new(trace, SpanId::random(), TraceFlags::SAMPLED);
    let start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let mut running = SpanData::new(context, "running", start, Duration::ZERO);
    running.end_unix_nanos = None;
    let mut ahead = SpanData::new(context, "ahead of the clock", u64::MAX - 5, Duration::ZERO);
    ahead.end_unix_nanos = None;
    let batch = Batch::new(vec![Trace::from_spans(trace, [running, ahead])]);
    for protocol in BOTH {
        let message = sent(&batch, protocol).message();
        let spans = &message.resource_spans[0].scope_spans[0].spans;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        assert!((start..=now).contains(&spans[0].end_time_unix_nano), "{protocol}");
        assert_eq!(spans[1].end_time_unix_nano, u64::MAX - 5, "{protocol}: never before its start");
        let outcome = &spans[0].attributes[0];
        assert_eq!(outcome.key, OUTCOME_ATTRIBUTE);
        assert_eq!(outcome.value.as_ref().unwrap().value, Some(Any::StringValue("open".to_owned())));
    }
}

#[test]
fn what_the_user_says_of_the_source_is_not_said_twice() {
    let trace = TraceId::random();
    let context = SpanContext::new(trace, SpanId::random(), TraceFlags::SAMPLED);
    let span = |outcome| {
        let mut span = SpanData::new(context, "mine", 1, Duration::ZERO);
        span.callsite = Some(callsite!("mine"));
        span.outcome = outcome;
        span.attributes =
            vec![Attribute::new("code.file.path", "generated.rs"), Attribute::new(OUTCOME_ATTRIBUTE, "mine")];
        span
    };
    let batch = Batch::new(vec![Trace::from_spans(trace, [span(Outcome::Panicked), span(Outcome::Ok)])]);
    for (protocol, places) in ALL {
        let message = sent_with(&batch, protocol, places).message();
        for span in &message.resource_spans[0].scope_spans[0].spans {
            let mut keys: Vec<_> = span.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
            assert_eq!(keys[..2], ["code.file.path", OUTCOME_ATTRIBUTE], "{protocol}, {places:?}");
            let file = span.attributes[0].value.as_ref().unwrap().value.clone().unwrap();
            assert_eq!(file, Any::StringValue("generated.rs".to_owned()), "{protocol}, {places:?}");
            assert!(places == Places::Sent || keys.len() == 2, "{protocol}: {keys:?}");
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), span.attributes.len(), "{protocol}, {places:?}: {keys:?}");
        }
    }
}

#[test]
fn a_scalar_of_the_source_is_not_said_twice() {
    let captured = capture(|| {
        let _root = span(callsite!("root")).enter();
        start_span(callsite!("ours")).attribute("code.line.number", 7).attribute("number", 8).end();
    });
    let batch = Batch::new(captured.traces);
    assert!(batch.spans().any(|span| span.only_scalars().is_some()));
    let message = sent_with(&batch, Protocol::HttpProtobuf, Places::Sent).message();
    let spans = &message.resource_spans[0].scope_spans[0].spans;
    let ours = spans.iter().find(|span| span.name == "ours").unwrap();
    let value = |key: &str| ours.attributes.iter().filter(|attribute| attribute.key == key).collect::<Vec<_>>();
    assert_eq!(ours.attributes.len(), 4);
    assert_eq!(value("code.line.number")[0].value.as_ref().unwrap().value, Some(Any::IntValue(7)));
    assert_eq!(["code.line.number", "code.file.path", "code.module.name"].map(|key| value(key).len()), [1; 3]);
}

#[test]
fn polls_are_told_where_they_were_timed() {
    use trace_core::{Capture, FutureExt, Span};

    let captured = Capture::new().time_polls().run(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(tokio::task::yield_now().in_span(Span::new("work")));
    });
    let batch = Batch::new(captured.traces);
    let messages = BOTH.map(|protocol| sent(&batch, protocol).message());
    assert_eq!(messages[0], messages[1]);
    let attributes = &messages[0].resource_spans[0].scope_spans[0].spans[0].attributes;
    let value = |key| {
        let found = attributes.iter().find(|attribute| attribute.key == key);
        found.unwrap_or_else(|| panic!("{key} of {attributes:?}")).value.as_ref().unwrap().value.clone().unwrap()
    };
    let number = |key| match value(key) {
        Any::IntValue(number) => number,
        other => panic!("{key} is {other:?}"),
    };
    assert_eq!(number("trace.polls.count"), 2);
    assert!(number("trace.polls.longest_thread") >= 1 && number("trace.polls.longest_ns") > 0);
    let parts = ["busy", "children", "no_span", "queued"].map(|part| number(format!("trace.anatomy.{part}_ns").leak()));
    let work = batch.traces()[0].root().unwrap();
    assert_eq!(parts.iter().sum::<i64>() as u128, work.duration().unwrap().as_nanos());
}

#[test]
fn who_was_in_the_way_and_who_gave_up_what_is_told() {
    use trace_core::{Capture, FutureExt, ManualClock, Span};

    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let captured = Capture::new().manual_clock(clock.clone()).time_polls().run(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let server = async {
            let (wake, woken) = tokio::sync::oneshot::channel::<()>();
            let stuck = async {
                let () = std::future::pending().in_span(Span::new("lock")).await;
            };
            let stuck = trace_core::spawn(stuck.in_span(Span::new("stuck")));
            let victim = trace_core::spawn(async move { woken.await.unwrap() }.in_span(Span::new("victim")));
            tokio::task::yield_now().await;
            let noisy = async move {
                wake.send(()).unwrap();
                clock.advance(Duration::from_millis(50));
            };
            trace_core::spawn(noisy.in_span(Span::new("noisy"))).await.unwrap();
            victim.await.unwrap();
            stuck.abort();
            stuck.await.unwrap_err();
        };
        runtime.block_on(server.in_span(Span::new("server")));
    });
    let [trace] = &captured.traces[..] else { panic!("{} traces", captured.traces.len()) };
    let id = |name: &str| Any::StringValue(trace.find(name).unwrap().span_id().to_string());
    let expected = |name: &str| match name {
        "victim" => vec![
            ("trace.blocked_behind.name", Any::StringValue("noisy".to_owned())),
            ("trace.blocked_behind.trace_id", Any::StringValue(trace.id().to_string())),
            ("trace.blocked_behind.span_id", id("noisy")),
            ("trace.blocked_behind.up_to_ns", Any::IntValue(50_000_000)),
            ("trace.blocked_behind.poll_ns", Any::IntValue(50_000_000)),
            ("trace.blocked_behind.exact", Any::BoolValue(false)),
            ("trace.blocked_behind.count", Any::IntValue(1)),
        ],
        "noisy" => vec![
            ("trace.held_up.spans", Any::IntValue(1)),
            ("trace.held_up.up_to_ns", Any::IntValue(50_000_000)),
            ("trace.polls.self_busy_ns", Any::IntValue(50_000_000)),
        ],
        "stuck" => vec![
            ("trace.cancellation.elapsed_ns", Any::IntValue(50_000_000)),
            ("trace.cancellation.polls", Any::IntValue(1)),
            ("trace.cancellation.waiting_in.name", Any::StringValue("lock".to_owned())),
            ("trace.cancellation.waiting_in.span_id", id("lock")),
            ("trace.anatomy.child.name", Any::StringValue("lock".to_owned())),
            ("trace.anatomy.child.span_id", id("lock")),
            ("trace.anatomy.child.waited_ns", Any::IntValue(50_000_000)),
            ("trace.anatomy.child.certain", Any::BoolValue(true)),
        ],
        "lock" => vec![("trace.cancellation.dropped", Any::StringValue("with_parent".to_owned()))],
        _ => Vec::new(),
    };
    let batch = Batch::new(captured.traces.clone());
    for protocol in BOTH {
        let message = sent(&batch, protocol).message();
        let spans: Vec<_> = message.resource_spans[0].scope_spans.iter().flat_map(|scope| &scope.spans).collect();
        assert_eq!(spans.len(), 5);
        for span in spans {
            for (key, value) in expected(&span.name) {
                let found = span.attributes.iter().find(|attribute| attribute.key == key);
                let found = found.and_then(|attribute| attribute.value.as_ref()?.value.as_ref());
                assert_eq!(found, Some(&value), "{protocol}: {key} of {}", span.name);
            }
        }
    }
}
