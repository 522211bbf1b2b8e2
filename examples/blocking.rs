//! A server of which one request blocks the thread that serves them all: the trace names it, and says what it cost the others.
//!
//! ```text
//! cargo run -p examples --example blocking
//! ```

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::sleep;
use trace_core::{ConsoleExporter, JoinSetExt, Span, current_span, traced};

/// What the clients ask for, all at once.
const REQUESTS: [&str; 4] = ["/users", "/orders", "/report", "/health"];

fn main() -> Result<(), Box<dyn Error>> {
    // Outside of the runtime, so that it outlives everything that runs there.
    let pipeline = trace_core::builder().service_name("shop").time_polls().exporter(ConsoleExporter::new()).init()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;

    let clients = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let clients = REQUESTS.map(|path| thread::spawn(move || ask(address, path)));
        serve(listener).await?;
        io::Result::Ok(clients)
    })?;
    for client in clients {
        client.join().map_err(|_| "a client panicked")??;
    }
    pipeline.shutdown(Duration::from_secs(5))?;
    Ok(())
}

/// Answers as many requests as the clients will send, each in a task of its own.
#[traced]
async fn serve(listener: TcpListener) -> io::Result<()> {
    let mut connections = Vec::new();
    for _ in REQUESTS {
        connections.push(listener.accept().await?.0);
    }
    let mut tasks = JoinSet::new();
    for connection in connections {
        tasks.spawn_in_span(handle(connection), Span::new("request"));
    }
    tasks.join_all().await.into_iter().collect()
}

async fn handle(mut connection: tokio::net::TcpStream) -> io::Result<()> {
    let mut path = [0; 32];
    let length = connection.read(&mut path).await?;
    let path = String::from_utf8_lossy(&path[..length]).into_owned();
    current_span().set_attribute("url.path", path.clone());
    match path.as_str() {
        "/report" => render_report().await,
        _ => query().await,
    }
    connection.write_all(b"done").await
}

/// Waits for the database, as one should: the thread is free for others meanwhile.
#[traced]
async fn query() {
    sleep(Duration::from_millis(10)).await;
}

/// Looks async and is not: nothing else runs on the thread until it is done. Here it is a call that blocks; a long
/// computation would do the same.
#[traced]
async fn render_report() {
    thread::sleep(Duration::from_millis(50));
}

/// A client, in a thread of its own and not traced.
fn ask(address: SocketAddr, path: &str) -> io::Result<()> {
    let mut server = TcpStream::connect(address)?;
    server.write_all(path.as_bytes())?;
    server.read_to_string(&mut String::new()).map(drop)
}
