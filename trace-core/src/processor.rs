//! The one background thread: it drains the buffers, assembles traces and hands them on.
//!
//! There is one in a process, whatever the number of pipelines. It starts with the first pipeline and never ends; idle, it
//! sleeps without a limit and costs nothing. It never waits for an exporter, nor for anybody else.

use std::cell::Cell;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::answer::Question;
use crate::budget::BUDGET;
use crate::clock::WallClock;
use crate::context;
use crate::doorbell::Sleep;
use crate::hot::Hot;
use crate::id::TraceId;
use crate::line::Line;
use crate::reader::{Intake, Reader};
use crate::record::Record;
use crate::rings::{self, STRAYS, ThreadNumber};
use crate::roll::{Roll, RollCall};
use crate::stats::Stats;
use crate::switches;
use crate::trace::Trace;

/// How long the processor waits for more after it had something to do.
const PERIOD: Duration = Duration::from_millis(100);

/// How often it frees the rings that nobody needed meanwhile.
const TRIM_PERIOD: Duration = Duration::from_secs(1);

/// How long it waits for what a capture still waits for.
const CAPTURE_PERIOD: Duration = Duration::from_millis(1);

/// What others ask of the processor.
#[derive(Debug)]
pub(crate) enum Command {
    /// A new pipeline.
    Begin(Box<Line>),
    /// Hand on all that has ended before this, and what is open as open if so asked; then flush or shut down exporters.
    Flush { pipeline: u32, with_open: bool, ending: Ending, deadline: Instant, question: Question<RollCall> },
    /// Hand over everything a capture has, when nothing runs in it any more or the deadline has come, and forget it.
    Collect { pipeline: u32, deadline: Option<Instant>, question: Question<Collected> },
    /// What has ended so far of a trace.
    Snapshot { pipeline: u32, trace: TraceId, question: Question<Option<Trace>> },
    /// The open spans of one trace.
    OpenTrace { pipeline: u32, trace: TraceId, question: Question<Option<Trace>> },
    /// The spans that are open.
    OpenSpans { pipeline: u32, question: Question<Vec<Trace>> },
    /// The books.
    Stats { pipeline: u32, question: Question<Stats> },
}

/// Whether the exporters go on after a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    GoOn,
    ShutDown,
}

/// What a capture has caught.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) traces: Vec<Trace>,
    pub(crate) stats: Stats,
}

/// Says something to the processor; starts it if it is not there. `false` if the system has no thread to give.
pub(crate) fn send(command: Command) -> bool {
    let Some(processor) = start() else { return false };
    let sent = processor.lock().unwrap_or_else(PoisonError::into_inner).send(command).is_ok();
    switches::wake(Sleep::Timed);
    sent
}

/// Whether this is the processor's own thread, which must not wait for itself.
pub(crate) fn is_here() -> bool {
    HERE.get()
}

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
}

fn start() -> Option<&'static Mutex<Sender<Command>>> {
    static PROCESSOR: OnceLock<Option<Mutex<Sender<Command>>>> = OnceLock::new();
    let started = PROCESSOR.get_or_init(|| {
        let (sender, commands) = mpsc::channel();
        let reader = Reader::take()?;
        let processor = Processor {
            reader,
            commands,
            waiting: Vec::new(),
            lines: Vec::new(),
            last: 0,
            rolls: Vec::new(),
            collects: Vec::new(),
            group: 0,
            wall: WallClock::start(),
            held: 0,
            trimmed: Instant::now(),
        };
        let thread = std::thread::Builder::new().name("trace-processor".to_owned()).spawn(move || {
            HERE.set(true);
            context::with(Hot::NONE.suppressed(), || processor.run())
        });
        switches::set_processor(thread.ok()?.thread().clone());
        Some(Mutex::new(sender))
    });
    started.as_ref()
}

#[derive(Debug)]
struct Processor {
    reader: Reader,
    commands: Receiver<Command>,
    /// Commands that were received and not carried out.
    waiting: Vec<Command>,
    lines: Vec<Line>,
    /// The place of the line that got the last record.
    last: usize,
    /// Flushes and shutdowns that exporters are at work on, and when their time is up.
    rolls: Vec<(Instant, Arc<Roll>)>,
    collects: Vec<(u32, Option<Instant>, Question<Collected>)>,
    /// The pipeline of the last group, to which items belong.
    group: u32,
    wall: WallClock,
    /// The memory that lines hold, as the budget knows it.
    held: usize,
    /// When rings that wait to be used again were last looked at.
    trimmed: Instant,
}

impl Processor {
    fn run(mut self) -> ! {
        let mut quiet_since = Instant::now();
        loop {
            if self.work() {
                quiet_since = Instant::now();
            }
            let depth = if quiet_since.elapsed() < PERIOD { Sleep::Timed } else { Sleep::Deep };
            if depth == Sleep::Deep {
                rings::free_spare();
            }
            self.sleep(depth);
        }
    }

    /// Everything there is to do now. Returns whether there was anything.
    fn work(&mut self) -> bool {
        self.receive();
        let commands = std::mem::take(&mut self.waiting);
        let mut records = self.pass();
        if !commands.is_empty() {
            // What a command asks for was written before it was sent, and has settled after one more pass.
            self.lines.iter_mut().for_each(Line::settle);
            records += self.pass();
        }
        while self.lines.iter().any(Line::is_settling) {
            let more = self.pass();
            records += more;
            if more > 0 {
                break;
            }
        }
        let is_busy = records > 0 || !commands.is_empty();
        commands.into_iter().for_each(|command| self.carry_out(command));
        self.collect_what_is_due();
        self.call_rolls_that_are_due();
        is_busy
    }

    fn pass(&mut self) -> usize {
        let now = Instant::now();
        let timebase = self.reader.has_records().then(|| self.wall.timebase());
        self.lines.iter_mut().for_each(|line| line.begin_pass(now, timebase));
        let Self { reader, lines, last, commands, waiting, wall, .. } = self;
        let stream = (STRAYS, false);
        let mut sorting = Sorting { lines, last: *last, group: self.group, commands, waiting, wall, now, stream };
        let records = reader.pass(&mut sorting);
        (*last, self.group) = (sorting.last, sorting.group);
        self.lines.iter_mut().for_each(Line::end_pass);
        if now.saturating_duration_since(self.trimmed) >= TRIM_PERIOD {
            self.trimmed = now;
            rings::trim();
        }
        self.reckon();
        records
    }

    fn line(&mut self, number: u32) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.number == number)
    }

    /// Tells the budget what is held here.
    fn reckon(&mut self) {
        let held = self.lines.iter().map(Line::bytes).sum();
        BUDGET.hold(held);
        BUDGET.release(self.held);
        self.held = held;
        BUDGET.look();
    }

    fn receive(&mut self) {
        receive(&self.commands, &mut self.lines, &mut self.waiting);
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            // It was begun when it was received.
            Command::Begin(_) => {}
            Command::Flush { pipeline, with_open, ending, deadline, question } => {
                let Some(line) = self.line(pipeline) else { return };
                line.hand_on_all(with_open);
                let roll = Roll::new(line.workers().iter().map(|worker| worker.name()).collect(), question);
                for worker in line.workers() {
                    match ending {
                        Ending::GoOn => worker.flush(&roll, deadline),
                        Ending::ShutDown => worker.shut_down(&roll, deadline),
                    }
                }
                self.rolls.push((deadline, roll));
            }
            Command::Collect { pipeline, deadline, question } => self.collects.push((pipeline, deadline, question)),
            Command::Snapshot { pipeline, trace, question } => {
                question.answer(self.line(pipeline).and_then(|line| line.snapshot(trace)));
            }
            Command::OpenTrace { pipeline, trace, question } => {
                question.answer(self.line(pipeline).and_then(|line| line.open_spans_of(trace)));
            }
            Command::OpenSpans { pipeline, question } => {
                question.answer(self.line(pipeline).map(|line| line.open_spans()).unwrap_or_default());
            }
            Command::Stats { pipeline, question } => {
                question.answer(self.line(pipeline).map(|line| line.stats()).unwrap_or_default());
            }
        }
    }

    fn collect_what_is_due(&mut self) {
        let now = Instant::now();
        for (pipeline, deadline, question) in std::mem::take(&mut self.collects) {
            let runs = self.line(pipeline).is_some_and(|line| line.running() > 0);
            if runs && deadline.is_some_and(|deadline| now < deadline) {
                self.collects.push((pipeline, deadline, question));
            } else if let Some(place) = place_of(&self.lines, pipeline) {
                let mut line = self.lines.swap_remove(place);
                let traces = line.collect();
                question.answer(Collected { traces, stats: line.stats() });
            }
        }
    }

    fn call_rolls_that_are_due(&mut self) {
        let now = Instant::now();
        self.rolls.retain(|(deadline, roll)| {
            if now >= *deadline {
                roll.call();
            }
            !roll.is_over()
        });
        self.lines.iter_mut().for_each(Line::join_workers);
    }

    fn sleep(&mut self, depth: Sleep) {
        let due = self.lines.iter().filter_map(Line::due).chain(self.rolls.iter().map(|(deadline, _)| *deadline)).min();
        let until_due = due.map(|due| due.saturating_duration_since(Instant::now()));
        let most = match depth {
            _ if !self.collects.is_empty() => Some(CAPTURE_PERIOD),
            Sleep::Deep => None,
            Sleep::Awake | Sleep::Timed => Some(PERIOD),
        };
        let limit = [until_due, most].into_iter().flatten().min();
        let bell = switches::doorbell();
        bell.lie_down(depth);
        self.receive();
        let is_needed = !self.waiting.is_empty() || depth == Sleep::Deep && self.reader.has_records();
        if !is_needed {
            match limit {
                Some(limit) => std::thread::park_timeout(limit),
                None => std::thread::park(),
            }
        }
        bell.get_up();
    }
}

/// A pass at work: each record goes to its pipeline.
struct Sorting<'a> {
    lines: &'a mut Vec<Line>,
    last: usize,
    group: u32,
    commands: &'a Receiver<Command>,
    waiting: &'a mut Vec<Command>,
    wall: &'a mut WallClock,
    now: Instant,
    /// Whose records come now, and whether they come last.
    stream: (ThreadNumber, bool),
}

impl Intake for Sorting<'_> {
    fn stream(&mut self, thread: ThreadNumber, is_last: bool) {
        self.stream = (thread, is_last);
        self.lines.iter_mut().for_each(|line| line.stream(thread, is_last));
    }

    fn take(&mut self, mut records: &mut [Record]) {
        while let Some(record) = records.first() {
            let number = pipeline_of(record).unwrap_or(self.group);
            self.group = number;
            if self.lines.get(self.last).is_none_or(|line| line.number != number) {
                self.find(number);
            }
            let line = self.lines.get_mut(self.last).filter(|line| line.number == number);
            let taken = line.map_or(1, |line| line.take(records));
            records = &mut records[taken..];
        }
        self.lines.iter_mut().for_each(Line::step);
    }

    fn pause(&mut self) {
        self.lines.iter_mut().for_each(Line::pause);
    }
}

impl Sorting<'_> {
    /// Goes to the pipeline of this number, which may have begun after this pass did.
    #[cold]
    fn find(&mut self, number: u32) {
        self.last = place_of(self.lines, number).unwrap_or_else(|| {
            let known = self.lines.len();
            receive(self.commands, self.lines, self.waiting);
            for line in &mut self.lines[known..] {
                line.begin_pass(self.now, Some(self.wall.timebase()));
                line.stream(self.stream.0, self.stream.1);
            }
            place_of(self.lines, number).unwrap_or(0)
        });
    }
}

/// The pipeline a record belongs to; `None` for items, which follow their group.
fn pipeline_of(record: &Record) -> Option<u32> {
    match *record {
        Record::Closed { pipeline, .. }
        | Record::Opened { pipeline, .. }
        | Record::Ended { pipeline, .. }
        | Record::EndedInPoll { pipeline, .. }
        | Record::CarrierOpened { pipeline, .. }
        | Record::CarrierClosed { pipeline, .. }
        | Record::Scalar { pipeline, .. }
        | Record::Event { pipeline, .. }
        | Record::Poll { pipeline, .. }
        | Record::LongPoll { pipeline, .. }
        | Record::Lost { pipeline, .. }
        | Record::Pair { pipeline, .. }
        | Record::Group { pipeline, .. } => Some(pipeline),
        Record::Attribute(_)
        | Record::EventName(_)
        | Record::LinkTo(..)
        | Record::Status(_)
        | Record::Name(_)
        | Record::StartUnixNanos(_)
        | Record::Dropped(_)
        | Record::OpenGuard(_)
        | Record::TraceState(_)
        | Record::Taken => None,
    }
}

/// Takes in what was said. New pipelines begin at once; everything else waits for its turn.
fn receive(commands: &Receiver<Command>, lines: &mut Vec<Line>, waiting: &mut Vec<Command>) {
    for command in commands.try_iter() {
        match command {
            Command::Begin(line) => lines.push(*line),
            command => waiting.push(command),
        }
    }
}

fn place_of(lines: &[Line], number: u32) -> Option<usize> {
    lines.iter().position(|line| line.number == number)
}
