//! What goes from the threads that write records to the one that reads them.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, OnceLock, PoisonError};

use rtrb::Consumer;

use crate::record::Record;

/// A thread's number in records of polls and in messages; from 1, in order of the first record.
pub(crate) type ThreadNumber = u32;

/// Stands for whatever threads wrote records that found no ring.
pub(crate) const STRAYS: ThreadNumber = 0;

#[derive(Debug)]
pub(crate) enum Message {
    Ring {
        thread: ThreadNumber,
        consumer: Consumer<Record>,
    },
    /// Records that found no ring, a whole group if it is one.
    Strays(Vec<Record>),
}

/// The memory of a ring, in bytes.
pub(crate) const fn ring_bytes(slots: usize) -> usize {
    slots * size_of::<Record>()
}

/// The receiving end, for the first who asks.
pub(crate) fn take_receiver() -> Option<Receiver<Message>> {
    channel().receiver.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The channel of messages. It exists from the first message or reader on.
#[derive(Debug)]
struct Channel {
    sender: Sender<Message>,
    receiver: Mutex<Option<Receiver<Message>>>,
}

fn channel() -> &'static Channel {
    static CHANNEL: OnceLock<Channel> = OnceLock::new();
    CHANNEL.get_or_init(|| {
        let (sender, receiver) = mpsc::channel();
        Channel { sender, receiver: Mutex::new(Some(receiver)) }
    })
}

/// Sends it to the reader.
pub(crate) fn send(message: Message) -> bool {
    channel().sender.send(message).is_ok()
}
