//! The HTML page: what of a trace is in it, and that nothing of it gets out.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "../../trace-core/tests/common/mod.rs"]
mod common;

use std::collections::HashMap;

use common::{EVIL, Random, START, checkout, ending, event, evil, id, span, trace, with};
use serde_json::Value as Json;
use trace_core::{
    Attribute, Event, Link, Outcome, Redaction, Redactor, Resource, SpanContext, SpanData, SpanId, SpanKind, Status,
    Trace, TraceFlags, Value,
};
use trace_render::{Html, TraceExt as _};

/// What an HTML parser can be led astray with, beside what misleads a reader.
const HOSTILE: [&str; 13] = [
    "</script><script>window.pwned=1</script>",
    "<script>window.pwned=1</script>",
    "<!--<script>window.pwned=1//-->",
    "--></script><img src=x onerror=window.pwned=1>",
    "]]></style></title></noscript><svg onload=window.pwned=1>",
    "\"><img src=x onerror=window.pwned=1>",
    "' onmouseover='window.pwned=1",
    "javascript:window.pwned=1",
    "data:text/html,<script>window.pwned=1</script>",
    "${window.pwned=1}`{{constructor.constructor('window.pwned=1')()}}",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "\u{2028}\u{2029}\u{0}\u{fffe}\u{ffff}\u{1}",
    "__proto__",
];

fn block(page: &str) -> &str {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"trace-data\">").unwrap();
    rest.split_once("</script>").unwrap().0
}

fn json(page: &str) -> Json {
    serde_json::from_str(block(page)).unwrap()
}

fn hostile() -> Trace {
    let mut spans = Vec::new();
    let mut resource = Resource::new();
    let long = "x".repeat(1_000_000);
    for (number, text) in (1..).zip(HOSTILE.iter().chain(&EVIL).copied().chain([long.as_str()])) {
        let text = text.to_owned();
        resource = resource.attribute(text.clone(), text.clone()).attribute("service.name", text.clone());
        let mut span = with(span(number, number / 2, &text, number, 5), text.clone(), text.clone());
        span.attributes.push(Attribute::new("list", vec![text.clone()]));
        span.status = Status::error(text.clone());
        span.outcome = Outcome::Error;
        span.events.push(Event::new(text.clone(), START).attribute((text.clone(), text)));
        spans.push(span);
    }
    trace(spans).resource_of_spans(resource)
}

#[test]
fn no_text_of_a_trace_can_leave_the_data_block() {
    for trace in [hostile(), evil()] {
        let page = Html::new().title("</title><script>window.pwned=1</script>").render(&trace);
        assert!(!block(&page).contains('<'), "no `<` in the data");
        let outside = page.replace(block(&page), "");
        let (head, rest) = outside.split_once("<noscript>").unwrap();
        let (picture, rest) = rest.split_once("</noscript>").unwrap();
        let empty = Trace::from_spans(id(), []).to_html();
        let (empty_head, empty_rest) = empty.split_once("<noscript>").unwrap();
        let (_, empty_rest) = empty_rest.split_once("</noscript>").unwrap();
        assert_eq!(head, empty_head, "the head is the same whatever the trace says");
        assert_eq!(rest, empty_rest.replace(block(&empty), ""), "and so is the rest");
        roxmltree::Document::parse(picture).unwrap();
        assert!(!picture.contains("<script") && !picture.contains("<img"));
        for c in block(&page).chars() {
            assert!(
                c == '\n' || !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'),
                "{c:?}"
            );
        }
    }
}

#[test]
fn every_text_of_a_trace_is_in_the_data_block_as_it_was() {
    let page = hostile().to_html();
    let data = json(&page);
    let strings: Vec<&str> = data["strings"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    for text in HOSTILE.iter().chain(&EVIL) {
        assert!(strings.contains(text), "{text:?}");
    }
}

#[test]
fn a_redactor_works_on_the_page_and_the_page_says_how_much_it_changed() {
    let redactor = Redactor::new(|attribute| match attribute.key.as_str() {
        "user.id" => Redaction::Remove,
        "card" => Redaction::Replace(Value::from("***")),
        _ => Redaction::Keep,
    });
    let page = Html::new().redact(redactor).render(&checkout());
    assert!(!page.contains("visa 42") && !page.contains("user.id"));
    assert_eq!(json(&page)["redacted"], 2);
}

#[test]
fn a_trace_too_large_keeps_what_failed_and_says_how_many_there_were() {
    let mut spans: Vec<_> = (2..=1000).map(|number| span(number, 1, "small", number, 1)).collect();
    spans[700] = ending(spans[700].clone(), Outcome::Error, Status::error("here"));
    spans.push(span(1, 0, "root", 0, 2000));
    let data = json(&Html::new().max_spans(20).render(&trace(spans)));
    assert_eq!(data["total"], 1000);
    assert_eq!(data["depth"].as_array().unwrap().len(), 20);
    assert!(data["statuses"].as_str().unwrap().contains('2'), "the failed one is there");
    assert_eq!(data["depth"][0], 0, "and so is the root");
}

#[test]
fn a_chain_of_eighty_thousand_a_circle_and_nothing_at_all_are_drawn() {
    let chain = trace((1..=80_000).map(|number| span(number, number - 1, "link", number, 1)));
    let data = json(&chain.to_html());
    assert_eq!(data["depth"].as_array().unwrap().last().unwrap(), 79_999);
    chain.to_svg();
    chain.to_perfetto_json();
    chain.to_mermaid();

    let circle = trace([span(1, 3, "a", 0, 9), span(2, 1, "b", 1, 8), span(3, 2, "c", 2, 7), span(4, 4, "self", 0, 1)]);
    let data = json(&circle.to_html());
    assert_eq!(data["depth"].as_array().unwrap().len(), 4, "no span of a circle is lost");

    let data = json(&trace([]).to_html());
    assert_eq!(data["ids"], "");
}

#[test]
fn a_trace_too_large_keeps_its_critical_path() {
    // The path is the last chain: short spans below a root with many longer ones beside it.
    let mut spans: Vec<_> = (10..=500).map(|number| span(number, 1, "long", 0, 900)).collect();
    spans.push(span(1, 0, "root", 0, 1000));
    spans.extend(
        (2..=8).map(|number| span(number, if number == 2 { 1 } else { number - 1 }, "path", 990 + number, 10 - number)),
    );
    let data = json(&Html::new().max_spans(12).render(&trace(spans)));
    let strings: Vec<&str> = data["strings"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    let names = data["name"].as_array().unwrap().iter().map(|name| strings[name.as_u64().unwrap() as usize]);
    assert_eq!(names.filter(|&name| name == "path").count(), 7);
}

#[cfg(feature = "compress")]
#[test]
fn a_compressed_page_is_smaller_and_holds_the_same() {
    use base64::Engine as _;
    use std::io::Read as _;

    let trace = trace((1..=1000).map(|number| span(number, number / 2, &format!("step {}", number % 9), number, 5)));
    let (plain, small) = (trace.to_html(), Html::new().compress().render(&trace));
    assert!(block(&small).len() * 3 < block(&plain).len(), "{} of {}", block(&small).len(), block(&plain).len());
    let bytes = base64::prelude::BASE64_STANDARD.decode(block(&small)).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, block(&plain));
    assert_eq!(small.replace(block(&small), ""), plain.replace(block(&plain), ""), "the rest is the same");
}

#[test]
fn an_open_span_that_came_again_when_it_ended_is_shown_once() {
    let open = ending(span(1, 0, "root", 0, 0), Outcome::Open, Status::Unset);
    let page = Html::new().render_all(&[trace([open]), trace([span(1, 0, "root", 0, 7)])]);
    assert_eq!(json(&page)["duration_ns"], serde_json::json!([7_000_000]));
}

#[test]
fn parts_of_one_trace_from_several_services_hang_together() {
    let of = |name: &str, spans: Vec<SpanData>| {
        trace(spans).resource_of_spans(Resource::new().attribute("service.name", name.to_owned()))
    };
    let parts = [of("back", vec![span(2, 1, "query", 2, 5)]), of("front", vec![span(1, 0, "GET /", 0, 9)])];
    let data = json(&Html::new().render_all(&parts));
    assert_eq!((&data["depth"], &data["part"]), (&serde_json::json!([0, 1]), &serde_json::json!([1, 0])));
    assert_eq!(data["traces"].as_array().unwrap().len(), 1);
}

/// Any trace at all: duplicate ids, foreign parents, circles, every kind of value.
fn anything(random: &mut Random) -> Trace {
    let count = random.below(40);
    let mut spans = Vec::new();
    let text = |random: &mut Random| match random.below(4) {
        0 => HOSTILE[random.below(HOSTILE.len())].to_owned(),
        1 => EVIL[random.below(EVIL.len())].to_owned(),
        _ => format!("text {}", random.below(9)),
    };
    let value = |random: &mut Random| match random.below(10) {
        0 => Value::from(random.next() as i64),
        1 => Value::from(f64::from_bits(random.next() & !(1 << 62))),
        2 => Value::from([f64::NAN, f64::INFINITY, -0.0, 1.0][random.below(4)]),
        3 => Value::from(random.next().is_multiple_of(2)),
        4 => Value::from(vec![1_u8, 255, 0]),
        5 => Value::from(vec![i64::MAX, 0]),
        6 => Value::from(Vec::<bool>::new()),
        7 => Value::from(vec![0.5, f64::NAN]),
        8 => Value::from(vec![text(random)]),
        _ => Value::from(text(random)),
    };
    for number in 0..count {
        let parent = random.below(count + 3) as u64;
        let name = text(random);
        let mut made = span(number as u64 + 1, parent, &name, random.below(100) as u64, random.below(50) as u64);
        made.parent_is_remote = made.parent_id.is_some() && random.below(4) == 0;
        made.flags = TraceFlags::from_bits(random.next() as u8);
        made.kind = [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer]
            [random.below(5)];
        made.outcome = [Outcome::Ok, Outcome::Panicked, Outcome::Cancelled, Outcome::NeverPolled][random.below(4)];
        made.status = [Status::Unset, Status::Ok, Status::error(""), Status::error("why")][random.below(4)].clone();
        if random.below(6) == 0 {
            made = ending(made, Outcome::Open, Status::Unset);
        }
        for _ in 0..random.below(4) {
            made.attributes.push(Attribute::new(text(random), value(random)));
        }
        if random.below(3) == 0 {
            made = event(made, "retry", random.below(5) as u64);
            made.events[0].dropped_attributes = random.below(2) as u32;
        }
        if random.below(5) == 0 {
            let context = SpanContext::new(id(), SpanId::from_u64(77).unwrap(), TraceFlags::SAMPLED);
            made.links
                .push(Link::new(if random.below(2) == 0 { context } else { context.remote() }).attribute(("why", 1)));
            made.dropped.links = 3;
        }
        spans.push(made);
    }
    trace(spans)
}

/// The spans as the data block has them.
fn spans_of(data: &Json) -> Vec<SpanData> {
    let strings: Vec<&str> = data["strings"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    let value = |number: i64| match usize::try_from(number) {
        Ok(number) => Value::from(strings[number].to_owned()),
        Err(_) => value_of(&data["values"][(-1 - number) as usize]),
    };
    let attributes = |list: &Json| -> Vec<Attribute> {
        let Some(list) = list.as_array() else { return Vec::new() };
        list.chunks(2)
            .map(|pair| {
                Attribute::new(strings[pair[0].as_u64().unwrap() as usize].to_owned(), value(pair[1].as_i64().unwrap()))
            })
            .collect()
    };
    let start: u64 = data["start"].as_str().unwrap().parse().unwrap();
    let ids: Vec<SpanId> = (0..data["ids"].as_str().unwrap().len() / 16)
        .map(|place| data["ids"].as_str().unwrap()[place * 16..][..16].parse().unwrap())
        .collect();
    let digit = |name: &str, place: usize| usize::from(data[name].as_str().unwrap().as_bytes()[place] - b'0');
    let pairs = |name: &str| -> HashMap<usize, Json> {
        let pairs = data[name].as_array().unwrap().iter();
        pairs.map(|pair| (pair[0].as_u64().unwrap() as usize, pair.clone())).collect()
    };
    let (messages, parents, events) = (pairs("messages"), pairs("parents"), pairs("events"));
    let (links, dropped) = (pairs("links"), pairs("dropped"));
    let remote: Vec<usize> =
        data["remote"].as_array().unwrap().iter().map(|index| index.as_u64().unwrap() as usize).collect();
    (0..ids.len())
        .map(|at| {
            let flags = u8::from_str_radix(&data["flags"].as_str().unwrap()[at * 2..][..2], 16).unwrap();
            let context = SpanContext::new(id(), ids[at], TraceFlags::from_bits(flags));
            let begin = start + data["start_ns"][at].as_u64().unwrap();
            let name = strings[data["name"][at].as_u64().unwrap() as usize].to_owned();
            let mut span = SpanData::new(context, name, begin, std::time::Duration::ZERO);
            span.end_unix_nanos =
                data["duration_ns"][at].as_i64().map(|nanos| begin.checked_add_signed(nanos).unwrap());
            span.kind =
                [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer]
                    [digit("kinds", at)];
            span.outcome = [
                Outcome::Ok,
                Outcome::Error,
                Outcome::Panicked,
                Outcome::Cancelled,
                Outcome::NeverPolled,
                Outcome::Open,
            ][digit("outcomes", at)];
            let message = messages.get(&at).map_or("", |pair| strings[pair[1].as_u64().unwrap() as usize]);
            span.status = [Status::Unset, Status::Ok, Status::error(message.to_owned())][digit("statuses", at)].clone();
            span.parent_id = match data["parent"][at].as_i64().unwrap() {
                -1 => parents.get(&at).map(|pair| pair[1].as_str().unwrap().parse().unwrap()),
                parent => Some(ids[parent as usize]),
            };
            span.parent_is_remote = remote.contains(&at) || parents.get(&at).is_some_and(|pair| pair[2] == 1);
            span.attributes = attributes(&data["attributes"][at]);
            for event in events.get(&at).map_or(&[][..], |pair| pair[1].as_array().unwrap()) {
                let at = start.checked_add_signed(event[1].as_i64().unwrap()).unwrap();
                let mut made = Event::new(strings[event[0].as_u64().unwrap() as usize].to_owned(), at);
                made.attributes = attributes(&event[2]);
                made.dropped_attributes = event[3].as_u64().unwrap() as u32;
                span.events.push(made);
            }
            for link in links.get(&at).map_or(&[][..], |pair| pair[1].as_array().unwrap()) {
                let context = SpanContext::new(
                    link[0].as_str().unwrap().parse().unwrap(),
                    link[1].as_str().unwrap().parse().unwrap(),
                    TraceFlags::from_bits(link[2].as_u64().unwrap() as u8),
                );
                let mut made = Link::new(if link[3] == 1 { context.remote() } else { context });
                made.attributes = attributes(&link[4]);
                made.dropped_attributes = link[5].as_u64().unwrap() as u32;
                span.links.push(made);
            }
            if let Some(counts) = dropped.get(&at) {
                span.dropped.attributes = counts[1].as_u64().unwrap() as u32;
                span.dropped.events = counts[2].as_u64().unwrap() as u32;
                span.dropped.links = counts[3].as_u64().unwrap() as u32;
            }
            span
        })
        .collect()
}

fn value_of(json: &Json) -> Value {
    match json {
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::from(number.as_f64().unwrap()), Value::from),
        Json::String(text) => Value::from(text.clone()),
        Json::Array(values) => match value_of(&values[0]) {
            Value::Bool(_) => Value::from(values.iter().map(|value| value.as_bool().unwrap()).collect::<Vec<_>>()),
            Value::I64(_) => {
                Value::from(values.iter().map(|value| value_of(value).as_i64().unwrap()).collect::<Vec<_>>())
            }
            Value::F64(_) => {
                let double = |value| if let Value::F64(value) = value_of(value) { value } else { panic!("{value}") };
                Value::from(values.iter().map(double).collect::<Vec<_>>())
            }
            _ => Value::from(values.iter().map(|value| value.as_str().unwrap().to_owned()).collect::<Vec<_>>()),
        },
        Json::Object(members) => {
            let (tag, text) = members.iter().next().unwrap();
            let text = text.as_str().unwrap();
            match (&**tag, text) {
                ("int", digits) => Value::from(digits.parse::<i64>().unwrap()),
                ("double", text) => Value::from(text.parse::<f64>().unwrap()),
                ("empty", "bool") => Value::BoolArray(Box::default()),
                ("bytes", digits) => Value::from(
                    (0..digits.len() / 2)
                        .map(|place| u8::from_str_radix(&digits[place * 2..][..2], 16).unwrap())
                        .collect::<Vec<u8>>(),
                ),
                other => panic!("{other:?}"),
            }
        }
        Json::Null => panic!("null is no value"),
    }
}

#[test]
fn whatever_the_trace_the_data_block_has_all_of_it() {
    for seed in 0..300 {
        let trace = anything(&mut Random(seed));
        let data = json(&trace.to_html());
        let by_id = |mut spans: Vec<SpanData>| {
            spans.sort_by_key(|span| span.span_id);
            // A value that is not a number is not equal to itself.
            spans.iter().map(|span| format!("{span:?}")).collect::<Vec<_>>()
        };
        let without_place = |span: SpanData| {
            let mut span = span;
            span.callsite = None;
            span
        };
        let all = |trace: &Trace| trace.spans().map(|span| without_place(span.to_data())).collect();
        // Part of a span follows from the others of its trace.
        let read = Trace::from_spans(trace.id(), spans_of(&data));
        assert_eq!(by_id(all(&read)), by_id(all(&trace)), "seed {seed}");
    }
}
