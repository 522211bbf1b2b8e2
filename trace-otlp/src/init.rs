//! Starting a pipeline by the specification's defaults.

use std::time::Duration;

use trace_core::{ConsoleExporter, EnvConfig, ExporterName, Pipeline, PipelineBuilder};

use crate::error::{BuildError, InitError};
use crate::exporter::OtlpExporter;
use crate::file::OtlpFileExporter;

/// How long spans wait for their batch unless told otherwise, where a pipeline is started by this crate.
pub const DEFAULT_BATCH_DELAY: Duration = Duration::from_secs(5);

/// Starts a pipeline as the environment describes it, by
/// [the specification's defaults](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/): spans go
/// over OTLP to `http://localhost:4318`, every 5 seconds, or in batches of 4096 where there are more. (The specification has 512; a
/// program that wants that sets `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`.)
///
/// ```no_run
/// fn main() -> Result<(), trace_otlp::InitError> {
///     let _pipeline = trace_otlp::init()?;
///     trace_core::in_scope("work", || println!("working"));
///     Ok(())
/// }
/// ```
///
/// # Errors
///
/// See [`OtlpExporterBuilder::build`](crate::OtlpExporterBuilder::build) and
/// [`PipelineBuilder::init`](trace_core::PipelineBuilder::init).
pub fn init() -> Result<Pipeline, InitError> {
    Ok(builder()?.init()?)
}

/// Begins to describe a pipeline as [`init`] starts it: `OTEL_TRACES_EXPORTER` names its exporters, which is `otlp` unless
/// set. What is wrong in the variables of OTLP stands in [`Pipeline::warnings`].
///
/// # Errors
///
/// See [`OtlpExporterBuilder::build`](crate::OtlpExporterBuilder::build).
pub fn builder() -> Result<PipelineBuilder, BuildError> {
    let env = EnvConfig::of_process();
    let delay = env.batch.schedule_delay.unwrap_or(DEFAULT_BATCH_DELAY);
    let mut pipeline = trace_core::builder().batch_delay(delay);
    let exporters = env.exporters.unwrap_or_else(|| vec![ExporterName::Otlp]);
    // Without OTLP, trace-core knows what to do.
    if env.disabled || exporters.iter().all(|name| *name == ExporterName::Console) {
        return Ok(pipeline);
    }
    for name in exporters {
        pipeline = match name {
            ExporterName::Console => pipeline.exporter(ConsoleExporter::from_environment()),
            ExporterName::OtlpStdout => pipeline.exporter(OtlpFileExporter::stdout()),
            _ => pipeline.exporter(OtlpExporter::from_environment()?),
        };
    }
    Ok(pipeline)
}
