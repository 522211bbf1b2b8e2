//! Asking a process to stop, as Unix does it.

use std::io;
use std::process::{Child, Command};

use tokio::signal::unix::{SignalKind, signal};

/// Ready when somebody has asked this process to stop.
pub(crate) fn asked_to_stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Asks a process to stop, by its id. Every shell can, also where there is no program for it.
pub(crate) fn ask_to_stop(child: &mut Child) -> io::Result<()> {
    Command::new("sh").args(["-c", "kill -TERM \"$0\"", &child.id().to_string()]).status().map(drop)
}
