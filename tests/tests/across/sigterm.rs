//! A service that is told to stop in the middle of its traffic.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use trace_core::{FutureExt, Span, SpanId, current_span, in_scope};
use trace_tower::ServerLayer;

use crate::http_receiver::HttpReceiver;
use crate::messages::{id, spans};
use crate::process::{self, Process};

/// Spans that have ended, as the code that they are around knows by itself.
#[derive(Clone, Default)]
struct Ended(Arc<Mutex<Vec<SpanId>>>);

impl Ended {
    fn add(&self, id: Option<SpanId>) {
        self.0.lock().unwrap().push(id.unwrap());
    }
}

#[test]
#[ignore = "a program that another test starts"]
fn a_service_that_stops_when_it_is_told() {
    if !process::begin() {
        return;
    }
    let pipeline = trace_otlp::init().unwrap();
    let (ended, is_over) = (Ended::default(), Arc::new(AtomicBool::new(false)));
    let background = std::thread::spawn({
        let (ended, is_over) = (ended.clone(), Arc::clone(&is_over));
        move || {
            while !is_over.load(Ordering::Acquire) {
                ended.add(in_scope("tick", || current_span().span_id()));
                std::thread::sleep(Duration::from_micros(200));
            }
        }
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(serve(ended.clone()));
    is_over.store(true, Ordering::Release);
    background.join().unwrap();
    drop(runtime);
    pipeline.shutdown(Duration::from_secs(20)).unwrap();
    for id in ended.0.lock().unwrap().iter() {
        println!("ENDED {id}");
    }
    println!("CLOSED {}", trace_core::stats().closed);
}

async fn serve(ended: Ended) {
    let answer = move || {
        let ended = ended.clone();
        async move {
            let step = async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                current_span().span_id()
            };
            ended.add(step.in_span(Span::new("step")).await);
            current_span().span_id().unwrap().to_string()
        }
    };
    let app = Router::new().route("/", get(answer)).layer(ServerLayer::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    println!("LISTENING {}", listener.local_addr().unwrap());
    axum::serve(listener, app).with_graceful_shutdown(async move { _ = terminate.recv().await }).await.unwrap();
}

/// Asks until nobody answers any more. Returns the spans of the answers: those have ended, for their last byte was sent.
async fn visit(url: String, answers: Arc<Mutex<Vec<String>>>) {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
    while let Ok(response) = client.get(&url).send().await {
        let Ok(span) = response.text().await else { break };
        answers.lock().unwrap().push(span);
    }
}

#[test]
fn a_service_told_to_stop_in_the_middle_of_traffic_loses_nothing_that_ended() {
    for protocol in ["http/protobuf", "http/json"] {
        let receiver = HttpReceiver::willing();
        let mut command = process::program("sigterm::a_service_that_stops_when_it_is_told");
        command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", receiver.address))
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
            .env("OTEL_BSP_SCHEDULE_DELAY", "20");
        let service = Process::start(command);
        let url = format!("http://{}/", service.says("LISTENING "));

        let answers = Arc::new(Mutex::new(Vec::new()));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let visitors: Vec<_> = (0..8).map(|_| runtime.spawn(visit(url.clone(), Arc::clone(&answers)))).collect();
        while answers.lock().unwrap().len() < 500 {
            assert!(visitors.iter().all(|visitor| !visitor.is_finished()), "it stopped by itself");
            std::thread::sleep(Duration::from_millis(1));
        }
        service.terminate();
        for visitor in visitors {
            runtime.block_on(visitor).unwrap();
        }

        let lines = service.end();
        let told = lines.iter().filter_map(|line| line.strip_prefix("ENDED ")).map(str::to_owned);
        let answers = std::mem::take(&mut *answers.lock().unwrap());
        let ended: HashSet<String> = told.chain(answers.iter().cloned()).collect();
        let closed = lines.iter().find_map(|line| line.strip_prefix("CLOSED ")).unwrap().parse().unwrap();
        let messages: Vec<_> = receiver.received().iter().map(|received| received.message()).collect();
        let arrived: Vec<String> = messages.iter().flat_map(spans).map(|(_, span)| id(span)).collect();
        let distinct: HashSet<_> = arrived.iter().cloned().collect();
        assert!(messages.len() > 1 && answers.len() > 500 && ended.len() > 2 * answers.len(), "{} spans", ended.len());
        let missing: Vec<_> = ended.difference(&distinct).collect();
        assert!(missing.is_empty(), "{} of {} did not arrive: {missing:?}", missing.len(), ended.len());
        assert_eq!((arrived.len(), distinct.len()), (closed, closed), "each of those in the books came once");
    }
}
