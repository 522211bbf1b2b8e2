//! The example `distributed`: three services and their visitors are processes, and every request is one trace.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::process::Command;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::Span;
use tests::programs::example;

use crate::http_receiver::{HttpReceiver, PATIENCE};
use crate::messages::{spans, text};
use crate::process::{Process, clean};
use crate::rotel::{self, Collector};

const VISITORS: usize = 3;
const REQUESTS: usize = 30;
/// As many as a request makes in all processes.
const SPANS: usize = 10;

/// A part of the example that exports as these variables say.
fn part(arguments: &[&str], variables: &[(&str, &str)]) -> Process {
    let mut command = clean(Command::new(example("distributed")));
    command.args(arguments).envs(variables.iter().copied());
    Process::start(command)
}

/// Starts the services, lets several visitors ask at the same time, and stops the services.
fn start_and_visit(variables: &[(&str, &str)], said: impl Fn(&str, &[String])) {
    let stock = part(&["stock"], variables);
    let prices = part(&["prices"], variables);
    let address = |service: &Process| format!("http://{}", service.says("http://"));
    let gateway = part(&["gateway", &address(&stock), &address(&prices)], variables);
    let url = address(&gateway);
    let visitors = [(); VISITORS].map(|()| part(&["visitor", &url, &REQUESTS.to_string()], variables));
    visitors.into_iter().for_each(|visitor| drop(visitor.end()));
    for (name, service) in [("gateway", gateway), ("prices", prices), ("stock", stock)] {
        service.terminate();
        said(name, &service.end());
    }
}

/// The same; and every service says that it lost nothing.
fn visit(variables: &[(&str, &str)]) {
    start_and_visit(variables, |name, lines| {
        let spans = if name == "stock" { 2 } else { 3 };
        let books = format!("{name}: {} spans ended, 0 lost", spans * VISITORS * REQUESTS);
        assert!(lines.contains(&books), "{books}: {lines:#?}");
    });
}

/// The spans that came, each with its service.
fn arrived(receiver: &HttpReceiver) -> Vec<(String, Span)> {
    let messages: Vec<_> = receiver.received().iter().map(|received| received.message()).collect();
    let spans = messages.iter().flat_map(spans);
    spans.map(|(service, span)| (service.to_owned(), span.clone())).collect()
}

fn check(arrived: &[(String, Span)]) {
    assert_eq!(arrived.len(), VISITORS * REQUESTS * SPANS);
    let traces = by_trace(arrived);
    assert_eq!(traces.len(), VISITORS * REQUESTS);
    traces.values().for_each(|trace| check_trace(trace));
}

fn by_trace(arrived: &[(String, Span)]) -> BTreeMap<&[u8], Vec<&(String, Span)>> {
    let mut traces: BTreeMap<&[u8], Vec<&(String, Span)>> = BTreeMap::new();
    arrived.iter().for_each(|one| traces.entry(&one.1.trace_id).or_default().push(one));
    traces
}

/// Every span has the parent that it must have, and all of them are of the same request.
fn check_trace(trace: &[&(String, Span)]) {
    let ids: HashSet<_> = trace.iter().map(|(_, span)| &span.span_id).collect();
    assert_eq!((trace.len(), ids.len()), (SPANS, SPANS), "{trace:#?}");
    let by_id: HashMap<_, _> = trace.iter().map(|(service, span)| (&span.span_id, (service.as_str(), span))).collect();
    let full_name = |(service, span): (&str, &Span)| match text(&span.attributes, "url.full") {
        Some(url) => format!("{service} {} /{}", span.name, url.split('/').nth(3).unwrap()),
        None => format!("{service} {}", span.name),
    };
    let mut found: Vec<(String, String)> = trace
        .iter()
        .map(|(service, span)| {
            let parent = by_id.get(&span.parent_span_id).copied().map(full_name).unwrap_or_default();
            (full_name((service, span)), parent)
        })
        .collect();
    found.sort_unstable();
    let expected = [
        ("gateway GET /cart/{item}", "visitor GET /cart"),
        ("gateway GET /price", "gateway GET /cart/{item}"),
        ("gateway GET /stock", "gateway GET /cart/{item}"),
        ("prices GET /price/{item}", "gateway GET /price"),
        ("prices discount", "prices GET /price/{item}"),
        ("prices look_up", "prices GET /price/{item}"),
        ("stock GET /stock/{item}", "gateway GET /stock"),
        ("stock count", "stock GET /stock/{item}"),
        ("visitor GET /cart", "visitor visit"),
        ("visitor visit", ""),
    ];
    let expected = expected.map(|(span, parent)| (span.to_owned(), parent.to_owned()));
    assert_eq!(found, expected);
    for (_, span) in trace {
        const SERVER: i32 = 2;
        assert_eq!(span.flags, if span.kind == SERVER { 0x303 } else { 0x103 }, "sampled, random, and remote or not");
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
    }
    let items: HashSet<_> = trace
        .iter()
        .filter_map(|(_, span)| text(&span.attributes, "url.full").or(text(&span.attributes, "url.path")))
        .map(|url| url.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(items.len(), 1, "all of it is about one thing: {items:?}");
}

#[test]
fn every_span_of_three_services_has_the_right_parent() {
    let receiver = HttpReceiver::willing();
    visit(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{}", receiver.address))]);
    let arrived = arrived(&receiver);
    check(&arrived);
    assert!(arrived.iter().all(|(_, span)| span.trace_state.is_empty()));
}

#[test]
fn every_service_keeps_the_same_traces_and_tells_how_many_each_stands_for() {
    let receiver = HttpReceiver::willing();
    let url = format!("http://{}", receiver.address);
    let sampled = [("OTEL_TRACES_SAMPLER", "parentbased_probability"), ("OTEL_TRACES_SAMPLER_ARG", "0.5")];
    let variables = [&[("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())][..], &sampled].concat();
    start_and_visit(&variables, |_, _| {});
    let arrived = arrived(&receiver);
    let traces = by_trace(&arrived);
    assert!(!traces.is_empty() && traces.len() < VISITORS * REQUESTS, "{} traces", traces.len());
    traces.values().for_each(|trace| check_trace(trace));
    assert!(arrived.iter().all(|(_, span)| span.trace_state == "ot=th:8"));
}

#[test]
fn a_collector_between_them_changes_nothing() {
    let Some(program) = rotel::program() else { return };
    let next = HttpReceiver::willing();
    let collector = Collector::start(&program, &next);
    let url = format!("http://{}", collector.grpc);
    visit(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    // It sends on by itself, in batches of its own.
    let until = Instant::now() + PATIENCE;
    while arrived(&next).len() < VISITORS * REQUESTS * SPANS && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    check(&arrived(&next));
}
