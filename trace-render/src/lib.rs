//! Pictures of a trace: one HTML file that needs no network, an SVG for documents, a Perfetto file, a Mermaid diagram.
//!
//! ```
//! use std::time::Duration;
//! use trace_core::{SpanContext, SpanData, SpanId, Trace, TraceFlags, TraceId};
//! use trace_render::TraceExt as _;
//!
//! let id = TraceId::random();
//! let context = SpanContext::new(id, SpanId::random(), TraceFlags::SAMPLED);
//! let trace = Trace::from_spans(id, [SpanData::new(context, "work", 0, Duration::from_millis(152))]);
//!
//! let page = trace.to_html();
//! assert!(page.starts_with("<!DOCTYPE html>"));
//! let picture = trace.to_svg();
//! assert!(picture.starts_with("<svg "));
//! ```
//!
//! Names, keys and values are text from anywhere and never more than text: see [`Html`] and [`Svg`] for how.
//!
//! # Features
//!
//! - `compress` (on unless left out): `Html::compress`.

#[cfg(feature = "compress")]
mod compress;
mod data_block;
mod exporter;
mod failure_page;
mod heading;
mod html;
mod lanes;
mod mermaid;
mod palette;
mod perfetto;
pub mod read;
mod scene;
mod svg;
mod trace_ext;
mod traced_test;

pub use crate::exporter::{
    HtmlExporter, PerfettoExporter, Picture, PictureExporter, PipelineBuilderExt, SvgExporter, TRACE_HTML, TRACE_SVG,
};
pub use crate::failure_page::FailurePage;
pub use crate::html::{DEFAULT_MAX_BYTES, DEFAULT_MAX_SPANS, Html};
pub use crate::mermaid::{DEFAULT_MERMAID_ROWS, Mermaid};
pub use crate::palette::Theme;
pub use crate::perfetto::Perfetto;
pub use crate::svg::{DEFAULT_SVG_ROWS, Svg};
pub use crate::trace_ext::TraceExt;
pub use crate::traced_test::{CaptureExt, TestOutcome, traced_test, traced_test_async};
