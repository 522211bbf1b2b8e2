//! Distributed tracing, async first: the right parent always, at the speed of the clock.
//!
//! A *trace* is a tree of *spans*: operations with a name, a start, an end, an outcome and facts about them. The spans of a
//! trace may run in one function after the other, in tasks and threads at once, and in several processes.
//!
//! - [Start](#start): a pipeline, and the first spans
//! - [Async](#async): futures, tasks, threads
//! - [What a span says](#what-a-span-says): attributes, events, links, errors, outcomes
//! - [Which spans there are](#which-spans-there-are): sampling, filters, limits, redaction
//! - [Where they go](#where-they-go): exporters
//! - [The end](#the-end): flush, shutdown, the books
//! - [Traces as values](#traces-as-values): tests
//!
//! Something is slow and nobody says why: [find what blocks your runtime](guide::find_what_blocks).
//! Coming [from `tracing`](guide::from_tracing) or [from `fastrace`](guide::from_fastrace): what you wrote there and write here.
//!
//! # Start
//!
//! [`init`] starts the pipeline of the process as the environment says, and prints traces to the console where it says
//! nothing. Keep its guard until the end of `main`, outside of any async runtime.
//!
//! ```
//! use trace_core::{in_scope, traced};
//!
//! #[traced]
//! fn area(width: u32, height: u32) -> u32 {
//!     in_scope("multiply", || width * height)
//! }
//!
//! fn main() -> Result<(), trace_core::InitError> {
//!     let _pipeline = trace_core::init()?;
//!     assert_eq!(area(6, 7), 42);
//!     Ok(())
//! }
//! ```
//!
//! [`builder`] says in the program what is otherwise left to the environment. Without either, everything runs and nothing is
//! recorded: a library can trace and leave it to the program whether that leads anywhere.
//!
//! | to trace | use |
//! |---|---|
//! | a function, sync or async | [`#[traced]`](macro@traced) |
//! | a few lines | [`in_scope`], or the guard of [`start_span`] |
//! | a future | [`.in_span(..)`](FutureExt::in_span) |
//! | a stream, a sink | [`.in_span(..)`](StreamExt::in_span), [`.in_span(..)`](SinkExt::in_span) |
//! | something with a kind, links, a start in the past | the builder [`span`] |
//! | a task, a thread, a closure for a pool | [`spawn`], [`Handoff`] |
//!
//! # Async
//!
//! A future takes its context along: it is put in place before each poll and taken out after it, so it does not matter which
//! thread polls, what is polled in between, or whether the future is ever finished. The parent is decided at the call.
//!
//! ```
//! use trace_core::{FutureExt, Span, capture_async, traced};
//!
//! #[traced]
//! async fn fetch(page: u32) -> u32 {
//!     page
//! }
//!
//! # futures::executor::block_on(async {
//! let captured = capture_async(async {
//!     let both = async { fetch(1).await + async { 2 }.in_span(Span::new("compute")).await };
//!     both.in_span(Span::new("both")).await
//! })
//! .await;
//! assert_eq!(captured.value, 3);
//! trace_core::assert_tree!(captured.trace().unwrap(), "
//!     both
//!       fetch
//!       compute
//! ");
//! # });
//! ```
//!
//! A task of [`tokio::spawn`](https://docs.rs/tokio/latest/tokio/task/fn.spawn.html) has no context; one of [`spawn`] has that
//! of its caller. [`Handoff`] takes the context to other threads and pools, and knows two more relations: a new trace that is
//! linked to the one that caused it, and none at all.
//!
#![cfg_attr(feature = "tokio", doc = "```")]
#![cfg_attr(not(feature = "tokio"), doc = "```ignore")]
//! use trace_core::{Handoff, capture_async, spawn, spawn_blocking, traced};
//!
//! #[traced]
//! fn step(name: &'static str) -> &'static str {
//!     trace_core::current_span().set_name(name);
//!     name
//! }
//!
//! #[traced]
//! async fn request() {
//!     let task = spawn(async { step("in a task") });
//!     task.await.unwrap();
//!     spawn_blocking(|| step("on the blocking pool")).await.unwrap();
//!     Handoff::child().thread(|| step("on a thread")).join().unwrap();
//!     // It may outlive the request, so it is not part of it.
//!     Handoff::linked_root("clean up").spawn(async { step("later") }).await.unwrap();
//! }
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! let captured = runtime.block_on(capture_async(async { request().await }));
//! # let mut captured = captured;
//! # captured.traces.sort_by_key(|trace| std::cmp::Reverse(trace.len()));
//! let [request, clean_up] = &captured.traces[..] else { panic!("two traces") };
//! trace_core::assert_tree!(request, "
//!     request
//!       in a task
//!       on the blocking pool
//!       on a thread
//! ");
//! let link = clean_up.root().unwrap().links().next().unwrap();
//! assert_eq!(link.context().trace_id(), request.id());
//! ```
//!
//! Do not hold a guard over an `.await`. It is `!Send`, so in a spawned task that does not compile; where it does, the wrapper
//! of the future around it sees to it that nothing leaks into other tasks.
//!
//! # What a span says
//!
//! [`current_span`] is a [`Copy`] handle through which anything can be told of a span, from any thread, until the span ends.
//! Nothing is recorded of arguments unless the code names them.
//!
//! ```
//! use trace_core::{Link, NewEvent, Outcome, Span, SpanKind, Status, capture, current_span, span, traced};
//!
//! #[traced(err, kind = client, fields(host, http.retries = 2))]
//! fn connect(host: &str, secret: &str) -> Result<(), std::num::ParseIntError> {
//!     current_span().set_attribute("secret.length", secret.len());
//!     current_span().add_event(NewEvent::new("resolved").attribute("millis", 3));
//!     secret.parse::<u32>().map(drop)
//! }
//!
//! let captured = capture(|| {
//!     let _ = connect("db.example", "hunter2");
//! });
//! let connect = captured.trace()?.root().unwrap();
//! assert_eq!(connect.kind(), SpanKind::Client);
//! assert_eq!(connect.attribute("host"), Some(&"db.example".into()));
//! assert_eq!(connect.events().next().unwrap().name(), "resolved");
//! assert_eq!(connect.outcome(), Outcome::Error);
//! assert_eq!(connect.status(), &Status::error("invalid digit found in string"));
//!
//! // By the builder: a root with a link to the span that caused it.
//! let captured = capture(|| {
//!     let cause = Span::new("cause");
//!     let link = cause.context().map(Link::new);
//!     link.into_iter().fold(span("effect").root(), |effect, link| effect.link(link)).in_scope(|| ());
//! });
//! assert_eq!(captured.traces.len(), 2);
//! # Ok::<(), trace_core::CaptureError>(())
//! ```
//!
//! How a span ended is seen, not told: an [`Outcome`] is ok, error, panicked, cancelled (its future was dropped before it was
//! ready), never polled, or open. The [`Status`] is what the program says.
//!
//! With [`time_polls`](PipelineBuilder::time_polls) the spans of futures know their polls as well:
//! [`SpanView::polls`] has how many there were and the longest, [`SpanView::anatomy`] where the time went,
//! [`SpanView::blocked_behind`] who kept the thread meanwhile. The guide [find what blocks your runtime](guide::find_what_blocks)
//! follows a program that does; [`watch_slow_polls`](PipelineBuilder::watch_slow_polls) tells of it while it happens.
//!
//! # Which spans there are
//!
//! | what | decides | when |
//! |---|---|---|
//! | [`Sampler`] | whether a trace is recorded | where it begins; a trace that is not costs next to nothing |
//! | [`tail_sampler`](PipelineBuilder::tail_sampler) | whether a trace is handed on | when it is complete |
//! | [`Filter`] | whether a callsite makes spans | at every span, by one load; can be changed with [`filter::set`] |
//! | [`SpanLimits`] | how much of a span is kept | before it is handed on |
//! | [`Redactor`] | what must not leave the process | before it is handed on |
//!
//! ```
//! use trace_core::{Filter, Level, Outcome, Redaction, Redactor, Sampler, SpanLimits};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pipeline = trace_core::builder()
//!     .sampler(Sampler::parent_based(Sampler::ratio(0.1)))
//!     .tail_sampler(|trace| trace.spans().any(|span| span.outcome() != Outcome::Ok))
//!     .filter(Filter::up_to(Level::Info).module("my_crate::db", Level::Debug))
//!     .limits(SpanLimits::new().value_length(4096))
//!     .redact(Redactor::new(|attribute| match attribute.key.as_str() {
//!         "user.email" => Redaction::Remove,
//!         _ => Redaction::Keep,
//!     }))
//!     .init()?;
//! # drop(pipeline);
//! # Ok(())
//! # }
//! ```
//!
//! # Where they go
//!
//! [`ConsoleExporter`] prints trees for people, or a line when a span begins and one when it ends ([`ConsoleStyle::Live`]);
//! [`JsonLinesExporter`] writes a line of JSON for each span, [`MemoryExporter`] keeps them. Several may be used at once; each
//! has a thread and a queue of its own, so that a slow one is in nobody's way. [`SpanExporter`] is for one's own.
//!
//! ```
//! use trace_core::{ConsoleExporter, JsonLinesExporter, MemoryExporter, in_scope};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let memory = MemoryExporter::new();
//! let pipeline = trace_core::builder()
//!     .exporter(ConsoleExporter::new().stderr().fold_siblings())
//!     .exporter(JsonLinesExporter::new(std::io::sink()))
//!     .exporter(memory.clone())
//!     .init()?;
//! in_scope("work", || ());
//! pipeline.flush(std::time::Duration::from_secs(5))?;
//! assert_eq!(memory.spans()[0].name, "work");
//! # Ok(())
//! # }
//! ```
//!
//! # The end
//!
//! Dropping the guard hands on every span that has ended, and what runs still as open. [`flush`] does so at any time, and
//! [`Pipeline::shutdown`] once and for all. Both return in the time they are given and say whether everything arrived.
//! [`stats`] has the books: what became of every span, and why any was lost.
//!
//! ```
//! use std::time::Duration;
//! use trace_core::{MemoryExporter, in_scope};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pipeline = trace_core::builder().exporter(MemoryExporter::new().max_spans(2)).init()?;
//! for _ in 0..3 {
//!     in_scope("work", || ());
//! }
//! let result = pipeline.flush(Duration::from_secs(5));
//! assert_eq!(result.unwrap_err().to_string(), "spans were lost: memory: the memory exporter is full");
//!
//! let stats = pipeline.stats();
//! assert_eq!((stats.closed, stats.exporters[0].exported, stats.exporters[0].dropped_failed), (3, 2, 1));
//! assert!(stats.exporters[0].is_balanced(&stats));
//! pipeline.shutdown(Duration::from_secs(5))?;
//! # Ok(())
//! # }
//! ```
//!
//! # Traces as values
//!
//! [`capture`] runs something and returns its traces. It needs no pipeline, sees nothing of what runs beside it, and follows
//! everything that carries a context on, so tests can run at the same time. [`Capture`] has a clock that stands still and ids
//! that are counted.
//!
//! ```
//! use trace_core::{assert_tree, capture, in_scope, span};
//!
//! let captured = capture(|| in_scope("order", || span("charge").attribute("amount", 12.5).in_scope(|| 7)));
//! assert_eq!(captured.value, 7);
//!
//! let trace = captured.trace()?;
//! assert_tree!(trace.shape().attribute("amount"), "
//!     order
//!       charge amount=12.5
//! ");
//! for (depth, span) in trace.walk() {
//!     println!("{}{} took {:?}", "  ".repeat(depth), span.name(), span.duration());
//! }
//! # Ok::<(), trace_core::CaptureError>(())
//! ```
//!
//! # What it costs
//!
//! A span is two readings of the clock and one record in the thread's own buffer; the README has what that comes to, measured
//! beside other libraries. A thread of this library, started with the first pipeline or capture, does the rest and sleeps while
//! there is nothing to do.
//!
//! # Features
//!
//! - `log`: what the watchdog and the detectors find is also a warning of the `log` facade.
//! - `tokio` (on unless left out): [`spawn`] and its kin. Everything else works with any executor.

mod active;
mod anatomy;
mod answer;
mod assembler;
mod assembly;
mod attribute_list;
mod attribute_runs;
mod baggage;
mod blocked;
mod budget;
mod buffer;
mod builder;
mod callsite;
mod cancellation;
mod capture;
mod cargo;
mod cargo_frames;
mod carried;
mod carrier;
mod caught;
mod clock;
mod config;
mod context;
mod critical_path;
mod current_span;
mod decisions;
mod detail;
mod detect;
mod directive;
mod doorbell;
mod encoder;
mod ending;
mod env;
mod export;
mod exporter;
mod facts;
pub mod filter;
mod findings;
mod flush;
mod from_spans;
mod future;
pub mod guide;
mod handoff;
mod hot;
mod id;
mod init_error;
mod kept;
mod kind;
mod leaving;
mod limits;
mod line;
mod live;
#[cfg_attr(not(feature = "log"), path = "log_absent.rs")]
mod log_facade;
mod long_polls;
mod macro_support;
mod manual_clock;
mod name;
mod new_event;
mod news;
mod open_spans;
mod open_view;
mod outbox;
mod paired_attributes;
mod percent;
mod pipeline;
mod plan;
mod poll_log;
mod poll_slots;
mod poll_timer;
mod polls;
mod polls_data;
mod portrait;
mod probability;
mod processor;
pub mod propagation;
mod reader;
mod record;
mod redact;
mod resource;
mod rings;
mod roll;
mod sampler;
mod scalar;
mod seed;
mod shape;
#[cfg(feature = "futures")]
mod sink;
mod span;
mod span_context;
mod span_data;
mod span_places;
mod span_record;
mod span_view;
mod spent;
mod start;
mod stats;
mod status;
#[cfg(feature = "futures")]
mod stream;
mod switches;
mod sync;
mod tally;
#[cfg(feature = "tokio")]
mod task;
mod telling;
mod text;
mod thread_names;
mod to_data;
mod token_bucket;
mod trace;
mod trace_state;
mod tree;
mod unannounced;
mod untold;
mod value;
mod visit;
mod waits;
mod wake_timer;
mod wake_up;
mod watchdog;
mod worker;

pub use crate::active::{ActiveSpan, in_scope, start_span};
pub use crate::baggage::{Baggage, BaggageError, MAX_BAGGAGE_BYTES, MAX_BAGGAGE_MEMBERS};
pub use crate::budget::DEFAULT_BUDGET_BYTES;
pub use crate::builder::{
    DEFAULT_BATCH_DELAY, DEFAULT_BATCH_SPANS, DEFAULT_DROP_TIMEOUT, DEFAULT_MAX_TRACE_AGE, DEFAULT_MAX_TRACE_SPANS,
    PipelineBuilder, StartedSpan, builder, init,
};
pub use crate::callsite::{Callsite, MAX_INTERNED};
pub use crate::capture::{Capture, CaptureError, Captured, capture, capture_async, capture_async_fn, current_trace};
#[doc(hidden)]
pub use crate::clock::stop_for_benchmark;
pub use crate::config::{BatchConfig, DEFAULT_SAMPLER_RATIO, EnvConfig, ExporterName, PropagatorName, TRACE_FILTER};
pub use crate::critical_path::{CriticalSegment, CriticalWork};
pub use crate::current_span::{CurrentSpan, current_span};
pub use crate::directive::ParseFilterError;
pub use crate::encoder::{EncodedBatch, SpanEncoder};
pub use crate::env::{ConfigProblem, ConfigWarning, EnvReader};
pub use crate::export::color::ColorChoice;
pub use crate::export::console::{ConsoleExporter, ConsoleStyle, TRACE_CONSOLE};
pub use crate::export::json_lines::{JsonLinesExporter, OpenFileError};
pub use crate::export::memory::MemoryExporter;
pub use crate::exporter::{Batch, Delivery, ExportError, SpanExporter};
pub use crate::filter::Filter;
pub use crate::findings::{Finding, Mistake, OPEN_GUARD_ATTRIBUTE};
pub use crate::flush::{FlushError, flush, flush_async, stats};
pub use crate::future::{FutureExt, InSpan};
pub use crate::handoff::{Handoff, drive, in_current_span, suppressed};
pub use crate::id::{ParseIdError, SpanId, TraceId};
pub use crate::init_error::InitError;
pub use crate::kind::{Level, ParseLevelError, SpanKind};
pub use crate::limits::{
    DEFAULT_ATTRIBUTES, DEFAULT_ATTRIBUTES_PER_EVENT, DEFAULT_ATTRIBUTES_PER_LINK, DEFAULT_EVENTS, DEFAULT_LINKS,
    SpanLimits,
};
pub use crate::live::{open_spans, write_open_spans};
pub use crate::long_polls::DEFAULT_LONG_POLL;
pub use crate::manual_clock::ManualClock;
pub use crate::name::SpanName;
pub use crate::new_event::NewEvent;
pub use crate::pipeline::Pipeline;
pub use crate::poll_log::MAX_POLL_SEGMENTS;
pub use crate::polls::Polls;
pub use crate::polls_data::{PollSegment, PollsData};
pub use crate::propagation::context::{Context, ContextExt, current_baggage, current_trace_state};
pub use crate::redact::{AttributeOwner, Redaction, RedactionParameters, Redactor, STATUS_DESCRIPTION};
pub use crate::resource::Resource;
pub use crate::sampler::{ParentBased, Sampler, SamplingDecision, SamplingParameters};
pub use crate::scalar::{ScalarAttribute, ScalarValue};
pub use crate::shape::{Shape, ShapeMismatch};
#[cfg(feature = "futures")]
pub use crate::sink::{InSpanSink, SinkExt};
pub use crate::span::{Parent, Span, SpanBuilder, span};
pub use crate::span_context::{SpanContext, TraceFlags};
pub use crate::span_data::{DroppedCounts, Event, Link, SpanData};
pub use crate::span_view::{EventView, LinkView};
pub use crate::stats::{ExporterStats, Stats};
pub use crate::status::{Outcome, Status};
#[cfg(feature = "futures")]
pub use crate::stream::{InSpanStream, StreamExt};
#[cfg(feature = "tokio")]
pub use crate::task::{JoinSetExt, block_on, spawn, spawn_blocking, spawn_local};
pub use crate::trace::{Completeness, SpanView, Trace};
pub use crate::trace_state::{MAX_TRACE_STATE_MEMBERS, TraceState, TraceStateError};
pub use crate::value::{Attribute, Key, Value};
pub use crate::waits::{
    Anatomy, BlockedBehind, Cancellation, ChildWait, CriticalShare, Dropped, HeldUp, Hop, NamedSpan,
};
pub use crate::watchdog::{DEFAULT_SLOW_POLL, SlowPoll};
#[doc = include_str!("../docs/traced.md")]
pub use trace_macros::traced;

#[doc(hidden)]
pub mod __private {
    pub use crate::macro_support::*;
}

/// What the pictures of `trace-render` share with the console tree.
#[doc(hidden)]
pub mod __render {
    pub use crate::ending::outcome;
    pub use crate::export::duration::duration_text;
    pub use crate::text::{columns, cut_end, cut_middle, escaped, is_hidden};
}
