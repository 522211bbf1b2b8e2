//! `ClientLayer` as a middleware of reqwest: requests to a server on the loopback interface that is written by hand.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use trace_core::{Captured, FutureExt, Outcome, Span, SpanData, SpanKind, capture_async, in_scope};
use trace_tower::ClientLayer;

/// Reads one request.
async fn request(connection: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut part = [0; 4096];
        let read = connection.read(&mut part).await.expect("the client sends");
        assert_ne!(read, 0, "the client has hung up");
        request.extend_from_slice(&part[..read]);
    }
    String::from_utf8_lossy(&request).to_lowercase()
}

/// Answers one request with this status, and returns the request.
async fn answer_once(listener: TcpListener, status: &str) -> String {
    let (mut connection, _) = listener.accept().await.expect("a client comes");
    let request = request(&mut connection).await;
    send(&mut connection, &format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")).await;
    request
}

async fn send(connection: &mut TcpStream, text: &str) {
    connection.write_all(text.as_bytes()).await.expect("the client reads");
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    (listener, address)
}

fn client() -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new()).with(ClientLayer::new()).build()
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), test).await.expect("it takes too long") });
}

fn find<T>(captured: &Captured<T>, name: &str) -> SpanData {
    captured.spans().find(|span| span.name() == name).expect("there is one").to_data()
}

#[test]
fn a_request_of_reqwest_has_a_span_and_tells_the_server_of_it() {
    run(async {
        for (status, code, fails) in [("200 OK", 200, false), ("503 Busy", 503, true)] {
            let (listener, address) = listen().await;
            let visit = async {
                let ask = client().get(format!("http://user:pass@{address}/a?token=secret")).send();
                let (request, response) = futures::future::join(answer_once(listener, status), ask).await;
                let response = response.expect("the server answers");
                (request, response.status(), response.url().to_string(), response.remote_addr())
            };
            let captured = capture_async(async { visit.in_span(Span::new("visit")).await }).await;
            let (request, answered, url, remote) = &captured.value;
            assert_eq!(*answered, code);
            assert_eq!(*url, format!("http://{address}/a?token=secret"), "the response knows where it is from");
            assert_eq!(*remote, Some(address));
            let trace = captured.trace().expect("one trace");
            let span = find(&captured, "GET");
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
    });
}

/// What becomes of a response whose head and first bytes have come.
#[derive(Clone, Copy, Debug)]
enum Body {
    Whole,
    BreaksOff,
    LeftAlone,
    DroppedHalfway,
}

#[test]
fn the_span_lasts_until_the_end_of_the_body() {
    run(async {
        let table = [
            (Body::Whole, Outcome::Ok, "all of it came"),
            (Body::BreaksOff, Outcome::Error, "the server hung up"),
            (Body::LeftAlone, Outcome::Ok, "nobody need read a body"),
            (Body::DroppedHalfway, Outcome::Cancelled, "somebody began to"),
        ];
        for (body, outcome, reason) in table {
            let (listener, address) = listen().await;
            let captured = capture_async(async {
                let ask = client().get(format!("http://{address}/")).send();
                let head = async {
                    let (mut connection, _) = listener.accept().await.expect("a client comes");
                    request(&mut connection).await;
                    send(&mut connection, "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc").await;
                    connection
                };
                let (mut connection, response) = futures::future::join(head, ask).await;
                let mut response = response.expect("the server answers");
                in_scope("the head is here", || ());
                match body {
                    Body::Whole => {
                        send(&mut connection, "def").await;
                        assert_eq!(response.text().await.expect("the body comes"), "abcdef");
                    }
                    Body::BreaksOff => {
                        drop(connection);
                        response.text().await.expect_err("half of the body is missing");
                    }
                    Body::LeftAlone => drop(response),
                    Body::DroppedHalfway => {
                        let part = response.chunk().await.expect("a part comes");
                        assert_eq!(part.as_deref(), Some(&b"abc"[..]));
                        drop(response);
                    }
                }
            })
            .await;
            let (span, head) = (find(&captured, "GET"), find(&captured, "the head is here"));
            assert_eq!(span.outcome, outcome, "{reason}");
            assert!(span.end_unix_nanos >= head.end_unix_nanos, "{reason}: the head was not the end");
        }
    });
}
