//! Pictures as exporters: the program runs, and at its end the file is there.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use trace_core::{Batch, Delivery, ExportError, PipelineBuilder, SpanExporter, Trace};

use crate::html::{DEFAULT_MAX_SPANS, Html};
use crate::svg::Svg;

/// The environment variable that names the HTML file to write.
pub const TRACE_HTML: &str = "TRACE_HTML";
/// The environment variable that names the SVG file to write.
pub const TRACE_SVG: &str = "TRACE_SVG";

/// Keeps the traces of a run and writes them as one HTML file when the pipeline is flushed or shut down.
///
/// It keeps at most [`DEFAULT_MAX_SPANS`] (500,000) spans; those that come later count as dropped. The file is written under
/// another name and then moved to its place, so that nobody sees half of it. Folders that are missing are made.
///
/// ```no_run
/// use trace_render::HtmlExporter;
///
/// let _pipeline = trace_core::builder().exporter(HtmlExporter::new("target/trace.html")).init()?;
/// # Ok::<(), trace_core::InitError>(())
/// ```
#[derive(Debug)]
pub struct HtmlExporter {
    kept: Kept,
    page: Html,
}

/// Keeps the traces of a run and writes them as one SVG when the pipeline is flushed or shut down; see [`HtmlExporter`].
#[derive(Debug)]
pub struct SvgExporter {
    kept: Kept,
    picture: Svg,
}

impl HtmlExporter {
    /// Writes to this file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { kept: Kept::new(path.into()), page: Html::new() }
    }

    /// Sets the options of the page.
    #[must_use]
    pub fn page(mut self, page: Html) -> Self {
        self.page = page;
        self
    }

    /// Sets how many spans are kept. Default: [`DEFAULT_MAX_SPANS`] (500,000).
    #[must_use]
    pub const fn max_spans(mut self, spans: usize) -> Self {
        self.kept.max_spans = spans;
        self
    }
}

impl SvgExporter {
    /// Writes to this file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { kept: Kept::new(path.into()), picture: Svg::new() }
    }

    /// Sets the options of the picture.
    #[must_use]
    pub fn picture(mut self, picture: Svg) -> Self {
        self.picture = picture;
        self
    }
}

/// What the two have in common.
struct Kept {
    path: PathBuf,
    traces: Vec<Trace>,
    spans: usize,
    max_spans: usize,
    /// Whether something came since the file was written.
    is_new: bool,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("path", &self.path).field("spans", &self.spans).finish_non_exhaustive()
    }
}

impl Kept {
    const fn new(path: PathBuf) -> Self {
        Self { path, traces: Vec::new(), spans: 0, max_spans: DEFAULT_MAX_SPANS, is_new: false }
    }

    fn add(&mut self, batch: &Batch) -> Result<(), ExportError> {
        let mut dropped = 0;
        for trace in batch.traces() {
            if self.spans + trace.len() > self.max_spans {
                dropped += trace.len();
                continue;
            }
            self.spans += trace.len();
            self.traces.push(trace.clone());
            self.is_new = true;
        }
        match dropped {
            0 => Ok(()),
            _ => Err(ExportError::new(format!("{} is full", self.path.display())).dropped_spans(dropped)),
        }
    }

    fn write(&mut self, picture: impl FnOnce(&[Trace]) -> String) -> Result<(), ExportError> {
        if !self.is_new {
            return Ok(());
        }
        write_file(&self.path, &picture(&self.traces))
            .map_err(|error| ExportError::new(format!("cannot write {}", self.path.display())).caused_by(error))?;
        self.is_new = false;
        Ok(())
    }
}

/// Writes the whole file or leaves what was there.
pub(crate) fn write_file(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}.part", std::process::id()));
    fs::write(&unfinished, text)?;
    fs::rename(&unfinished, path).inspect_err(|_| drop(fs::remove_file(&unfinished)))
}

impl SpanExporter for HtmlExporter {
    fn name(&self) -> &str {
        "html"
    }

    fn delivery(&self) -> Delivery {
        Delivery::Traces
    }

    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        self.kept.add(batch)
    }

    fn flush(&mut self, _: Duration) -> Result<(), ExportError> {
        self.kept.write(|traces| self.page.render_all(traces))
    }
}

impl SpanExporter for SvgExporter {
    fn name(&self) -> &str {
        "svg"
    }

    fn delivery(&self) -> Delivery {
        Delivery::Traces
    }

    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        self.kept.add(batch)
    }

    fn flush(&mut self, _: Duration) -> Result<(), ExportError> {
        self.kept.write(|traces| self.picture.render_all(traces))
    }
}

/// Pictures for a pipeline.
pub trait PipelineBuilderExt: Sized {
    /// Adds an [`HtmlExporter`] if `TRACE_HTML` names a file, and an [`SvgExporter`] if `TRACE_SVG` does:
    /// `TRACE_HTML=target/trace.html cargo run`.
    ///
    /// With any of them `OTEL_TRACES_EXPORTER` is not looked at, as with every exporter that is added; without, nothing
    /// changes.
    #[must_use]
    fn pictures_from_environment(self) -> Self;
}

impl PipelineBuilderExt for PipelineBuilder {
    fn pictures_from_environment(mut self) -> Self {
        let path = |variable| std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
        if let Some(path) = path(TRACE_HTML) {
            self = self.exporter(HtmlExporter::new(path));
        }
        if let Some(path) = path(TRACE_SVG) {
            self = self.exporter(SvgExporter::new(path));
        }
        self
    }
}
