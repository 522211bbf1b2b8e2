//! A request on its way to a transport: compressed, if so asked.

use std::borrow::Cow;

use crate::encode::format::Body;
use crate::gzip;
use crate::protocol::Compression;
use crate::transport::request::Payload;

/// A request as it is sent.
#[derive(Debug)]
pub(crate) struct Packed<'a> {
    body: &'a Body,
    bytes: Cow<'a, [u8]>,
}

impl<'a> Packed<'a> {
    pub(crate) fn new(body: &'a Body, compression: Compression) -> Self {
        let bytes = match compression {
            Compression::Gzip => Cow::Owned(gzip::compress(&body.bytes)),
            Compression::None => Cow::Borrowed(&body.bytes[..]),
        };
        Self { body, bytes }
    }

    pub(crate) fn payload(&self) -> Payload<'_> {
        let is_compressed = matches!(self.bytes, Cow::Owned(_));
        Payload { encoding: self.body.encoding, bytes: &self.bytes, is_compressed }
    }
}
