//! The pictures as methods of a trace.

use trace_core::{ConsoleExporter, Trace};

use crate::failure_page::FailurePage;
use crate::html::Html;
use crate::mermaid::Mermaid;
use crate::perfetto::Perfetto;
use crate::svg::Svg;

/// Pictures of a trace with the default options; [`Html`], [`Svg`], [`Perfetto`] and [`Mermaid`] have the others.
pub trait TraceExt {
    /// One HTML file to look at the trace in: see [`Html`].
    fn to_html(&self) -> String;

    /// An SVG for documents: see [`Svg`].
    fn to_svg(&self) -> String;

    /// The tree that the console shows, 100 columns wide and without colours: see [`ConsoleExporter`].
    fn to_tree(&self) -> String;

    /// A file for <https://ui.perfetto.dev> and `chrome://tracing`: see [`Perfetto`].
    fn to_perfetto_json(&self) -> String;

    /// A Gantt diagram for Markdown that renders Mermaid, such as an issue on GitHub: see [`Mermaid`].
    fn to_mermaid(&self) -> String;

    /// Writes the trace as a page if the test fails while the guard lives: see [`FailurePage`].
    fn page_if_test_fails(&self) -> FailurePage<'_>;
}

impl TraceExt for Trace {
    fn to_html(&self) -> String {
        Html::new().render(self)
    }

    fn to_svg(&self) -> String {
        Svg::new().render(self)
    }

    fn to_tree(&self) -> String {
        ConsoleExporter::new().width(ConsoleExporter::DEFAULT_WIDTH).render(self)
    }

    fn to_perfetto_json(&self) -> String {
        Perfetto::new().render(self)
    }

    fn to_mermaid(&self) -> String {
        Mermaid::new().render(self)
    }

    fn page_if_test_fails(&self) -> FailurePage<'_> {
        FailurePage::new(std::slice::from_ref(self))
    }
}
