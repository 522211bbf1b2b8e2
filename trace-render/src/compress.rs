//! A data block as base64 of gzip.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The text in about a third of its size, without a `<` and without a line break.
pub(crate) fn compressed(text: &str) -> String {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::default());
    let bytes = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    BASE64_STANDARD.encode(bytes.expect("a vector takes everything"))
}
