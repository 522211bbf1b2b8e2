//! The trace of a test that failed, to look at.

use std::path::{Path, PathBuf};
use std::{env, thread};

use trace_core::Trace;

use crate::exporter::write_file;
use crate::html::Html;

/// Writes a trace as an HTML page if its thread panics while this guard lives, and says where on standard error.
///
/// ```
/// use trace_render::TraceExt as _;
///
/// let captured = trace_core::capture(|| trace_core::in_scope("work", || ()));
/// let trace = captured.trace()?;
/// let _page = trace.page_if_test_fails();
/// assert!(trace.find("work").is_some(), "if this failed, there would be a page");
/// # Ok::<(), trace_core::CaptureError>(())
/// ```
///
/// A test that gives no trace away because it fails inside of the capture: [`traced_test`](crate::traced_test).
///
/// The page stands in the folder `failed-traces` of the target folder and is called like the test, which is the name of the
/// thread; another one of that name is overwritten.
#[derive(Debug)]
#[must_use = "the page is written when the guard is dropped in a panic"]
pub struct FailurePage<'a> {
    traces: &'a [Trace],
    folder: PathBuf,
}

impl<'a> FailurePage<'a> {
    pub(crate) fn new(traces: &'a [Trace]) -> Self {
        Self { traces, folder: target_folder().join("failed-traces") }
    }

    /// Sets the folder.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }
}

impl Drop for FailurePage<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.write();
        }
    }
}

impl FailurePage<'_> {
    /// Writes the page, whether the thread panics or not.
    pub(crate) fn write(&self) {
        let name = thread::current().name().unwrap_or("trace").replace(|c: char| !c.is_alphanumeric() && c != '_', "-");
        let path = self.folder.join(format!("{name}.html"));
        match write_file(&path, &Html::new().render_all(self.traces)) {
            Ok(()) => eprintln!("the trace of the failed test: {}", path.display()),
            Err(error) => eprintln!("cannot write the trace of the failed test to {}: {error}", path.display()),
        }
    }
}

/// The folder that cargo builds in: a test's program lies in it, in `debug/deps`.
fn target_folder() -> PathBuf {
    let program = env::current_exe().ok();
    let deps = program.iter().flat_map(|program| program.ancestors()).find(|folder| folder.ends_with("deps"));
    deps.and_then(Path::parent).and_then(Path::parent).map_or_else(|| PathBuf::from("target"), Path::to_path_buf)
}
