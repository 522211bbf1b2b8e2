//! The reader of all threads' records.

#[cfg(all(test, loom))]
mod handover_model;

use std::collections::VecDeque;
use std::sync::mpsc::Receiver;

use rtrb::{Consumer, Producer};

use crate::record::Record;
use crate::rings::{self, Message, STRAYS, ThreadNumber};

/// The reader gives so many places back at a time, so that a writer finds room while its ring is read.
const READ_AT_ONCE: usize = 1000;

/// In a long pass, what is complete goes on after so many records.
const READ_BETWEEN_PAUSES: usize = 16_000;

/// The reading end of all threads' rings. There is one.
#[derive(Debug)]
pub(crate) struct Reader {
    messages: Receiver<Message>,
    streams: Vec<Stream>,
    /// Records that came without a ring, until the next pass.
    strays: Vec<Record>,
}

/// One thread's rings, oldest first.
#[derive(Debug)]
struct Stream {
    thread: ThreadNumber,
    rings: VecDeque<Ring>,
}

#[derive(Debug)]
struct Ring {
    consumer: Consumer<Record>,
    /// The other end, once its thread writes no more.
    retired: Option<Producer<Record>>,
    /// As they were when the pass began: how many records there were, and whether no more could come.
    ready: usize,
    abandoned: bool,
}

/// Who takes the records of a pass.
pub(crate) trait Intake {
    /// What follows was written by this thread. If it `is_last`, everything that other threads had written before it wrote
    /// any of that has been taken.
    fn stream(&mut self, thread: ThreadNumber, is_last: bool);

    /// Records of that thread, in their order.
    fn take(&mut self, records: &mut [Record]);

    /// A good moment to hand things on: much has been read, and there is more.
    fn pause(&mut self);
}

impl Stream {
    /// How many records there are at this moment.
    fn ready(&self) -> usize {
        self.rings.iter().map(|ring| ring.consumer.slots()).sum()
    }

    fn take_ends(&mut self) {
        for ring in &mut self.rings {
            // In this order: a record written between the two questions would be lost with its ring.
            ring.abandoned = ring.retired.is_some() || ring.consumer.is_abandoned();
            ring.ready = ring.consumer.slots();
        }
    }

    /// Reads up to the ends, and gives back the rings that nothing more can come through.
    fn read(&mut self, intake: &mut impl Intake, until_pause: &mut usize) -> usize {
        let mut records = 0;
        while let Some(ring) = self.rings.front_mut() {
            records += ring.ready;
            while ring.ready > 0 {
                let now = ring.ready.min(READ_AT_ONCE);
                ring.ready -= now;
                let Ok(mut chunk) = ring.consumer.read_chunk(now) else { continue };
                // In place: most records are read and not moved.
                let (first, second) = chunk.as_mut_slices();
                intake.take(first);
                intake.take(second);
                chunk.commit_all();
                *until_pause = until_pause.saturating_sub(now);
                if *until_pause == 0 {
                    intake.pause();
                    *until_pause = READ_BETWEEN_PAUSES;
                }
            }
            if !ring.abandoned {
                break;
            }
            // At once, so that a writer in a hurry finds it still in the cache.
            match self.rings.pop_front() {
                Some(Ring { retired: Some(producer), consumer, .. }) => rings::give_back((producer, consumer)),
                Some(Ring { retired: None, consumer, .. }) => rings::free(consumer),
                None => {}
            }
        }
        records
    }
}

impl Reader {
    /// The reader, for the first who asks.
    pub(crate) fn take() -> Option<Self> {
        let messages = rings::take_receiver()?;
        Some(Self { messages, streams: Vec::new(), strays: Vec::new() })
    }

    /// One pass: everything that was written before the call, and not what comes while it runs. Returns the number of records.
    ///
    /// The ends of all rings are taken before any of them is read. So whatever happened before the pass is in it, and a record
    /// of this pass that tells of something earlier than another one missing from it can only be missing until the next pass.
    ///
    /// The thread that wrote most is read last, and its end is taken first: what others had written before it wrote any
    /// record of this pass is taken before that record.
    pub(crate) fn pass(&mut self, intake: &mut impl Intake) -> usize {
        self.receive();
        let busiest = (0..self.streams.len()).max_by_key(|&place| self.streams[place].ready());
        if let Some(busiest) = busiest {
            self.streams[busiest].take_ends();
        }
        // Again, because what came meanwhile may be older than that end. A new ring of the busiest thread is not read yet.
        self.receive();
        for place in (0..self.streams.len()).filter(|&place| Some(place) != busiest) {
            self.streams[place].take_ends();
        }

        let (mut records, mut until_pause) = (self.strays.len(), READ_BETWEEN_PAUSES);
        intake.stream(STRAYS, false);
        intake.take(&mut self.strays);
        self.strays.clear();
        let others = (0..self.streams.len()).filter(|&place| Some(place) != busiest);
        for place in others.chain(busiest) {
            let stream = &mut self.streams[place];
            intake.stream(stream.thread, Some(place) == busiest);
            records += stream.read(intake, &mut until_pause);
        }
        self.streams.retain(|stream| !stream.rings.is_empty());
        records
    }

    /// Takes in what came through the channel.
    fn receive(&mut self) {
        while let Ok(message) = self.messages.try_recv() {
            match message {
                Message::Strays(strays) => self.strays.extend(strays),
                Message::Ring { thread, retired, consumer } => {
                    let ring = Ring { consumer, retired: None, ready: 0, abandoned: false };
                    match self.streams.iter_mut().find(|stream| stream.thread == thread) {
                        Some(stream) => {
                            if let Some(last) = stream.rings.back_mut() {
                                last.retired = retired;
                            }
                            stream.rings.push_back(ring);
                        }
                        None => self.streams.push(Stream { thread, rings: VecDeque::from([ring]) }),
                    }
                }
            }
        }
    }

    /// Whether something is there to read at this moment.
    pub(crate) fn has_records(&mut self) -> bool {
        self.receive();
        let rings = || self.streams.iter().flat_map(|stream| &stream.rings);
        !self.strays.is_empty() || rings().any(|ring| !ring.consumer.is_empty())
    }
}
