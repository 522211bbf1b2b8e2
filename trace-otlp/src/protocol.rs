//! The words of the configuration: protocol and compression.

use std::fmt;

/// How spans travel: the value of `OTEL_EXPORTER_OTLP_PROTOCOL`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// `http/protobuf`: protobuf over HTTP/1.1. The default.
    #[default]
    HttpProtobuf,
    /// `http/json`: JSON over HTTP/1.1.
    HttpJson,
    /// `grpc`: protobuf over gRPC. Needs the feature `grpc`.
    Grpc,
}

impl Protocol {
    pub(crate) const CHOICES: &'static [(&'static str, Self)] =
        &[("http/protobuf", Self::HttpProtobuf), ("http/json", Self::HttpJson), ("grpc", Self::Grpc)];

    /// The protocol as the specification writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HttpProtobuf => "http/protobuf",
            Self::HttpJson => "http/json",
            Self::Grpc => "grpc",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether requests are compressed: the value of `OTEL_EXPORTER_OTLP_COMPRESSION`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// `none`: requests are sent as they are. The default.
    #[default]
    None,
    /// `gzip`: a fifth of the bytes or less, for some microseconds of processor time a span. Needs the feature `gzip`.
    Gzip,
}

impl Compression {
    pub(crate) const CHOICES: &'static [(&'static str, Self)] = &[("none", Self::None), ("gzip", Self::Gzip)];
}
