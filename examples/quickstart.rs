//! Reads and hashes the files of a directory, several at once, prints the trace of it, and writes it as a page.
//!
//! ```text
//! cargo run -p examples --example quickstart [DIRECTORY] [--files N]
//! ```
//!
//! Without a directory it takes this repository; of its files the 12 largest, or the N largest, and one that does not exist.
//! With `TRACE_HTML=..` or `TRACE_SVG=..` in front it writes the trace to that file as well.

use std::collections::VecDeque;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, io};

use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use trace_core::{ConsoleExporter, JoinSetExt, NewEvent, Value, current_span, traced};
use trace_render::{HtmlExporter, PipelineBuilderExt as _};

/// How many files are hashed unless the command line says otherwise, so that the trace fits on a screen.
const DEFAULT_FILES: usize = 12;
/// How many files are in memory at once.
const FILES_AT_ONCE: usize = 4;
/// Larger files are left out: each is held in memory as a whole.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The trace as a page, to be opened in a browser.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/quickstart.html");
/// How long the exporters may take at the end.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn Error>> {
    let (directory, limit) = arguments()?;
    if !directory.is_dir() {
        return Err(format!("{} is no directory", directory.display()).into());
    }
    // Outside of the runtime, so that it outlives every task.
    let pipeline = trace_core::builder()
        .service_name("quickstart")
        .time_polls()
        .exporter(ConsoleExporter::new())
        .exporter(HtmlExporter::new(PAGE))
        .pictures_from_environment()
        .init()?;

    let runtime = tokio::runtime::Runtime::new()?;
    let total = runtime.block_on(hash_directory(directory.clone(), limit))?;
    drop(runtime);

    // The trace is complete, so it is being printed; this waits for it.
    pipeline.flush(PATIENCE)?;
    let Total { files, bytes, failed } = total;
    println!("\n{}: {files} files hashed, {bytes} bytes, {failed} failed", directory.display());
    let stats = pipeline.stats();
    let console = stats.exporters.first().cloned().unwrap_or_default();
    println!("{} spans recorded, {} exported, {} dropped", stats.closed, console.exported, console.dropped);
    println!("open {} in a browser to look at the trace", Path::new(PAGE).canonicalize()?.display());
    Ok(())
}

/// What came of it all.
struct Total {
    files: usize,
    bytes: u64,
    failed: usize,
}

/// Each file is hashed in a task of its own; a task's span is a child of the span it was spawned in.
#[traced(err, fields(path = %directory.display()))]
async fn hash_directory(directory: PathBuf, limit: usize) -> io::Result<Total> {
    let listed = directory.clone();
    let mut files = trace_core::spawn_blocking(move || largest_files(&listed, limit)).await?;
    // So that you see what an error looks like.
    files.push_front(directory.join("no-such-file.txt"));

    let room = Arc::new(Semaphore::new(FILES_AT_ONCE));
    let mut tasks = JoinSet::new();
    for file in files {
        let permit = room.clone().acquire_owned().await.expect("nobody closes the semaphore");
        let directory = directory.clone();
        tasks.spawn_in_current_span(async move {
            let bytes = hash_file(&directory, &file).await;
            drop(permit);
            bytes
        });
    }

    let mut total = Total { files: 0, bytes: 0, failed: 0 };
    while let Some(hashed) = tasks.join_next().await {
        match hashed? {
            Ok(bytes) => {
                total.files += 1;
                total.bytes += bytes;
            }
            Err(_) => total.failed += 1,
        }
    }
    current_span().set_attributes([("files", total.files), ("failed", total.failed)]);
    Ok(total)
}

/// Reads and hashes one file, and returns its size in bytes. That it failed is told without `err`; why, is told by `read`.
#[traced(fields(path = %file.strip_prefix(directory).unwrap_or(file).display()))]
async fn hash_file(directory: &Path, file: &Path) -> io::Result<u64> {
    let content = read(file).await?;
    let bytes = content.len() as u64;
    // Hashing takes long and never waits: not on a thread that has other tasks to poll.
    trace_core::spawn_blocking(move || sha256(&content)).await?;
    Ok(bytes)
}

/// Reads one file. Its time is that of the disk, and of the way through tokio's blocking pool.
#[traced(err)]
async fn read(file: &Path) -> io::Result<Vec<u8>> {
    let content = tokio::fs::read(file).await?;
    current_span().set_attribute("bytes", content.len());
    Ok(content)
}

/// Hashes a file's content; the span tells the first digits.
#[traced(fields(bytes = content.len()))]
fn sha256(content: &[u8]) -> [u8; 32] {
    let digest = Sha256::digest(content);
    let first = &digest[..4];
    current_span().set_attribute_with("digest", || first.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    digest.into()
}

/// The largest files below a directory, the largest first. Links, `.git` and `target` are left out.
#[traced]
fn largest_files(directory: &Path, limit: usize) -> VecDeque<PathBuf> {
    let mut files = Vec::new();
    let mut unread = vec![directory.to_owned()];
    let mut directories = 0;
    while let Some(directory) = unread.pop() {
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) => {
                let event =
                    NewEvent::new("unreadable directory").attribute("path", Value::display(directory.display()));
                current_span().add_event(event.attribute("error", Value::display(error)));
                continue;
            }
        };
        directories += 1;
        // What vanishes while we look at it is no file of this directory.
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() && entry.file_name() != ".git" && entry.file_name() != "target" {
                unread.push(entry.path());
            } else if metadata.is_file() && metadata.len() <= MAX_BYTES {
                files.push((metadata.len(), entry.path()));
            }
        }
    }
    current_span().set_attributes([("directories", directories), ("files", files.len())]);
    files.sort_by(|(left, left_path), (right, right_path)| right.cmp(left).then_with(|| left_path.cmp(right_path)));
    files.into_iter().take(limit).map(|(_, path)| path).collect()
}

/// The directory and how many of its files, from the command line.
fn arguments() -> Result<(PathBuf, usize), Box<dyn Error>> {
    let mut directory = None;
    let mut limit = DEFAULT_FILES;
    let mut arguments = env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--files" {
            let count = arguments.next().ok_or("--files needs a number")?;
            limit = count.to_str().and_then(|count| count.parse().ok()).ok_or("--files needs a number")?;
        } else if argument.to_str().is_some_and(|text| text.starts_with('-')) || directory.is_some() {
            return Err("usage: quickstart [DIRECTORY] [--files N]".into());
        } else {
            directory = Some(PathBuf::from(argument));
        }
    }
    match directory {
        Some(directory) => Ok((directory, limit)),
        // `cargo run` says where this package is; the repository is around it.
        None => {
            let package = env::var_os("CARGO_MANIFEST_DIR").map(|package| Path::new(&package).join(".."));
            Ok((package.unwrap_or_else(|| PathBuf::from(".")).canonicalize()?, limit))
        }
    }
}
