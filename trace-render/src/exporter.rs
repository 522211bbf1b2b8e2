//! Pictures as exporters: the program runs, and at its end the file is there.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use trace_core::{Batch, Delivery, ExportError, PipelineBuilder, SpanExporter, Trace};

use crate::html::{DEFAULT_MAX_SPANS, Html};
use crate::perfetto::Perfetto;
use crate::svg::Svg;

/// The environment variable that names the HTML file to write.
pub const TRACE_HTML: &str = "TRACE_HTML";
/// The environment variable that names the SVG file to write.
pub const TRACE_SVG: &str = "TRACE_SVG";

/// A picture that a [`PictureExporter`] can write. It is asked when the pipeline is flushed or shut down, on the exporter's
/// thread, and may take its time.
pub trait Picture: fmt::Debug + Default + Send + 'static {
    /// What the exporter is called where it fails and in the books.
    const NAME: &'static str;

    /// The picture of these traces, on one axis of time.
    fn render_all(&self, traces: &[Trace]) -> String;
}

impl Picture for Html {
    const NAME: &'static str = "html";

    fn render_all(&self, traces: &[Trace]) -> String {
        Self::render_all(self, traces)
    }
}

impl Picture for Svg {
    const NAME: &'static str = "svg";

    fn render_all(&self, traces: &[Trace]) -> String {
        Self::render_all(self, traces)
    }
}

impl Picture for Perfetto {
    const NAME: &'static str = "perfetto";

    fn render_all(&self, traces: &[Trace]) -> String {
        Self::render_all(self, traces)
    }
}

/// Keeps the traces of a run and writes them as one picture when the pipeline is flushed or shut down.
///
/// It keeps at most [`DEFAULT_MAX_SPANS`] (500,000) spans; those that come later count as dropped. The file is written under
/// another name and then moved to its place, so that nobody sees half of it. Folders that are missing are made.
///
/// ```no_run
/// use trace_render::{Html, HtmlExporter};
///
/// let pages = HtmlExporter::new("target/trace.html").picture(Html::new().title("A run"));
/// let _pipeline = trace_core::builder().exporter(pages).init()?;
/// # Ok::<(), trace_core::InitError>(())
/// ```
pub struct PictureExporter<P> {
    path: PathBuf,
    picture: P,
    traces: Vec<Trace>,
    spans: usize,
    max_spans: usize,
    /// Whether something came since the file was written.
    is_new: bool,
}

/// Writes the traces of a run as one HTML file.
pub type HtmlExporter = PictureExporter<Html>;
/// Writes the traces of a run as one SVG.
pub type SvgExporter = PictureExporter<Svg>;
/// Writes the traces of a run for Perfetto.
pub type PerfettoExporter = PictureExporter<Perfetto>;

impl<P: Picture> PictureExporter<P> {
    /// Writes to this file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            picture: P::default(),
            traces: Vec::new(),
            spans: 0,
            max_spans: DEFAULT_MAX_SPANS,
            is_new: false,
        }
    }

    /// Sets the options of the picture.
    #[must_use]
    pub fn picture(mut self, picture: P) -> Self {
        self.picture = picture;
        self
    }

    /// Sets how many spans are kept. Default: [`DEFAULT_MAX_SPANS`] (500,000).
    #[must_use]
    pub fn max_spans(mut self, spans: usize) -> Self {
        self.max_spans = spans;
        self
    }
}

impl<P> fmt::Debug for PictureExporter<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PictureExporter").field("path", &self.path).field("spans", &self.spans).finish_non_exhaustive()
    }
}

impl<P: Picture> SpanExporter for PictureExporter<P> {
    fn name(&self) -> &str {
        P::NAME
    }

    fn delivery(&self) -> Delivery {
        Delivery::Traces
    }

    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
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

    fn flush(&mut self, _: Duration) -> Result<(), ExportError> {
        if !self.is_new {
            return Ok(());
        }
        write_file(&self.path, &self.picture.render_all(&self.traces))
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
