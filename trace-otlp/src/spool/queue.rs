//! The spool on disk: a file a request, named by its place in the queue.
//!
//! A file is written under another name and renamed when it is whole. So a file of the queue is whole unless the machine
//! itself went down, and then its checksum tells.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use fs4::FileExt;

use crate::encode::format::Body;
use crate::error::BuildError;
use crate::spool::file::{HEADER, header, read, read_header};
use crate::spool::settings::{Durability, Spool};

const WHOLE: &str = "otlp";
const PART: &str = "part";
const LOCK: &str = "lock";

/// The queue; the oldest request is in front.
#[derive(Debug)]
pub(crate) struct Queue {
    directory: PathBuf,
    max_bytes: u64,
    durability: Durability,
    entries: VecDeque<Entry>,
    bytes: u64,
    next: u64,
    /// The first place that this process has given.
    first_own: u64,
    /// One process at a time.
    lock: Option<File>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    place: u64,
    bytes: u64,
    spans: usize,
    closed: usize,
}

/// What a directory held that cannot be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) files: u64,
}

/// Why a request was not kept.
#[derive(Debug)]
pub(crate) enum PushError {
    Full,
    Io(io::Error),
}

/// What is in front of the queue.
#[derive(Debug)]
pub(crate) enum Front {
    Whole(Body),
    /// It is torn, changed or gone.
    Damaged,
}

impl Queue {
    /// Opens a directory, and counts what is in it.
    pub(crate) fn open(spool: &Spool) -> Result<(Self, Damage), BuildError> {
        let directory = &spool.directory;
        let refused = |reason: &str, source| BuildError::Spool {
            directory: directory.clone(),
            reason: reason.to_owned(),
            source: Some(source),
        };
        fs::create_dir_all(directory).map_err(|error| refused("it cannot be made", error))?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(directory.join(LOCK));
        let lock = lock.map_err(|error| refused("its lock cannot be opened", error))?;
        FileExt::try_lock(&lock).map_err(|error| refused("another exporter uses it", error.into()))?;
        let (entries, damage) = scan(directory).map_err(|error| refused("it cannot be read", error))?;
        let next = entries.back().map_or(0, |last: &Entry| last.place + 1);
        let bytes = entries.iter().map(|entry| entry.bytes).sum();
        let queue = Self {
            directory: directory.clone(),
            max_bytes: spool.max_bytes,
            durability: spool.durability,
            entries,
            bytes,
            next,
            first_own: next,
            lock: Some(lock),
        };
        Ok((queue, damage))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The spans in it, those that have not ended included.
    pub(crate) fn spans(&self) -> u64 {
        self.entries.iter().map(|entry| entry.spans as u64).sum()
    }

    /// Puts a request at the end.
    pub(crate) fn push(&mut self, body: &Body) -> Result<(), PushError> {
        let bytes = (HEADER + body.bytes.len()) as u64;
        if self.bytes + bytes > self.max_bytes {
            return Err(PushError::Full);
        }
        let (part, whole) = (path(&self.directory, self.next, PART), path(&self.directory, self.next, WHOLE));
        let written = self.write(&part, body).and_then(|()| fs::rename(&part, &whole));
        if let Err(error) = written {
            let _ = fs::remove_file(&part);
            return Err(PushError::Io(error));
        }
        self.entries.push_back(Entry { place: self.next, bytes, spans: body.spans, closed: body.closed });
        self.bytes += bytes;
        self.next += 1;
        Ok(())
    }

    fn write(&self, path: &Path, body: &Body) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(&header(body))?;
        file.write_all(&body.bytes)?;
        match self.durability {
            Durability::Process => Ok(()),
            Durability::Machine => file.sync_data(),
        }
    }

    /// Reads the oldest request and leaves it where it is; `None` if there is none.
    pub(crate) fn front(&self) -> Option<Front> {
        let entry = self.entries.front()?;
        let file = fs::read(path(&self.directory, entry.place, WHOLE));
        Some(file.ok().and_then(read).map_or(Front::Damaged, Front::Whole))
    }

    /// Takes the oldest request away. Returns how many ended spans of this process it has.
    pub(crate) fn pop(&mut self) -> usize {
        let Some(entry) = self.entries.pop_front() else { return 0 };
        self.bytes -= entry.bytes;
        let _ = fs::remove_file(path(&self.directory, entry.place, WHOLE));
        if entry.place >= self.first_own { entry.closed } else { 0 }
    }

    /// Lets another process have the directory. What is in it is not touched any more.
    pub(crate) fn close(&mut self) {
        self.lock = None;
    }

    /// How many spans the oldest request has.
    pub(crate) fn front_spans(&self) -> usize {
        self.entries.front().map_or(0, |entry| entry.spans)
    }
}

fn path(directory: &Path, place: u64, extension: &str) -> PathBuf {
    directory.join(format!("{place:020}.{extension}"))
}

/// The requests in a directory, in order; what a crash has torn is removed.
fn scan(directory: &Path) -> io::Result<(VecDeque<Entry>, Damage)> {
    let (mut entries, mut damage) = (Vec::new(), Damage::default());
    for file in fs::read_dir(directory)? {
        let path = file?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        let place = name.filter(|name| name.len() == 20).and_then(|name| name.parse::<u64>().ok());
        let extension = path.extension().and_then(|extension| extension.to_str());
        let entry = match (place, extension) {
            (Some(place), Some(WHOLE)) => entry(&path, place),
            (Some(_), Some(PART)) => None,
            // Whoever put it here knows what it is.
            _ => continue,
        };
        match entry {
            Some(entry) => entries.push(entry),
            None => {
                damage.files += 1;
                let _ = fs::remove_file(&path);
            }
        }
    }
    entries.sort_unstable_by_key(|entry| entry.place);
    Ok((entries.into(), damage))
}

fn entry(path: &Path, place: u64) -> Option<Entry> {
    let mut file = File::open(path).ok()?;
    let mut bytes = [0; HEADER];
    file.read_exact(&mut bytes).ok()?;
    let header = read_header(&bytes)?;
    let bytes = file.metadata().ok()?.len();
    let is_whole = bytes == HEADER as u64 + header.length;
    is_whole.then_some(Entry { place, bytes, spans: header.spans, closed: header.closed })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::encode::format::Encoding;

    /// A directory of its own, gone at the end of the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            static NUMBER: AtomicU32 = AtomicU32::new(0);
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            Self(std::env::temp_dir().join(format!("trace-otlp-queue-{}-{number}", std::process::id())))
        }

        fn open(&self) -> (Queue, Damage) {
            Queue::open(&Spool::in_directory(&self.0)).unwrap()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn body(text: &str) -> Body {
        Body { encoding: Encoding::Protobuf, bytes: text.as_bytes().to_vec(), spans: text.len(), closed: text.len() }
    }

    fn drain(queue: &mut Queue) -> Vec<String> {
        std::iter::from_fn(|| {
            let front = queue.front()?;
            queue.pop();
            Some(match front {
                Front::Whole(body) => String::from_utf8(body.bytes).unwrap(),
                Front::Damaged => "damaged".to_owned(),
            })
        })
        .collect()
    }

    #[test]
    fn requests_come_out_in_order_also_after_a_restart() {
        let scratch = Scratch::new();
        let (mut queue, _) = scratch.open();
        for number in 0..12 {
            queue.push(&body(&format!("request {number}"))).unwrap();
        }
        assert_eq!(queue.pop(), "request 0".len(), "spans of this process");
        drop(queue);
        let (mut queue, damage) = scratch.open();
        assert_eq!((damage.files, queue.spans()), (0, (9 * 9 + 2 * 10) as u64));
        queue.push(&body("new")).unwrap();
        let expected: Vec<_> = (1..12).map(|number| format!("request {number}")).chain(["new".to_owned()]).collect();
        assert_eq!(queue.front_spans(), 9);
        assert_eq!(drain(&mut queue), expected);
        assert_eq!((queue.bytes(), queue.spans(), queue.is_empty()), (0, 0, true));
    }

    #[test]
    fn spans_of_an_earlier_process_are_not_in_this_ones_books() {
        let scratch = Scratch::new();
        scratch.open().0.push(&body("old")).unwrap();
        let (mut queue, _) = scratch.open();
        queue.push(&body("new!")).unwrap();
        assert_eq!((queue.pop(), queue.pop(), queue.pop()), (0, 4, 0));
    }

    #[test]
    fn a_full_queue_takes_nothing_more() {
        let scratch = Scratch::new();
        let spool = Spool::in_directory(&scratch.0).max_bytes(2 * HEADER as u64 + 10);
        let (mut queue, _) = Queue::open(&spool).unwrap();
        queue.push(&body("12345")).unwrap();
        assert!(matches!(queue.push(&body("123456")), Err(PushError::Full)));
        queue.push(&body("12345")).unwrap();
        assert!(matches!(queue.push(&body("")), Err(PushError::Full)));
        queue.pop();
        queue.push(&body("1")).unwrap();
        assert_eq!(drain(&mut queue), ["12345", "1"]);
    }

    #[test]
    fn what_a_crash_tore_is_left_out_and_counted() {
        let scratch = Scratch::new();
        let (mut queue, _) = scratch.open();
        for text in ["one", "two", "three", "four"] {
            queue.push(&body(text)).unwrap();
        }
        drop(queue);
        let file = |place| path(&scratch.0, place, WHOLE);
        fs::write(path(&scratch.0, 4, PART), b"half").unwrap();
        fs::write(scratch.0.join("notes.txt"), b"not ours").unwrap();
        let torn = fs::read(file(0)).unwrap();
        fs::write(file(0), &torn[..torn.len() - 1]).unwrap();
        fs::write(file(1), b"").unwrap();
        let mut changed = fs::read(file(2)).unwrap();
        *changed.last_mut().unwrap() ^= 1;
        fs::write(file(2), changed).unwrap();

        let (mut queue, damage) = scratch.open();
        assert_eq!(damage.files, 3, "two torn ones and the one that was never whole");
        assert_eq!(drain(&mut queue), ["damaged", "four"], "the checksum is looked at when it is its turn");
        assert!(scratch.0.join("notes.txt").exists());
    }

    #[test]
    fn a_file_that_somebody_removed_is_damaged() {
        let scratch = Scratch::new();
        let (mut queue, _) = scratch.open();
        queue.push(&body("one")).unwrap();
        fs::remove_file(path(&scratch.0, 0, WHOLE)).unwrap();
        assert_eq!(drain(&mut queue), ["damaged"]);
    }

    #[test]
    fn one_queue_at_a_time_has_a_directory() {
        let scratch = Scratch::new();
        let (queue, _) = scratch.open();
        assert!(matches!(Queue::open(&Spool::in_directory(&scratch.0)), Err(BuildError::Spool { .. })));
        drop(queue);
        scratch.open();
    }
}
