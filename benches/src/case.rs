//! The cases: what is measured.

use std::fmt;

use crate::candidate::Mode;

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// A sync child span, 100 of them under a root.
    Child,
    /// As [`Case::Child`], but every clock reading is zero: what is left without the clock.
    Stopped,
    /// A root span alone.
    Root,
    /// As [`Case::Child`], by attribute macro.
    Attribute,
    /// An annotated `async fn` that is awaited and ready at its first poll.
    Async,
    /// What one poll costs more through a wrapper.
    Poll,
    /// As [`Case::Poll`], with every poll timed.
    TimedPoll,
    /// As [`Case::TimedPoll`], with wake-ups timed as well.
    WokenPoll,
    /// What a spawned task costs more with a span.
    Spawned,
    /// A span with four attributes and an event.
    Rich,
    /// A child span of a root that is not sampled.
    Unsampled,
    /// An annotated `async fn` under a root that is not sampled.
    UnsampledAsync,
    /// A child span where nothing has been initialised.
    Off,
    /// An annotated `async fn` where nothing has been initialised.
    OffAsync,
    /// Traces of eleven spans as fast as they can be made, from one thread.
    FlatOut,
    /// The same number of traces from two threads, which then exit.
    FlatOutTwo,
    /// Reading the current context.
    Current,
    /// The current context as a header.
    Header,
    /// Growth of memory over the polls of one open span.
    Polls,
    /// Memory held by spans that have ended and wait for their exporter.
    Held,
}

/// How many spans wait for their exporter in [`Case::Held`].
pub const HELD_SPANS: u32 = 101_000;

/// What a row's figures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds on the thread that traces, and of the whole process per delivered span.
    Nanos,
    /// Mebibytes.
    Mebibytes,
    /// Bytes per span, and kibibytes per thread that has recorded.
    BytesAndKibibytes,
}

impl Case {
    /// All cases, in the order of the table.
    pub const ALL: [Self; 20] = [
        Self::Child,
        Self::Stopped,
        Self::Root,
        Self::Attribute,
        Self::Async,
        Self::Poll,
        Self::TimedPoll,
        Self::WokenPoll,
        Self::Spawned,
        Self::Rich,
        Self::Unsampled,
        Self::UnsampledAsync,
        Self::Off,
        Self::OffAsync,
        Self::FlatOut,
        Self::FlatOutTwo,
        Self::Current,
        Self::Header,
        Self::Polls,
        Self::Held,
    ];

    /// The number by which the case is chosen on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Child => "1",
            Self::Stopped => "1s",
            Self::Root => "1r",
            Self::Attribute => "2",
            Self::Async => "3",
            Self::Poll => "4",
            Self::TimedPoll => "4p",
            Self::WokenPoll => "4w",
            Self::Spawned => "5",
            Self::Rich => "6",
            Self::Unsampled => "7",
            Self::UnsampledAsync => "7a",
            Self::Off => "8",
            Self::OffAsync => "8a",
            Self::FlatOut => "9",
            Self::FlatOutTwo => "9b",
            Self::Current => "10",
            Self::Header => "10h",
            Self::Polls => "11",
            Self::Held => "11a",
        }
    }

    /// What stands in the table.
    pub fn title(self) -> &'static str {
        match self {
            Self::Child => "sync child span, 100 under a root",
            Self::Stopped => "the same, its clock stopped",
            Self::Root => "root span alone",
            Self::Attribute => "sync child by attribute macro",
            Self::Async => "annotated async fn awaited, one poll",
            Self::Poll => "extra per poll through one wrapper",
            Self::TimedPoll => "the same, polls timed",
            Self::WokenPoll => "the same, polls and wake-ups timed",
            Self::Spawned => "spawned task with a span, extra over the bare task",
            Self::Rich => "span with 4 attributes and an event",
            Self::Unsampled => "not sampled, sync",
            Self::UnsampledAsync => "not sampled, async",
            Self::Off => "nothing initialised, sync",
            Self::OffAsync => "nothing initialised, async",
            Self::FlatOut => "100,000 traces of 11 spans flat out, one thread",
            Self::FlatOutTwo => "the same from two threads that then exit",
            Self::Current => "current context",
            Self::Header => "current context as a traceparent header",
            Self::Polls => "memory growth of one open span over 5 million polls, MiB",
            Self::Held => "held until export: bytes a span / KiB a recording thread, its stack included",
        }
    }

    /// How the pipeline is set up for it.
    pub fn mode(self) -> Mode {
        match self {
            Self::Unsampled | Self::UnsampledAsync => Mode::Unsampled,
            Self::Off | Self::OffAsync => Mode::Off,
            Self::Held => Mode::Held,
            Self::TimedPoll => Mode::TimedPolls,
            Self::WokenPoll => Mode::TimedWakes,
            _ => Mode::Sampled,
        }
    }

    /// What its figures are.
    pub fn unit(self) -> Unit {
        match self {
            Self::Polls => Unit::Mebibytes,
            Self::Held => Unit::BytesAndKibibytes,
            _ => Unit::Nanos,
        }
    }

    /// Whether each operation leaves a span.
    pub fn leaves_spans(self) -> bool {
        matches!(self.mode(), Mode::Sampled | Mode::TimedPolls | Mode::TimedWakes)
            && !matches!(self, Self::Current | Self::Header | Self::Polls)
    }

    /// How many of `rounds` it takes: a long case says as much in fewer.
    pub fn rounds(self, rounds: u32) -> u32 {
        match self {
            Self::FlatOut | Self::FlatOutTwo => rounds.div_ceil(4),
            Self::Polls | Self::Held => rounds.div_ceil(6),
            _ => rounds,
        }
    }

    /// The case of this number.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|case| case.id() == id)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.id(), self.title())
    }
}
