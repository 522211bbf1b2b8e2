//! A client and a server of tonic.

use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::Layer;
use trace_core::{FutureExt, Outcome, Span, SpanKind};
use trace_tower::{ClientLayer, ServerLayer};

use crate::{attributes, run, spans, text};

const METHOD: &str = "grpc.health.v1.Health/Check";

#[test]
fn a_call_of_grpc_is_named_after_its_method_and_tells_its_status() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_reporter, health) = tonic_health::server::health_reporter();
        let server = Server::builder().layer(ServerLayer::new()).add_service(health);
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
        let client = HealthClient::new(ClientLayer::new().layer(channel));

        for (service, status, client_fails) in [("", "OK", false), ("nobody", "NOT_FOUND", true)] {
            let root = Span::root("visit");
            let trace = root.trace_id().unwrap();
            let mut client = client.clone();
            let call = async move { client.check(HealthCheckRequest { service: service.to_owned() }).await };
            assert_eq!(call.in_span(root).await.is_err(), client_fails);
            let spans = spans(trace, 3).await;
            for span in spans.iter().filter(|span| span.name != "visit") {
                assert_eq!(span.name, METHOD);
                assert_eq!(text(span, "rpc.system.name"), Some("grpc"));
                assert_eq!(text(span, "rpc.method"), Some(METHOD));
                assert_eq!(text(span, "rpc.response.status_code"), Some(status), "{:?}", attributes(span));
                assert_ne!(span.outcome, Outcome::Cancelled, "{span:?}");
                let fails = client_fails && span.kind == SpanKind::Client;
                assert_eq!(span.status.is_error(), fails, "what nobody knows is the client's mistake: {span:?}");
                assert_eq!(text(span, "error.type"), fails.then_some(status));
            }
            let server = spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
            let client = spans.iter().find(|span| span.kind == SpanKind::Client).unwrap();
            assert_eq!(server.parent_id, Some(client.span_id));
        }
    });
}
