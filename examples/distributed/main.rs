//! A gateway and two services, each a process of its own: a request that passes all of them is one trace.
//!
//! ```text
//! cargo run -p examples --example distributed [REQUESTS]    # starts them, asks, stops them, shows the trace
//! examples/distributed/run [REQUESTS]                       # the same as a shell script
//! ```
//!
//! Each process prints its part of the trace. With `OTEL_EXPORTER_OTLP_ENDPOINT` all of them send theirs to that receiver as
//! well; without it the first command is the receiver itself, and shows what the parts make together.

mod everything;
mod receiver;
mod roles;
#[cfg_attr(not(unix), path = "signal_elsewhere.rs")]
mod signal;

use std::error::Error;
use std::time::Duration;

use trace_core::{ConsoleExporter, Pipeline};
use trace_otlp::OtlpExporter;

type Failure = Box<dyn Error + Send + Sync>;

const USAGE: &str = "[REQUESTS], or a part: stock | prices | gateway STOCK PRICES | visitor GATEWAY [REQUESTS]";

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => everything::run(1),
        ["stock"] => part("stock", roles::stock()),
        ["prices"] => part("prices", roles::prices()),
        ["gateway", stock, prices] => part("gateway", roles::gateway(stock, prices)),
        ["visitor", gateway] => part("visitor", roles::visitor(gateway, 1)),
        ["visitor", gateway, requests] => part("visitor", roles::visitor(gateway, requests.parse()?)),
        [requests] => everything::run(requests.parse().map_err(|_| USAGE)?),
        _ => Err(USAGE.into()),
    }
}

/// Runs one of the processes: tracing around the runtime, so that what the runtime's end cancels is seen as well.
fn part(name: &str, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let pipeline = trace(name)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    drop(runtime);
    // It says what did not arrive, and why.
    let sent = pipeline.shutdown(Duration::from_secs(10));
    let stats = trace_core::stats();
    let lost = stats.dropped_over_budget + stats.exporters.iter().map(|exporter| exporter.dropped).sum::<u64>();
    println!("{name}: {} spans ended, {lost} lost", stats.closed);
    result?;
    Ok(sent?)
}

fn trace(name: &str) -> Result<Pipeline, Failure> {
    let mut builder = trace_core::builder().service_name(name).exporter(ConsoleExporter::new());
    if receiver::is_given() {
        builder = builder.exporter(OtlpExporter::from_environment()?);
    }
    Ok(builder.init()?)
}
