//! A server of hyper without a framework, over HTTP/2.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt, service_fn};
use trace_core::{FutureExt, Outcome, Span, SpanKind};
use trace_tower::{ClientLayer, ServerLayer};

use crate::{Body, run, spans, text};

#[test]
fn hyper_over_http_2_is_traced_like_any_other() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let reply = async |_: http::Request<hyper::body::Incoming>| {
            trace_core::in_scope("inside", || ());
            Ok::<_, Infallible>(http::Response::new(Full::new(Bytes::from_static(b"hello"))))
        };
        let service = ServerLayer::new().layer(service_fn(reply));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = TowerToHyperService::new(service.clone());
                let builder = auto::Builder::new(TokioExecutor::new());
                tokio::spawn(async move { builder.serve_connection(TokioIo::new(stream), service).await.ok() });
            }
        });
        let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Body>();
        let client = ClientLayer::new().layer(client);
        let ask = |root: Span| {
            let client = client.clone();
            async move {
                let request = http::Request::get(format!("http://{address}/a")).body(Body::new()).unwrap();
                let response = client.oneshot(request).await.unwrap();
                assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
            }
            .in_span(root)
        };
        let roots: Vec<_> = (0..20).map(|_| Span::root("visit")).collect();
        let traces: Vec<_> = roots.iter().map(|root| root.trace_id().unwrap()).collect();
        let tasks: Vec<_> = roots.into_iter().map(|root| tokio::spawn(ask(root))).collect();
        for task in tasks {
            task.await.unwrap();
        }
        for trace in traces {
            let spans = spans(trace, 4).await;
            let server = spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
            assert_eq!(text(server, "network.protocol.version"), Some("2"));
            assert_eq!(text(server, "server.address"), Some("127.0.0.1"));
            assert!(spans.iter().all(|span| span.outcome == Outcome::Ok));
            let inside = spans.iter().find(|span| span.name == "inside").unwrap();
            assert_eq!(inside.parent_id, Some(server.span_id));
        }
    });
}
