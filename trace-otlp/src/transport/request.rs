//! What every transport does.

use std::time::Duration;

use crate::answer::Answer;
use crate::encode::format::Encoding;

/// What is sent, again and again if need be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payload<'a> {
    pub(crate) encoding: Encoding,
    pub(crate) bytes: &'a [u8],
    pub(crate) is_compressed: bool,
}

/// Sends requests. Calls may come from several threads and overlap; each returns within about `timeout`, and does not try
/// twice.
pub(crate) trait Transport: Send + Sync {
    fn send(&self, payload: Payload<'_>, timeout: Duration) -> Answer;
}
