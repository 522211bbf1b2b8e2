//! What the processes do: two services, a gateway that asks both at the same time, and somebody who asks the gateway.

use std::time::Duration;

use axum::extract::{MatchedPath, Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::sleep;
use trace_core::{FutureExt, Span, current_span, traced};
use trace_tower::{ClientLayer, ServerLayer};

use crate::{Failure, signal};

/// How many of a thing there are.
pub(crate) async fn stock() -> Result<(), Failure> {
    async fn answer(Path(item): Path<u64>) -> Json<Value> {
        count(item).await;
        Json(json!({ "item": item, "left": item % 7 }))
    }
    serve(Router::new().route("/stock/{item}", get(answer))).await
}

#[traced(fields(item))]
async fn count(item: u64) {
    sleep(Duration::from_millis(3)).await;
}

/// What a thing costs.
pub(crate) async fn prices() -> Result<(), Failure> {
    async fn answer(Path(item): Path<u64>) -> Json<Value> {
        look_up(item).await;
        Json(json!({ "item": item, "cents": discount(100 * item) }))
    }
    serve(Router::new().route("/price/{item}", get(answer))).await
}

#[traced]
async fn look_up(item: u64) {
    current_span().set_attribute("item", item as i64);
    sleep(Duration::from_millis(2)).await;
}

#[traced]
fn discount(cents: u64) -> u64 {
    cents - cents / 10
}

/// Who answers visitors, and asks the two services for it.
#[derive(Clone)]
struct Gateway {
    client: ClientWithMiddleware,
    stock: String,
    prices: String,
}

pub(crate) async fn gateway(stock: &str, prices: &str) -> Result<(), Failure> {
    let gateway = Gateway { client: client(), stock: stock.to_owned(), prices: prices.to_owned() };
    serve(Router::new().route("/cart/{item}", get(cart)).with_state(gateway)).await
}

/// Asks both services at the same time, each in a task of its own; both find their parent.
async fn cart(State(gateway): State<Gateway>, Path(item): Path<u64>) -> Result<Json<Value>, StatusCode> {
    let stock = trace_core::spawn(ask(gateway.client.clone(), format!("{}/stock/{item}", gateway.stock)));
    let price = trace_core::spawn(ask(gateway.client, format!("{}/price/{item}", gateway.prices)));
    let (stock, price) = (stock.await, price.await);
    match (stock, price) {
        (Ok(Ok(stock)), Ok(Ok(price))) => Ok(Json(json!({ "left": stock["left"], "cents": price["cents"] }))),
        _ => Err(StatusCode::BAD_GATEWAY),
    }
}

/// Sends a request in a span of its own, with the context in its headers.
async fn ask(client: ClientWithMiddleware, url: String) -> Result<Value, Failure> {
    Ok(client.get(url).send().await?.error_for_status()?.json().await?)
}

/// Asks the gateway, one request after the other; each is a trace.
pub(crate) async fn visitor(gateway: &str, requests: u64) -> Result<(), Failure> {
    let client = client();
    for item in 1..=requests {
        let answer = ask(client.clone(), format!("{gateway}/cart/{item}")).in_span(Span::new("visit")).await?;
        println!("item {item}: {answer}");
    }
    Ok(())
}

fn client() -> ClientWithMiddleware {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap_or_default();
    ClientBuilder::new(client).with(ClientLayer::new()).build()
}

/// Serves on a free port, says which, and goes on until somebody asks it to stop; what has begun is finished.
async fn serve(app: Router) -> Result<(), Failure> {
    let layer = ServerLayer::new()
        .route(|request| request.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let stop = signal::asked_to_stop()?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app.layer(layer)).with_graceful_shutdown(stop).await?;
    Ok(())
}
