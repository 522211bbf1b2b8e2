//! What a span says when one side gives up.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get as on_get;
use bytes::Bytes;
use http_body::Frame;
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use trace_core::{FutureExt, Outcome, Span, SpanKind, Status};
use trace_tower::ServerLayer;

use crate::{Stranger, client, find, run, send, serve, spans, text};

/// Sends a request by hand, and reads until the answer has these bytes.
async fn ask(address: std::net::SocketAddr, method: &str, stranger: &Stranger, until: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!("{method} / HTTP/1.1\r\nhost: shop\r\ntraceparent: {}\r\n\r\n", stranger.header());
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains(until) {
        let mut part = [0; 1024];
        let read = connection.read(&mut part).await.unwrap();
        assert_ne!(read, 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&part[..read]);
    }
    connection
}

/// Starts a span when it is dropped.
struct LastWords;

impl Drop for LastWords {
    fn drop(&mut self) {
        trace_core::in_scope("last words", || ());
    }
}

/// A body of so many parts; then it ends, breaks or goes on without end.
struct Parts {
    left: u32,
    then: Then,
    _words: LastWords,
}

#[derive(Clone)]
enum Then {
    End,
    /// As soon as somebody says so.
    Break(Arc<Notify>),
    Wait,
}

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if self.left > 0 {
            self.left -= 1;
            trace_core::in_scope("part", || ());
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"part")))));
        }
        match &self.then {
            Then::End => Poll::Ready(None),
            Then::Break(now) => {
                let now = std::pin::pin!(now.notified());
                // What is dropped here would not be woken.
                cx.waker().wake_by_ref();
                now.poll(cx).map(|()| Some(Err(std::io::Error::other("secret"))))
            }
            Then::Wait => Poll::Pending,
        }
    }
}

async fn serve_parts(left: u32, then: Then) -> std::net::SocketAddr {
    let reply = async move || Body::new(Parts { left, then: then.clone(), _words: LastWords });
    serve(Router::new().route("/", on_get(reply)).layer(ServerLayer::new())).await
}

#[test]
fn a_client_that_hangs_up_while_it_is_served_cancels_the_span() {
    run(async {
        let began = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&began);
        let reply = async move || {
            let _words = LastWords;
            flag.store(true, Ordering::Relaxed);
            std::future::pending::<()>().await;
        };
        let address = serve(Router::new().route("/", on_get(reply)).layer(ServerLayer::new())).await;
        let stranger = Stranger::new();
        let connection = ask(address, "GET", &stranger, "").await;
        while !began.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(connection);
        let spans = spans(stranger.trace, 2).await;
        let served = find(&spans, "GET");
        assert_eq!((served.outcome, &served.status), (Outcome::Cancelled, &Status::Unset));
        assert_eq!(find(&spans, "last words").parent_id, Some(served.span_id), "what a destructor does is a child");
        assert_eq!(served.attribute("http.response.status_code"), None);
    });
}

#[test]
fn a_client_that_hangs_up_during_the_body_cancels_the_span() {
    run(async {
        let address = serve_parts(2, Then::Wait).await;
        let stranger = Stranger::new();
        drop(ask(address, "GET", &stranger, "part").await);
        let spans = spans(stranger.trace, 4).await;
        let served = find(&spans, "GET");
        assert_eq!(served.outcome, Outcome::Cancelled);
        assert_eq!(served.attribute("http.response.status_code").unwrap().as_i64(), Some(200));
        for span in spans.iter().filter(|span| span.name != "GET") {
            assert_eq!(span.parent_id, Some(served.span_id), "{}", span.name);
        }
    });
}

#[test]
fn a_span_lasts_until_the_end_of_the_body() {
    run(async {
        let address = serve_parts(3, Then::End).await;
        let root = Span::root("visit");
        let trace = root.trace_id().unwrap();
        let visit = async {
            let response = send(&client(), http::Request::get(format!("http://{address}/"))).await;
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "partpartpart");
        };
        visit.in_span(root).await;
        let spans = spans(trace, 7).await;
        let served = spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
        assert_eq!(served.outcome, Outcome::Ok);
        for part in spans.iter().filter(|span| span.name == "part") {
            assert_eq!(part.parent_id, Some(served.span_id));
            assert!(part.end_unix_nanos <= served.end_unix_nanos);
        }
    });
}

#[test]
fn a_body_that_breaks_off_is_an_error_for_both_and_its_text_is_not_told() {
    run(async {
        let now = Arc::new(Notify::new());
        let address = serve_parts(1, Then::Break(Arc::clone(&now))).await;
        let root = Span::root("visit");
        let trace = root.trace_id().unwrap();
        let visit = async {
            let response = send(&client(), http::Request::get(format!("http://{address}/"))).await;
            now.notify_one();
            assert!(response.into_body().collect().await.is_err());
        };
        visit.in_span(root).await;
        let spans = spans(trace, 5).await;
        for span in spans.iter().filter(|span| span.name == "GET") {
            assert!(span.status.is_error(), "{span:?}");
            assert!(text(span, "error.type").unwrap().ends_with("Error"), "{span:?}");
            assert!(!format!("{span:?}").contains("secret"));
        }
    });
}

#[test]
fn an_answer_to_head_has_no_body_to_wait_for() {
    run(async {
        let address = serve_parts(2, Then::Wait).await;
        let stranger = Stranger::new();
        let _connection = ask(address, "HEAD", &stranger, "\r\n\r\n").await;
        let spans = spans(stranger.trace, 2).await;
        assert_eq!(find(&spans, "HEAD").outcome, Outcome::Ok);
    });
}

#[test]
fn a_client_that_gives_up_cancels_its_own_span_and_one_that_does_not_read_the_body_does_not() {
    run(async {
        let address = serve_parts(2, Then::Wait).await;
        let asked = async || send(&client(), http::Request::get(format!("http://{address}/"))).await;

        let root = Span::root("unread");
        let unread = root.trace_id().unwrap();
        async { drop(asked().await) }.in_span(root).await;

        let root = Span::root("begun");
        let begun = root.trace_id().unwrap();
        let read_one = async {
            let mut body = asked().await.into_body();
            body.frame().await.unwrap().unwrap();
        };
        read_one.in_span(root).await;

        let root = Span::root("never connected");
        let refused = root.trace_id().unwrap();
        let refuse = async {
            let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let request = http::Request::get(format!("http://{closed}/")).body(crate::Body::new()).unwrap();
            assert!(tower::ServiceExt::oneshot(client(), request).await.is_err());
        };
        refuse.in_span(root).await;

        let outcome = async |trace, count| {
            let spans = spans(trace, count).await;
            let span = spans.iter().find(|span| span.kind == SpanKind::Client).unwrap().clone();
            (span.outcome, span.status.is_error())
        };
        assert_eq!(outcome(unread, 6).await, (Outcome::Ok, false));
        assert_eq!(outcome(begun, 6).await, (Outcome::Cancelled, false));
        assert!(outcome(refused, 2).await.1);
    });
}

#[test]
fn a_service_that_fails_is_an_error_by_its_type() {
    let captured = block_on(trace_core::capture_async(async {
        let fail = tower::service_fn(async |_: http::Request<()>| {
            if true { Err(std::io::Error::other("secret")) } else { Ok(http::Response::new(crate::Body::new())) }
        });
        let service = tower::Layer::layer(&ServerLayer::new(), fail);
        assert!(tower::ServiceExt::oneshot(service, http::Request::new(())).await.is_err());
        let fine = tower::service_fn(async |_: http::Request<()>| {
            Ok::<_, Infallible>(http::Response::new(crate::Body::new()))
        });
        let service = tower::Layer::layer(&ServerLayer::new(), fine);
        // The body is empty: the span ends with the head.
        let response = tower::ServiceExt::oneshot(service, http::Request::new(())).await.unwrap();
        std::mem::forget(response);
    }));
    let [failed, fine] = &captured.traces[..] else { panic!("{:?}", captured.traces) };
    let failed = failed.root().unwrap().to_data();
    assert_eq!(text(&failed, "error.type"), Some("std::io::error::Error"));
    assert!(failed.status.is_error() && !format!("{failed:?}").contains("secret"));
    assert_eq!(fine.root().unwrap().outcome(), Outcome::Ok);
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
