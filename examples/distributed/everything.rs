//! Starts the three processes, asks the gateway, stops them, and shows what came of it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use trace_core::{SpanData, Trace};

use crate::receiver::{self, ENDPOINT, Received};
use crate::{Failure, signal};

/// A process that takes longer to start or to end hangs.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn run(requests: u64) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let receiver = if receiver::is_given() { None } else { Some(runtime.block_on(receiver::start())?) };
    let (endpoint, received) = receiver.unzip();
    let start = |arguments: &[&str]| Process::start(arguments, endpoint.as_deref());

    let stock = start(&["stock"])?;
    let prices = start(&["prices"])?;
    let gateway = start(&["gateway", &stock.first_line()?, &prices.first_line()?])?;
    let visitor = start(&["visitor", &gateway.first_line()?, &requests.to_string()])?;

    visitor.end()?;
    for service in [gateway, prices, stock] {
        service.stop()?;
    }
    if let Some(received) = received {
        show(&received)?;
    }
    Ok(())
}

/// One of the processes. Dropping it ends it, however far we got.
struct Process {
    name: String,
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Process {
    fn start(arguments: &[&str], endpoint: Option<&str>) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        if let Some(endpoint) = endpoint {
            command.env(ENDPOINT, endpoint).env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json");
        }
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or("a process without an output")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || read(output, &sender));
        Ok(Self { name: arguments[0].to_owned(), child, lines })
    }

    /// What it says first: where it is.
    fn first_line(&self) -> Result<String, Failure> {
        let line = self.lines.recv_timeout(PATIENCE);
        line.map_err(|_| format!("{} does not say where it is", self.name).into())
    }

    fn stop(mut self) -> Result<(), Failure> {
        signal::ask_to_stop(&mut self.child)?;
        self.end()
    }

    /// Waits for its end, and prints the rest of what it says.
    fn end(mut self) -> Result<(), Failure> {
        println!("--- {}, process {}", self.name, self.child.id());
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => println!("{line}"),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => return Err(format!("{} does not end", self.name).into()),
            }
        }
        match self.child.wait()? {
            status if status.success() => Ok(()),
            status => Err(format!("{} ended with {status}", self.name).into()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(output: impl Read, lines: &mpsc::Sender<String>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if lines.send(line).is_err() {
            return;
        }
    }
}

/// The parts that the processes sent, put together.
fn show(received: &Received) -> Result<(), Failure> {
    let parts = trace_render::read::read(&received.text())?;
    let mut ids: Vec<_> = parts.iter().map(Trace::id).collect();
    ids.sort_unstable();
    ids.dedup();
    println!("--- all parts together");
    for id in ids {
        let of_it = parts.iter().filter(|part| part.id() == id);
        let spans = of_it.flat_map(|part| part.spans().map(move |span| named(span.to_data(), part)));
        println!("\n{}", Trace::from_spans(id, spans));
    }
    Ok(())
}

/// Says in the span's name whose it is: all of a trace has one resource, and these are of several. Where it stands in the
/// source is left out, so that the tree shows what was said of it.
fn named(mut span: SpanData, part: &Trace) -> SpanData {
    span.attributes.retain(|attribute| !attribute.key.as_str().starts_with("code."));
    if let Some(service) = part.resource().service_name() {
        span.name = format!("{service}: {}", span.name).into();
    }
    span
}
