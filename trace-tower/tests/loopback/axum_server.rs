//! A client and a server of axum: what their spans say.

use axum::Router;
use axum::extract::{MatchedPath, Path};
use axum::http::header::{HeaderName, USER_AGENT};
use axum::routing::get as on_get;
use http_body_util::BodyExt;
use trace_core::propagation::B3;
use trace_core::{Outcome, SpanKind, Status, TraceId, Value, current_span};
use trace_tower::{RequestHead, ServerLayer};

use crate::{Stranger, attributes, client, find, get, run, send, serve, spans, text};

fn matched(request: &RequestHead<'_>) -> Option<String> {
    request.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned())
}

async fn cart(Path(id): Path<u32>) -> String {
    let span = trace_core::start_span("load cart");
    format!("{id} {}", span.trace_id().unwrap())
}

#[test]
fn a_request_is_one_trace_from_the_client_through_the_server_to_the_handler() {
    run(async {
        let address =
            serve(Router::new().route("/cart/{id}", on_get(cart)).layer(ServerLayer::new().route(matched))).await;
        let trace = {
            let root = trace_core::Span::root("browse");
            let trace = root.trace_id().unwrap();
            let request = http::Request::get(format!("http://user:pass@{address}/cart/7?token=secret#fragment"))
                .header("authorization", "Bearer secret")
                .header("cookie", "session=secret");
            let response = trace_core::FutureExt::in_span(async { send(&client(), request).await }, root).await;
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), format!("7 {trace}"));
            trace
        };
        let spans = spans(trace, 4).await;
        let (client, server) = (find(&spans, "GET"), find(&spans, "GET /cart/{id}"));
        assert_eq!(client.parent_id, Some(find(&spans, "browse").span_id));
        assert_eq!((server.parent_id, server.parent_is_remote), (Some(client.span_id), true));
        assert_eq!(find(&spans, "load cart").parent_id, Some(server.span_id));
        assert_eq!((client.kind, server.kind), (SpanKind::Client, SpanKind::Server));
        let port = address.port();
        assert_eq!(
            attributes(client),
            [
                "http.request.method=GET".to_owned(),
                "http.response.status_code=200".to_owned(),
                "network.protocol.version=1.1".to_owned(),
                "server.address=127.0.0.1".to_owned(),
                format!("server.port={port}"),
                format!("url.full=http://127.0.0.1:{port}/cart/7"),
            ]
        );
        assert_eq!(
            attributes(server),
            [
                "http.request.method=GET".to_owned(),
                "http.response.status_code=200".to_owned(),
                "http.route=/cart/{id}".to_owned(),
                "network.protocol.version=1.1".to_owned(),
                "server.address=127.0.0.1".to_owned(),
                format!("server.port={port}"),
                "url.path=/cart/7".to_owned(),
                "url.scheme=http".to_owned(),
            ]
        );
        for span in &spans {
            assert_eq!((span.outcome, &span.status), (Outcome::Ok, &Status::Unset), "{}", span.name);
            let told = format!("{span:?}");
            assert!(["secret", "pass@", "fragment", "session"].iter().all(|word| !told.contains(word)), "{told}");
        }
    });
}

#[test]
fn a_failure_of_the_server_is_an_error_for_both_and_a_mistake_of_the_client_for_the_client() {
    run(async {
        let fail = async || axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        let address = serve(Router::new().route("/fail", on_get(fail)).layer(ServerLayer::new())).await;
        for (path, code, server_fails) in [("/fail", "500", true), ("/nowhere", "404", false)] {
            let root = trace_core::Span::root("visit");
            let trace = root.trace_id().unwrap();
            trace_core::FutureExt::in_span(get(&client(), format!("http://{address}{path}")), root).await;
            let spans = spans(trace, 3).await;
            for span in spans.iter().filter(|span| span.name == "GET") {
                let fails = span.kind == SpanKind::Client || server_fails;
                assert_eq!(span.status.is_error(), fails, "{path} {:?}", span.kind);
                assert_eq!(text(span, "error.type"), fails.then_some(code), "{path} {:?}", span.kind);
                assert_eq!(span.attribute("http.response.status_code").unwrap().to_string(), code);
            }
        }
    });
}

#[test]
fn only_headers_that_are_named_are_told_each_with_all_its_values() {
    run(async {
        let reply = async || [("x-answer", "42"), ("x-other", "1")];
        let layer = ServerLayer::new()
            .request_header(USER_AGENT)
            .request_header(HeaderName::from_static("x-twice"))
            .response_header(HeaderName::from_static("x-answer"))
            .scheme("https");
        let address = serve(Router::new().route("/", on_get(reply)).layer(layer)).await;
        let stranger = Stranger::new();
        let request = http::Request::get(format!("http://{address}/"))
            .header("user-agent", "test")
            .header("x-twice", "a")
            .header("x-twice", "b");
        let untraced = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
        let request = request.header("traceparent", stranger.header()).body(crate::Body::new()).unwrap();
        untraced.request(request).await.unwrap();
        let [span] = &spans(stranger.trace, 1).await[..] else { unreachable!("one was asked for") };
        let array = |values: &[&'static str]| Value::StringArray(values.iter().map(|&value| value.into()).collect());
        assert_eq!(span.attribute("http.request.header.user-agent"), Some(&array(&["test"])));
        assert_eq!(span.attribute("http.request.header.x-twice"), Some(&array(&["a", "b"])));
        assert_eq!(span.attribute("http.response.header.x-answer"), Some(&array(&["42"])));
        assert_eq!(text(span, "url.scheme"), Some("https"));
        assert!(!format!("{span:?}").contains("x-other"));
        assert_eq!((span.parent_id, span.parent_is_remote), (Some(stranger.span), true));
    });
}

#[test]
fn a_method_that_nobody_knows_is_no_name() {
    run(async {
        let app = Router::new().fallback(async || ()).layer(ServerLayer::new());
        let address = serve(app).await;
        let root = trace_core::Span::root("visit");
        let trace = root.trace_id().unwrap();
        let request = http::Request::builder().method("BREW").uri(format!("http://{address}/"));
        trace_core::FutureExt::in_span(async { send(&client(), request).await }, root).await;
        let spans = spans(trace, 3).await;
        for span in spans.iter().filter(|span| span.name != "visit") {
            assert_eq!(span.name, "HTTP");
            assert_eq!(text(span, "http.request.method"), Some("_OTHER"));
            assert_eq!(text(span, "http.request.method_original"), Some("BREW"));
        }
    });
}

/// Answers with the trace and the baggage in which it runs.
async fn whereabouts() -> String {
    let trace = current_span().trace_id().map(|trace| trace.to_string());
    format!("{}|{}", trace.unwrap_or_default(), trace_core::current_baggage())
}

async fn ask(layer: ServerLayer, headers: &[(&'static str, String)]) -> (Option<TraceId>, String) {
    let address = serve(Router::new().route("/", on_get(whereabouts)).layer(layer)).await;
    let request = headers
        .iter()
        .fold(http::Request::get(format!("http://{address}/")), |request, (name, value)| request.header(*name, value));
    let untraced = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let response = untraced.request(request.body(crate::Body::new()).unwrap()).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let (trace, baggage) = std::str::from_utf8(&body).unwrap().split_once('|').unwrap();
    (trace.parse().ok(), baggage.to_owned())
}

#[test]
fn strangers_are_linked_and_what_is_broken_is_told_and_what_is_skipped_is_left_alone() {
    run(async {
        let stranger = Stranger::new();
        let headers =
            [("traceparent", stranger.header()), ("tracestate", "a=1".to_owned()), ("baggage", "tenant=42".to_owned())];

        let (trace, baggage) = ask(ServerLayer::new(), &headers).await;
        assert_eq!((trace, &*baggage), (Some(stranger.trace), "tenant=42"));

        let (trace, baggage) = ask(ServerLayer::new().untrusted_callers(), &headers).await;
        assert_ne!(trace, Some(stranger.trace));
        assert_eq!(baggage, "");
        let [span] = &spans(trace.unwrap(), 1).await[..] else { unreachable!("one was asked for") };
        assert_eq!(span.parent_id, None);
        assert_eq!(span.links[0].context.trace_id(), stranger.trace);
        assert_eq!(span.links[0].trace_state.as_str(), "a=1");

        let (trace, baggage) = ask(ServerLayer::new().skip(|request| request.uri.path() == "/"), &headers).await;
        assert_eq!((trace, &*baggage), (None, ""));

        let (trace, _) = ask(ServerLayer::new(), &[("traceparent", "00-broken".to_owned())]).await;
        let [span] = &spans(trace.unwrap(), 1).await[..] else { unreachable!("one was asked for") };
        assert_eq!(span.parent_id, None);
        assert_eq!(span.events[0].name, "broken trace context");
        let reason = format!("{:?}", span.events[0].attributes);
        assert!(reason.contains("expected 55 bytes, found 9") && !reason.contains("00-broken"), "{reason}");

        let b3 = [("b3", format!("{}-{}-1", stranger.trace, stranger.span))];
        let (trace, _) = ask(ServerLayer::new().propagator(B3::single()), &b3).await;
        assert_eq!(trace, Some(stranger.trace));
    });
}

#[test]
fn a_handler_that_panics_leaves_a_span_that_says_so() {
    run(async {
        let panic = async || -> () { std::panic::resume_unwind(Box::new("broken")) };
        let address = serve(Router::new().route("/", on_get(panic)).layer(ServerLayer::new())).await;
        let stranger = Stranger::new();
        let request = http::Request::get(format!("http://{address}/")).header("traceparent", stranger.header());
        let untraced = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
        assert!(untraced.request(request.body(crate::Body::new()).unwrap()).await.is_err());
        let [span] = &spans(stranger.trace, 1).await[..] else { unreachable!("one was asked for") };
        assert_eq!((span.outcome, span.status.is_error()), (Outcome::Panicked, true));
    });
}

#[test]
fn many_requests_at_once_each_stay_in_their_trace() {
    run(async {
        let slow = async |Path(id): Path<u32>| {
            for _ in 0..3 {
                tokio::task::yield_now().await;
                trace_core::in_scope("step", || ());
            }
            id.to_string()
        };
        let address = serve(Router::new().route("/{id}", on_get(slow)).layer(ServerLayer::new())).await;
        let client = client();
        let tasks: Vec<_> = (0..50)
            .map(|id| {
                let root = trace_core::Span::root("visit");
                let trace = root.trace_id().unwrap();
                let client = client.clone();
                let visit = async move { get(&client, format!("http://{address}/{id}")).await };
                (trace, tokio::spawn(trace_core::FutureExt::in_span(visit, root)))
            })
            .collect();
        for (trace, task) in tasks {
            task.await.unwrap();
            let spans = spans(trace, 6).await;
            let server = spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
            assert!(spans.iter().filter(|span| span.name == "step").all(|step| step.parent_id == Some(server.span_id)));
        }
    });
}
