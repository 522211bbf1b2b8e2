//! No gRPC: the feature `grpc` is off.

use std::time::Duration;

use crate::answer::Answer;
use crate::error::BuildError;
use crate::transport::connection::Connection;
use crate::transport::request::{Payload, Transport};

/// There is none.
#[derive(Debug)]
pub(crate) enum Grpc {}

impl Grpc {
    pub(crate) fn new(_: Connection) -> Result<Self, BuildError> {
        Err(BuildError::missing("gRPC", "grpc"))
    }
}

impl Transport for Grpc {
    fn send(&self, _: Payload<'_>, _: Duration) -> Answer {
        match *self {}
    }
}
