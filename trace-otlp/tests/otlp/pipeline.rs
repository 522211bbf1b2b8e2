//! Whole programs, each a process of its own: a process has one pipeline.
//!
//! A program is a test that is ignored and that another test starts by its name, with an environment of its own.

use std::net::SocketAddr;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use trace_core::{FutureExt, Span, callsite, in_scope, start_span};
use trace_otlp::OtlpExporter;

use crate::address::own_address;
use crate::http_receiver::{HttpReceiver, Reply};
use crate::messages::names;

/// Runs the program of this name with these variables, and none of ours.
fn run(program: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&format!("pipeline::{program}"), "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OTEL_")) {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn endpoint(address: SocketAddr) -> String {
    format!("http://{address}")
}

#[test]
#[ignore = "a program that other tests start"]
fn a_program_without_a_runtime() {
    let pipeline = trace_otlp::init().unwrap();
    in_scope(callsite!("outer"), || in_scope("inner", || ()));
    pipeline.warnings().iter().for_each(|warning| println!("WARNING {warning}"));
}

#[test]
#[ignore = "a program that other tests start"]
fn a_program_that_says_where_its_spans_stand() {
    let exporter = OtlpExporter::builder().with_code_location().build().unwrap();
    let _pipeline = trace_core::builder().exporter(exporter).init().unwrap();
    in_scope(callsite!("outer"), || ());
}

async fn work() {
    let inner = async { tokio::task::yield_now().await }.in_span(Span::new("inner"));
    inner.in_span(Span::new(callsite!("outer"))).await;
}

#[test]
#[ignore = "a program that other tests start"]
fn a_program_on_a_current_thread_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pipeline = trace_otlp::init().unwrap();
        work().await;
        pipeline.shutdown_async(Duration::from_secs(10)).await.unwrap();
    });
}

#[test]
#[ignore = "a program that other tests start"]
fn a_program_on_a_multi_thread_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let pipeline = trace_otlp::init().unwrap();
        tokio::spawn(work()).await.unwrap();
        // It blocks the thread, and is done all the same.
        pipeline.shutdown(Duration::from_secs(10)).unwrap();
    });
}

#[test]
fn a_pipeline_sends_the_place_in_the_source_only_on_request() {
    let keys = ["code.file.path", "code.line.number", "code.module.name"];
    let table: [(_, &[&str]); 2] =
        [("a_program_that_says_where_its_spans_stand", &keys), ("a_program_without_a_runtime", &[])];
    for (program, expected) in table {
        for protocol in ["http/protobuf", "http/json"] {
            let receiver = HttpReceiver::willing();
            let variables = [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint(receiver.address)),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_owned()),
            ];
            let output = run(program, &variables.each_ref().map(|(name, value)| (*name, value.as_str())));
            assert!(output.status.success(), "{program}, {protocol}: {}", text(&output));
            let [received] = &receiver.received()[..] else { panic!("{program}, {protocol}: one request") };
            let message = received.message();
            let mut spans = message.resource_spans.iter().flat_map(|of| &of.scope_spans).flat_map(|of| &of.spans);
            let outer = spans.find(|span| span.name == "outer").unwrap();
            let found: Vec<_> = outer.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
            assert_eq!(found, expected, "{program}, {protocol}");
        }
    }
}

#[test]
fn spans_arrive_from_any_runtime_and_from_none() {
    let programs =
        ["a_program_without_a_runtime", "a_program_on_a_current_thread_runtime", "a_program_on_a_multi_thread_runtime"];
    for program in programs {
        for protocol in ["http/protobuf", "http/json"] {
            let receiver = HttpReceiver::willing();
            let variables = [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint(receiver.address)),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_owned()),
                ("OTEL_SERVICE_NAME", "shop".to_owned()),
            ];
            let output = run(program, &variables.each_ref().map(|(name, value)| (*name, value.as_str())));
            assert!(output.status.success(), "{program}: {}", text(&output));
            let mut names = receiver.names();
            names.sort_unstable();
            assert_eq!(names, ["inner", "outer"], "{program}, {protocol}");
            let message = receiver.received()[0].message();
            let resource = message.resource_spans[0].resource.as_ref().unwrap();
            let service = resource.attributes.iter().find(|attribute| attribute.key == "service.name").unwrap();
            assert_eq!(service.value.as_ref().unwrap().value, Some(Any::StringValue("shop".to_owned())));
            let scopes = &message.resource_spans[0].scope_spans;
            let scope = |name: &str| {
                let scope = scopes.iter().find(|scope| scope.spans.iter().any(|span| span.name == name)).unwrap();
                scope.scope.as_ref().unwrap().name.clone()
            };
            assert_eq!((scope("outer").as_str(), scope("inner").as_str()), ("trace-otlp", ""), "{program}");
        }
    }
}

#[test]
#[ignore = "a program that other tests start"]
fn a_program_that_says_what_was_lost() {
    let pipeline = trace_otlp::init().unwrap();
    for _ in 0..5 {
        start_span("lost").end();
    }
    let start = Instant::now();
    let error = pipeline.shutdown(Duration::from_secs(2)).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5));
    println!("SHUTDOWN {error}");
    let stats = trace_core::stats();
    println!("DROPPED {} of {}, {}", stats.exporters[0].dropped, stats.closed, stats.exporters[0].is_balanced(&stats));
}

#[test]
fn a_shutdown_that_cannot_send_the_last_batch_says_so() {
    let nobody = own_address();
    let url = endpoint(nobody);
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_EXPORTER_OTLP_TIMEOUT", "300")];
    let output = run("a_program_that_says_what_was_lost", &variables);
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("SHUTDOWN spans were lost: otlp: gave up after"), "{text}");
    assert!(text.contains("DROPPED 5 of 5, true"), "{text}");

    let refusing = HttpReceiver::new(|_, _| Reply::with(401, "text/plain", "who are you?"));
    let url = endpoint(refusing.address);
    let output = run("a_program_that_says_what_was_lost", &[("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())]);
    let text = self::text(&output);
    assert!(text.contains("401") && text.contains("who are you?") && text.contains("DROPPED 5 of 5, true"), "{text}");

    let silent = HttpReceiver::new(|_, _| Reply::Silence);
    let url = endpoint(silent.address);
    let output = run("a_program_that_says_what_was_lost", &[("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())]);
    assert!(self::text(&output).contains("SHUTDOWN exporters were not done in time: otlp"), "{}", self::text(&output));
}

#[test]
fn the_environment_chooses_the_exporters() {
    let receiver = HttpReceiver::willing();
    let url = endpoint(receiver.address);
    let run = |variables: &[(&str, &str)]| {
        let all = [&[("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())], variables].concat();
        let output = self::run("a_program_without_a_runtime", &all);
        assert!(output.status.success(), "{}", text(&output));
        let before = receiver.names().len();
        (before, text(&output))
    };
    for variables in
        [("OTEL_TRACES_EXPORTER", "none"), ("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "console")]
    {
        let (arrived, _) = run(&[variables]);
        assert_eq!(arrived, 0, "{variables:?}");
    }
    let (arrived, output) = run(&[("OTEL_TRACES_EXPORTER", "console,otlp")]);
    assert_eq!(arrived, 2);
    assert!(output.contains("inner"), "{output}");
    let (arrived, output) = run(&[("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")]);
    assert_eq!(arrived, 4);
    for teller in ["WARNING", "otlp:"] {
        assert!(output.contains(&format!("{teller} OTEL_EXPORTER_OTLP_TIMEOUT=\"soon\"")), "{output}");
    }
    let (arrived, output) = run(&[("OTEL_TRACES_EXPORTER", "otlp/stdout")]);
    assert_eq!(arrived, 4);
    let line = output.lines().find_map(|line| Some(&line[line.find("{\"resourceSpans\"")?..])).unwrap();
    let mut names = names(&serde_json::from_str(line).unwrap());
    names.sort_unstable();
    assert_eq!(names, ["inner", "outer"], "{output}");
}
