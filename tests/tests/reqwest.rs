//! `ClientLayer` as a middleware of reqwest: a request to a server on the loopback interface that is written by hand.

use std::time::Duration;

use reqwest_middleware::ClientBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use trace_core::{FutureExt, Outcome, Span, SpanKind, capture_async};
use trace_tower::ClientLayer;

/// Answers one request with this status, and returns the request.
async fn answer_once(listener: TcpListener, status: &str) -> String {
    let (mut connection, _) = listener.accept().await.expect("a client comes");
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut part = [0; 4096];
        let read = connection.read(&mut part).await.expect("the client sends");
        assert_ne!(read, 0, "the client has hung up");
        request.extend_from_slice(&part[..read]);
    }
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    connection.write_all(answer.as_bytes()).await.expect("the client reads");
    String::from_utf8_lossy(&request).to_lowercase()
}

#[test]
fn a_request_of_reqwest_has_a_span_and_tells_the_server_of_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let test = async {
        for (status, code, fails) in [("200 OK", 200, false), ("503 Busy", 503, true)] {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("it has an address");
            let client = ClientBuilder::new(reqwest::Client::new()).with(ClientLayer::new()).build();
            let visit = async {
                let ask = client.get(format!("http://user:pass@{address}/a?token=secret")).send();
                futures::future::join(answer_once(listener, status), ask).await
            };
            let captured = capture_async(async { visit.in_span(Span::new("visit")).await }).await;
            let (request, response) = &captured.value;
            assert_eq!(response.as_ref().expect("the server answers").status(), code);
            let trace = captured.trace().expect("one trace");
            let span = trace.find("GET").expect("the span of the request").to_data();
            let traceparent = format!("traceparent: 00-{}-{}-03\r\n", trace.id(), span.span_id);
            assert!(request.contains(&traceparent), "{request}");
            let outcome = if fails { Outcome::Error } else { Outcome::Ok };
            assert_eq!((span.kind, span.outcome), (SpanKind::Client, outcome));
            assert_eq!(span.parent_id, trace.root().map(|root| root.span_id()));
            assert_eq!(span.attribute("url.full").and_then(|url| url.as_str()), Some(&*format!("http://{address}/a")));
            assert_eq!(span.attribute("http.response.status_code").and_then(|code| code.as_i64()), Some(code.into()));
            assert_eq!(span.status.is_error(), fails);
            assert!(!format!("{span:?}").contains("secret"));
        }
    };
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), test).await.expect("it takes too long") });
}
