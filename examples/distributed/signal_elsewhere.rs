//! Asking a process to stop, where there are no signals.

use std::io;
use std::process::Child;

/// Ready when somebody has asked this process to stop.
pub(crate) fn asked_to_stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

/// Ends a process, which is not asked; what it had not sent is lost.
pub(crate) fn ask_to_stop(child: &mut Child) -> io::Result<()> {
    child.kill()
}
