//! What a request consists of, however it is written.

use trace_core::{Callsite, Resource, SpanView};

use crate::out::Out;

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// An `ExportTraceServiceRequest`, encoded.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) encoding: Encoding,
    pub(crate) bytes: Vec<u8>,
    /// How many spans it has.
    pub(crate) spans: usize,
    /// How many of them have ended: those are in the books.
    pub(crate) closed: usize,
}

/// Whether spans say where they stand in the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CodeLocation {
    /// They do not, which is shorter by half.
    #[default]
    Left,
    Sent,
}

/// When a request is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestLimits {
    /// Above so many bytes a request gets no second span.
    pub(crate) bytes: usize,
    /// Above so many bytes it is not sent.
    pub(crate) max_bytes: usize,
    /// So many spans are the most.
    pub(crate) spans: usize,
}

/// The crate that spans were written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

impl Scope {
    #[inline]
    pub(crate) const fn of(callsite: &'static Callsite) -> Self {
        Self { name: callsite.crate_name(), version: callsite.crate_version() }
    }

    /// Whether it is the same text in the same place, which it mostly is.
    #[inline]
    pub(crate) fn is(self, other: Self) -> bool {
        std::ptr::eq(self.name, other.name) && std::ptr::eq(self.version, other.version)
    }
}

/// How requests are written. The places that `open_…` returns are what the matching `close_…` needs.
pub(crate) trait Format {
    const ENCODING: Encoding;
    type Place: Copy + std::fmt::Debug;

    fn open_request(&mut self, out: &mut Out);
    fn close_request(&mut self, out: &mut Out);
    fn open_resource(&mut self, out: &mut Out, resource: &Resource, is_first: bool) -> Self::Place;
    fn close_resource(&mut self, out: &mut Out, place: Self::Place);
    fn open_scope(&mut self, out: &mut Out, scope: Scope) -> Self::Place;
    fn close_scope(&mut self, out: &mut Out, place: Self::Place);
    /// What stands between two scopes.
    fn between_scopes(&mut self, out: &mut Out);
    /// Adds a span; one that is open still is said to end at `now`, in nanoseconds since 1970.
    fn span(&mut self, out: &mut Out, span: &SpanView<'_>, is_first: bool, now: u64);
}
