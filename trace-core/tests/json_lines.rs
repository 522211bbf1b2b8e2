//! What the JSON Lines exporter writes, judged by another reader of JSON.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value as Json;
use trace_core::{
    Attribute, Batch, Callsite, Delivery, Event, JsonLinesExporter, Level, Link, Outcome, SpanContext, SpanData,
    SpanExporter, SpanId, SpanKind, Status, Trace, TraceFlags, TraceId, Value,
};

use crate::common::{EVIL, Random, checkout, id, span, trace, with};

static PLACE: Callsite =
    Callsite::new("place", "shop::cart", "src/cart.rs", 12).level(Level::Debug).scope("shop", "1.2");

fn lines(trace: &Trace) -> Vec<Json> {
    trace.to_json_lines().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Reads a value back by the rules in the exporter's documentation.
fn value(json: &Json) -> Value {
    match json {
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::F64(number.as_f64().unwrap()), Value::I64),
        Json::String(text) => Value::from(text.clone()),
        Json::Object(tagged) => {
            let (tag, text) = tagged.iter().next().unwrap();
            match (tag.as_str(), text.as_str().unwrap()) {
                ("int", digits) => Value::I64(digits.parse().unwrap()),
                ("double", text) => Value::F64(text.parse().unwrap()),
                ("bytes", text) => Value::from(base64(text)),
                ("empty", "bool") => Value::BoolArray(Box::default()),
                ("empty", "int") => Value::I64Array(Box::default()),
                ("empty", "double") => Value::F64Array(Box::default()),
                ("empty", "string") => Value::StringArray(Box::default()),
                other => panic!("{other:?}"),
            }
        }
        Json::Array(values) => {
            let values: Vec<Value> = values.iter().map(value).collect();
            match values[0] {
                Value::Bool(_) => Value::BoolArray(values.iter().map(|value| *value == Value::Bool(true)).collect()),
                Value::I64(_) => Value::I64Array(values.iter().map(|value| value.as_i64().unwrap()).collect()),
                Value::F64(_) => Value::F64Array(values.iter().map(float).collect()),
                _ => Value::from(values.iter().map(|value| value.as_str().unwrap().to_owned()).collect::<Vec<_>>()),
            }
        }
        Json::Null => panic!("null is no value"),
    }
}

fn float(value: &Value) -> f64 {
    match value {
        Value::F64(number) => *number,
        other => panic!("{other:?} is no float"),
    }
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    for four in text.as_bytes().chunks(4) {
        let bits = four.iter().fold(0, |bits, &digit| bits << 6 | DIGITS.find(char::from(digit)).unwrap_or(0));
        let padding = four.iter().filter(|&&digit| digit == b'=').count();
        bytes.extend_from_slice(&(bits as u32).to_be_bytes()[1..4 - padding]);
    }
    bytes
}

fn attributes(json: &Json) -> Vec<(String, Value)> {
    json.as_object().map_or_else(Vec::new, |all| all.iter().map(|(key, json)| (key.clone(), value(json))).collect())
}

/// The same in the order in which `serde_json` has them, and so that NaN equals NaN.
fn sorted(attributes: &[Attribute]) -> String {
    let mut pairs: Vec<_> = attributes.iter().map(|pair| (pair.key.to_string(), pair.value.clone())).collect();
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    format!("{pairs:?}")
}

fn number(json: &Json) -> u64 {
    json.as_u64().unwrap_or(0)
}

/// The number of a string of decimal digits.
fn nanos(json: &Json) -> Option<u64> {
    json.as_str().map(|digits| digits.parse().unwrap())
}

/// Asserts that a line says all that there is to say of a span.
fn assert_says(line: &Json, span: &SpanData) {
    assert_eq!(line["trace_id"].as_str().unwrap(), span.trace_id.to_string());
    assert_eq!(line["span_id"].as_str().unwrap(), span.span_id.to_string());
    assert_eq!(line["parent_id"].as_str().map(str::to_owned), span.parent_id.map(|parent| parent.to_string()));
    assert_eq!(line["parent_is_remote"].as_bool().unwrap_or(false), span.parent_is_remote);
    assert_eq!(number(&line["flags"]), u64::from(span.flags.bits()));
    assert_eq!(line["name"], *span.name);
    assert_eq!(line["kind"], span.kind.as_str());
    assert_eq!(nanos(&line["start_unix_nano"]), Some(span.start_unix_nanos));
    assert_eq!(nanos(&line["end_unix_nano"]), span.end_unix_nanos);
    assert_eq!(line["duration_ns"].as_u64(), span.duration().map(|duration| duration.as_nanos() as u64));
    assert_eq!(line["outcome"], span.outcome.as_str());
    let (code, description) = match &span.status {
        Status::Unset => ("unset", None),
        Status::Ok => ("ok", None),
        Status::Error { description } => ("error", Some(&**description)),
    };
    assert_eq!((line["status"]["code"].as_str().unwrap(), line["status"]["description"].as_str()), (code, description));
    assert_eq!(format!("{:?}", attributes(&line["attributes"])), sorted(&span.attributes));
    assert_eq!(line["events"].as_array().map_or(0, Vec::len), span.events.len());
    for (place, event) in span.events.iter().enumerate() {
        let line = &line["events"][place];
        assert_eq!((line["name"].as_str().unwrap(), nanos(&line["unix_nano"])), (&*event.name, Some(event.unix_nanos)));
        assert_eq!(format!("{:?}", attributes(&line["attributes"])), sorted(&event.attributes));
        assert_eq!(number(&line["dropped_attributes"]), u64::from(event.dropped_attributes));
    }
    assert_eq!(line["links"].as_array().map_or(0, Vec::len), span.links.len());
    for (place, link) in span.links.iter().enumerate() {
        let line = &line["links"][place];
        assert_eq!(line["trace_id"].as_str().unwrap(), link.context.trace_id().to_string());
        assert_eq!(line["span_id"].as_str().unwrap(), link.context.span_id().to_string());
        assert_eq!(number(&line["flags"]), u64::from(link.context.flags().bits()));
        assert_eq!(line["is_remote"].as_bool().unwrap_or(false), link.context.is_remote());
        assert_eq!(line["trace_state"].as_str().unwrap_or_default(), link.trace_state.as_str());
        assert_eq!(format!("{:?}", attributes(&line["attributes"])), sorted(&link.attributes));
        assert_eq!(number(&line["dropped_attributes"]), u64::from(link.dropped_attributes));
    }
    let dropped = [&line["dropped"]["attributes"], &line["dropped"]["events"], &line["dropped"]["links"]].map(number);
    assert_eq!(dropped, [span.dropped.attributes, span.dropped.events, span.dropped.links].map(u64::from));
    if let Some(callsite) = span.callsite.filter(|callsite| !callsite.file().is_empty()) {
        let expected = serde_json::json!({"file": "src/cart.rs", "line": 12, "module": "shop::cart", "level": "debug"});
        assert_eq!((&line["code"], callsite.file()), (&expected, "src/cart.rs"));
        assert_eq!(line["scope"], serde_json::json!({"name": "shop", "version": "1.2"}));
    }
}

fn random_text(random: &mut Random) -> String {
    let length = random.below(12);
    let mut text: String = (0..length).filter_map(|_| char::from_u32(random.next() as u32 % 0x11_0000)).collect();
    match random.below(4) {
        0 => text.push_str(EVIL[random.below(EVIL.len())]),
        1 => text.push_str("\"\\/\u{ffff}\u{10ffff}"),
        _ => {}
    }
    text
}

fn random_value(random: &mut Random) -> Value {
    let length = random.below(4);
    let floats = [0.0, -0.0, 1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, f64::MIN_POSITIVE];
    let float = |random: &mut Random| match random.below(2) {
        0 => floats[random.below(floats.len())],
        // Any bits but those of a NaN with a payload, of which text has one only.
        _ => Some(f64::from_bits(random.next())).filter(|number| !number.is_nan()).unwrap_or(0.5),
    };
    let int = |random: &mut Random| random.next() as i64 >> random.below(64);
    match random.below(9) {
        0 => Value::from(random.below(2) == 0),
        1 => Value::from(int(random)),
        2 => Value::from(float(random)),
        3 => Value::from(random_text(random)),
        4 => Value::from((0..length).map(|_| random.next() as u8).collect::<Vec<u8>>()),
        5 => Value::from((0..length).map(|_| random.below(2) == 0).collect::<Vec<bool>>()),
        6 => Value::from((0..length).map(|_| int(random)).collect::<Vec<i64>>()),
        7 => Value::from((0..length).map(|_| float(random)).collect::<Vec<f64>>()),
        _ => Value::from((0..length).map(|_| random_text(random)).collect::<Vec<String>>()),
    }
}

fn random_attributes(random: &mut Random) -> Vec<Attribute> {
    (0..random.below(5))
        .map(|place| Attribute::new(format!("{}{place}", random_text(random)), random_value(random)))
        .collect()
}

fn random_span(random: &mut Random) -> SpanData {
    let context = |random: &mut Random| {
        let trace = TraceId::from_u128(u128::from(random.next()) << 64 | 1).unwrap();
        SpanContext::new(
            trace,
            SpanId::from_u64(random.next() | 1).unwrap(),
            TraceFlags::from_bits(random.next() as u8),
        )
    };
    let own = SpanContext::new(id(), context(random).span_id(), TraceFlags::from_bits(random.next() as u8));
    let mut span =
        SpanData::new(own, random_text(random), random.next() >> 1, Duration::from_nanos(random.next() >> 12));
    span.parent_id = SpanId::from_u64(random.next() * (random.next() & 1));
    span.parent_is_remote = random.below(2) == 0;
    span.kind = [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer][random.below(4)];
    span.status = [Status::Unset, Status::Ok, Status::error(random_text(random))][random.below(3)].clone();
    span.outcome = [Outcome::Ok, Outcome::Error, Outcome::Cancelled, Outcome::NeverPolled][random.below(4)];
    if random.below(5) == 0 {
        (span.end_unix_nanos, span.outcome) = (None, Outcome::Open);
    }
    span.attributes = random_attributes(random);
    for _ in 0..random.below(3) {
        let mut event = Event::new(random_text(random), random.next());
        (event.attributes, event.dropped_attributes) = (random_attributes(random), random.below(2) as u32);
        span.events.push(event);
        let to = context(random);
        let mut link = Link::new(if random.below(2) == 0 { to.remote() } else { to });
        (link.attributes, link.dropped_attributes) = (random_attributes(random), random.below(2) as u32);
        link.trace_state = ["", "a=1", "x@y=\"\\,b=2"][random.below(3)].parse().unwrap();
        span.links.push(link);
    }
    (span.dropped.attributes, span.dropped.links) = (random.below(2) as u32, random.next() as u32);
    span.callsite = (random.below(2) == 0).then_some(&PLACE);
    span
}

#[test]
fn a_plain_span_is_a_short_line() {
    let trace = trace([with(span(1, 0, "work", 0, 5), "rows", 3)]);
    assert_eq!(
        trace.to_json_lines(),
        concat!(
            r#"{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"0000000000000001","parent_id":null,"flags":1,"#,
            r#""name":"work","kind":"internal","start_unix_nano":"1700000000000000000","#,
            r#""end_unix_nano":"1700000000005000000","duration_ns":5000000,"status":{"code":"unset"},"outcome":"ok","#,
            r#""attributes":{"rows":3}}"#,
            "\n"
        )
    );
}

#[test]
fn what_others_say_of_the_trace_stands_in_every_line() {
    let trace = trace([span(1, 0, "work", 0, 5), span(2, 1, "part", 1, 2)]);
    let state = "congo=t61rcWkgMzE,b=\"".parse().unwrap();
    for line in lines(&trace.trace_state_of_spans(state)) {
        assert_eq!(line["trace_state"], "congo=t61rcWkgMzE,b=\"");
    }
}

#[test]
fn every_span_is_read_back_as_it_was() {
    for seed in 0..2000 {
        let mut random = Random(seed);
        let span = random_span(&mut random);
        let text = trace([span.clone()]).to_json_lines();
        assert_eq!(text.matches('\n').count(), 1, "seed {seed}");
        assert!(text.ends_with('\n') && !text.trim_end().contains(char::is_control), "seed {seed}: {text:?}");
        assert_says(&serde_json::from_str(&text).unwrap(), &span);
    }
}

#[test]
fn a_number_that_javascript_would_round_is_text() {
    let values = [
        (Value::from(9_007_199_254_740_991_i64), "9007199254740991"),
        (Value::from(-9_007_199_254_740_992_i64), r#"{"int":"-9007199254740992"}"#),
        (Value::from(1.0), "1.0"),
        (Value::from(f64::NAN), r#"{"double":"NaN"}"#),
        (Value::from(f64::NEG_INFINITY), r#"{"double":"-Infinity"}"#),
        (Value::from(vec![1_u8, 2]), r#"{"bytes":"AQI="}"#),
        (Value::from(vec![i64::MAX, 1]), r#"[{"int":"9223372036854775807"},1]"#),
        (Value::from(Vec::<f64>::new()), r#"{"empty":"double"}"#),
    ];
    for (value, expected) in values {
        let text = trace([with(span(1, 0, "work", 0, 5), "k", value)]).to_json_lines();
        assert!(text.contains(&format!(r#""attributes":{{"k":{expected}}}"#)), "{text}");
    }
}

#[test]
fn the_resource_stands_on_every_line() {
    let lines = lines(&checkout());
    assert_eq!(lines.len(), 7);
    assert!(lines.iter().all(|line| line["resource"] == serde_json::json!({"service.name": "shop"})));
    assert!(trace([]).to_json_lines().is_empty());
}

/// A writer that remembers what it was given, a write each, and whose second write fails halfway.
#[derive(Clone, Default)]
struct Shared {
    writes: Arc<Mutex<Vec<Vec<u8>>>>,
    breaks: bool,
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut writes = self.writes.lock().unwrap();
        match writes.len() {
            1 if self.breaks => writes.push(bytes[..bytes.len() / 2].to_vec()),
            2 if self.breaks => {
                writes.push(Vec::new());
                return Err(io::ErrorKind::StorageFull.into());
            }
            _ => writes.push(bytes.to_vec()),
        }
        Ok(writes[writes.len() - 1].len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_batch_is_written_in_chunks_of_whole_lines() {
    let shared = Shared::default();
    let mut exporter = JsonLinesExporter::new(shared.clone());
    assert_eq!(exporter.delivery(), Delivery::Spans);
    let many = (1..=3000).map(|number| span(number, 0, "work", number, 5));
    exporter.export(&Batch::new(vec![trace(many), checkout()])).unwrap();
    let writes = shared.writes.lock().unwrap();
    assert!((2..10).contains(&writes.len()), "{}", writes.len());
    assert!(writes.iter().all(|write| write.ends_with(b"\n")));
    assert_eq!(writes.concat().iter().filter(|&&byte| byte == b'\n').count(), 3007);
}

#[test]
fn after_a_write_that_failed_halfway_the_next_line_stands_on_its_own() {
    let shared = Shared { breaks: true, ..Shared::default() };
    let mut exporter = JsonLinesExporter::new(shared.clone());
    let batch = |name: &str| Batch::new(vec![trace([span(1, 0, name, 0, 5), span(2, 1, name, 0, 5)])]);
    exporter.export(&batch("first")).unwrap();
    let error = exporter.export(&batch("second")).unwrap_err();
    assert!(format!("{error:?}").contains("dropped: Some(2)"), "{error:?}");
    exporter.export(&batch("third")).unwrap();
    let text = String::from_utf8(shared.writes.lock().unwrap().concat()).unwrap();
    let names: Vec<Option<String>> = text
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).ok().map(|line| line["name"].as_str().unwrap().to_owned()))
        .collect();
    let read: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
    assert_eq!(read.iter().filter(|name| **name == "third").count(), 2, "{text}");
    assert_eq!(read.iter().filter(|name| **name == "first").count(), 2, "{text}");
}

#[test]
fn a_file_is_emptied_by_create_and_continued_by_append() {
    let directory = std::env::temp_dir().join(format!("trace-core-json-lines-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("spans.jsonl");
    let export = |mut exporter: JsonLinesExporter| {
        exporter.export(&Batch::new(vec![checkout()])).unwrap();
        exporter.shutdown(Duration::ZERO).unwrap();
        std::fs::read_to_string(&path).unwrap().lines().count()
    };
    assert_eq!(export(JsonLinesExporter::create(&path).unwrap()), 7);
    assert_eq!(export(JsonLinesExporter::append(&path).unwrap()), 14);
    assert_eq!(export(JsonLinesExporter::create(&path).unwrap()), 7);
    let error = JsonLinesExporter::create(directory.join("absent/spans.jsonl")).unwrap_err();
    assert!(error.to_string().contains("spans.jsonl") && error.path().ends_with("absent/spans.jsonl"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
    std::fs::remove_dir_all(&directory).unwrap();
}
