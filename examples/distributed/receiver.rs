//! A receiver of OTLP/JSON that keeps what comes, for where there is no other.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use tokio::net::TcpListener;

use crate::Failure;

/// The variable that says where a receiver is.
pub(crate) const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Whether the environment names a receiver.
pub(crate) fn is_given() -> bool {
    [ENDPOINT, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
        .iter()
        .any(|name| std::env::var(name).is_ok_and(|it| !it.is_empty()))
}

/// Everything that came, a request a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received(Arc<Mutex<String>>);

impl Received {
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Begins to receive; returns the endpoint. The runtime's end is its end.
pub(crate) async fn start() -> Result<(String, Received), Failure> {
    async fn take(State(received): State<Received>, request: String) {
        let mut all = received.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_str(&request);
        all.push('\n');
    }
    let received = Received::default();
    let app = Router::new().route("/v1/traces", post(take)).with_state(received.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, app).await });
    Ok((endpoint, received))
}
