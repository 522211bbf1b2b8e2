//! Where the spool is, and how large it grows.

use std::path::PathBuf;

/// How large a spool grows unless told otherwise, in bytes.
pub const DEFAULT_SPOOL_BYTES: u64 = 256 << 20;

/// A directory that keeps requests while the receiver is down, for [`OtlpExporterBuilder::spool`].
///
/// While the receiver takes what it is sent, nothing is written. A request that fails so that it could be repeated goes to the
/// disk at once, and so does everything after it, until the directory is empty again: so nobody waits, memory does not fill,
/// and what is oldest is sent first. A thread of the exporter's own sends it, with the usual pauses. What is there at the end
/// of the process is sent by the next one that uses the directory; one at a time can.
///
/// - **Bounded.** When [`max_bytes`](Self::max_bytes) are full, new spans are dropped, and counted by the pipeline as spans
///   that failed: what was taken is kept.
/// - **Checked.** Every file has a checksum. One that a crash or a power cut tore is left out and counted.
/// - **Possibly twice.** A request whose answer was lost is sent again, so a receiver may get a span twice.
/// - **In the books**, a span in the spool counts as exported. If it is refused later, it is taken off again.
///   [`OtlpStats`](crate::OtlpStats) has the details.
/// - A flush waits until the directory is empty, an attempt fails, or its time is up; if something is left, it says so.
///
/// ```
/// use trace_otlp::{OtlpExporter, Spool};
///
/// # let directory = std::env::temp_dir().join(format!("spool-doc-{}", std::process::id()));
/// let spool = Spool::in_directory(&directory).max_bytes(64 << 20);
/// let exporter = OtlpExporter::builder().without_environment().spool(spool).build()?;
/// # drop(exporter);
/// # std::fs::remove_dir_all(directory).unwrap();
/// # Ok::<(), trace_otlp::BuildError>(())
/// ```
///
/// [`OtlpExporterBuilder::spool`]: crate::OtlpExporterBuilder::spool
#[derive(Clone, Debug)]
#[must_use = "it does nothing until an exporter has it"]
pub struct Spool {
    pub(crate) directory: PathBuf,
    pub(crate) max_bytes: u64,
    pub(crate) durability: Durability,
}

/// What a spooled request survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Durability {
    /// The end of the process, however it comes.
    #[default]
    Process,
    /// The end of the machine.
    Machine,
}

impl Spool {
    /// Keeps requests in this directory, which is made if it is not there. Nothing else should be in it.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), max_bytes: DEFAULT_SPOOL_BYTES, durability: Durability::Process }
    }

    /// Sets how large it grows, in bytes. Default: [`DEFAULT_SPOOL_BYTES`] (256 MiB).
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Waits for the disk at every file, so that it survives a power cut and not only the end of the process.
    /// It takes some milliseconds a request.
    pub fn synced(mut self) -> Self {
        self.durability = Durability::Machine;
        self
    }
}
