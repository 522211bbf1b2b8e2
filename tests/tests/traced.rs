//! What `#[traced]` says of a call, and what it costs: exact numbers. That it changes nothing else is shown by the twins.

use std::cell::Cell;
use std::future::Future;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::executor::block_on;
use futures::stream::{self, Stream};
use tests::allocations::{CountingAllocator, allocations};
use trace_core::{
    Link, Outcome, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, Value, assert_tree, capture,
    capture_async, capture_async_fn, start_span, traced,
};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

// What a span says.

#[test]
fn a_span_knows_its_place_in_the_source() {
    #[traced(kind = server, level = debug)]

    fn here() {}
    const LINE: u32 = line!() - 1;
    macro_rules! made {
        ($name:ident) => {
            #[traced]
            fn $name() {}
        };
    }
    made!(by_a_macro);
    const MACRO_LINE: u32 = line!() - 1;

    let captured = capture(|| {
        here();
        by_a_macro();
    });
    let callsites: Vec<_> = captured.spans().map(|span| (span.kind(), span.callsite())).collect();
    let [(kind, here), (_, made)] = &callsites[..] else { panic!("two spans") };
    assert_eq!(*kind, SpanKind::Server);
    assert_eq!((here.file(), here.line(), here.module()), (file!(), LINE, module_path!()));
    assert_eq!(here.crate_name(), "tests");
    assert_eq!((made.file(), made.line(), made.name()), (file!(), MACRO_LINE, "by_a_macro"));
}

#[test]
fn an_attribute_that_depends_on_the_configuration_is_one() {
    #[cfg_attr(all(), traced(args(x)))]
    fn wanted(x: u32) -> u32 {
        x
    }
    #[cfg_attr(any(), traced)]
    fn unwanted(x: u32) -> u32 {
        wanted(x)
    }
    let captured = capture(|| unwanted(1));
    assert_tree!(captured.trace().unwrap().shape().attribute("x"), "wanted x=1");
}

#[test]
fn an_async_span_has_its_parent_from_the_call() {
    #[traced]
    async fn work() {}

    let captured = capture(|| {
        let future = {
            let _caller = start_span("caller");
            work()
        };
        let _elsewhere = start_span("elsewhere");
        block_on(future);
    });
    let caller = captured.spans().find(|span| span.name() == "caller").unwrap().span_id();
    assert_eq!(captured.spans().find(|span| span.name() == "work").unwrap().parent_id(), Some(caller));
}

#[test]
fn a_parent_from_elsewhere_and_links_are_taken_at_the_call() {
    #[traced(parent = parent, links = links.to_vec(), links = Some(*also))]
    async fn work(parent: SpanContext, links: &[Link], also: &SpanContext) {
        let _ = (parent, links, also);
    }

    let context = || SpanContext::new(TraceId::random(), SpanId::random(), TraceFlags::SAMPLED);
    let (parent, first, second) = (context().remote(), context(), context());
    let captured = capture(|| block_on(work(parent, &[Link::new(first)], &second)));
    let span = captured.trace().unwrap().spans().next().unwrap();
    assert_eq!((span.trace_id(), span.parent_id()), (parent.trace_id(), Some(parent.span_id())));
    assert!(span.parent_is_remote());
    let links: Vec<_> = span.links().map(|link| link.context()).collect();
    assert_eq!(links, [first, second]);
}

#[test]
fn an_error_is_told_with_its_sources_and_its_type() {
    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("not a port")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[traced(err)]
    async fn port(text: &str) -> Result<u16, Outer> {
        text.parse().map_err(Outer)
    }

    let captured = capture(|| block_on(port("x")).is_err());
    let span = captured.trace().unwrap().root().unwrap();
    assert_eq!((span.outcome(), span.status()), (Outcome::Error, &Status::error("not a port")));
    let event = span.events().next().expect("an error is an event");
    assert_eq!(event.name(), "exception");
    let message = event.attributes().iter().find(|found| found.key.as_str() == "exception.message").unwrap();
    assert_eq!(message.value, Value::from("not a port: invalid digit found in string"));
}

#[test]
fn errors_of_every_kind_are_told() {
    #[traced(err)]
    fn boxed() -> Result<(), Box<dyn std::error::Error>> {
        Err("boxed".into())
    }
    #[traced(err)]
    fn text<T>(value: T) -> Result<T, &'static str> {
        drop(value);
        Err("text")
    }
    #[traced(err)]
    async fn missing() -> Option<u32> {
        None
    }
    #[traced(err(Debug))]
    fn broken() -> ControlFlow<u32, ()> {
        ControlFlow::Break(7)
    }
    #[traced(err(map = |code| format!("code {code}")))]
    fn generic<E: Into<u32> + std::fmt::Display>(error: E) -> Result<(), E> {
        Err(error)
    }

    let captured = capture(|| {
        let _ = (boxed().is_err(), text(1).is_err(), block_on(missing()), broken(), generic(5_u8));
    });
    let told: Vec<_> = captured.spans().map(|span| (span.outcome(), span.status().clone())).collect();
    let expected = ["boxed", "text", "None", "7", "code 5"].map(|text| (Outcome::Error, Status::error(text)));
    assert_eq!(told, expected);
}

#[test]
fn what_is_recorded_is_evaluated_once_and_only_when_recording() {
    thread_local! {
        static COUNT: Cell<u32> = const { Cell::new(0) };
    }
    fn count() -> u32 {
        COUNT.set(COUNT.get() + 1);
        COUNT.get()
    }
    #[traced(fields(count = count()))]
    async fn counted() {
        YieldNow(false).await;
    }
    #[traced(fields(count = count()))]
    fn counted_sync() {}

    block_on(counted());
    counted_sync();
    assert_eq!(COUNT.get(), 0, "nothing records");
    capture(|| {
        drop(counted());
        assert_eq!(COUNT.get(), 0, "never polled");
        block_on(counted());
        counted_sync();
    });
    assert_eq!(COUNT.get(), 2);
}

#[test]
fn the_body_speaks_of_its_span_through_the_handle() {
    #[traced(current = span)]
    fn sync() {
        span.set_attribute("a", 1);
    }
    #[traced(current = span, when = wanted)]
    async fn asynchronous(wanted: bool) {
        span.set_attribute("b", 2);
    }
    #[traced(current = span)]
    fn later() -> Pin<Box<dyn Future<Output = ()>>> {
        span.set_attribute("c", 3);
        Box::pin(async move { span.set_attribute("d", 4) })
    }

    let captured = capture(|| {
        let _root = start_span("root");
        sync();
        block_on(asynchronous(true));
        block_on(asynchronous(false));
        block_on(later());
    });
    let shape = captured.trace().unwrap().shape();
    let shape = ["a", "b", "c", "d"].into_iter().fold(shape, |shape, key| shape.attribute(key));
    assert_tree!(shape, "root\n  sync a=1\n  asynchronous b=2\n  later c=3 d=4");
}

#[test]
fn statements_before_a_returned_future_are_inside_its_span_but_what_follows_the_call_is_not() {
    #[traced]
    fn inner() {}
    #[traced]
    fn outer() -> Pin<Box<dyn Future<Output = ()> + Send>> {
        inner();
        Box::pin(async { inner() })
    }

    let captured = capture(|| {
        let _root = start_span("root");
        let future = outer();
        inner();
        block_on(future);
    });
    assert_tree!(captured.trace().unwrap(), "root\n  outer\n    inner\n    inner\n  inner");
}

#[tokio::test]
#[traced]
async fn a_tokio_test_below_works() {
    tokio::task::yield_now().await;
}

#[traced]
#[tokio::test]
async fn a_tokio_test_above_works() {
    tokio::task::yield_now().await;
}

#[tokio::test]
async fn a_spawned_traced_function_is_a_child() {
    #[traced]
    async fn work() {
        tokio::task::yield_now().await;
    }
    let captured = capture_async(async {
        #[traced]
        async fn outer() {
            tokio::spawn(work()).await.unwrap();
        }
        outer().await;
    })
    .await;
    assert_tree!(captured.trace().unwrap(), "outer\n  work");
}

#[tokio::test]
async fn a_capture_calls_the_function_that_it_is_given_inside() {
    #[traced]
    async fn fetch() -> u32 {
        tokio::spawn(part()).await.unwrap()
    }
    #[traced]
    async fn part() -> u32 {
        tokio::task::yield_now().await;
        7
    }
    let captured = capture_async_fn(fetch).await;
    assert_eq!(captured.value, 7);
    assert_tree!(captured.trace().unwrap(), "fetch\n  part");
    // The limit that the page of `capture_async` names: the span began before the capture.
    assert_tree!(capture_async(fetch()).await.trace().unwrap(), "part");
    let task = tokio::spawn(capture_async_fn(async || fetch().await + 1));
    let captured = task.await.unwrap();
    assert_eq!((captured.value, captured.traces.len()), (8, 1));
}

#[test]
fn a_stream_tells_when_its_first_item_came_and_ends_once() {
    #[traced]
    fn numbers() -> impl Stream<Item = u32> + Unpin {
        stream::iter([1, 2]).fuse()
    }
    let captured = capture(|| {
        let mut stream = numbers();
        block_on(async {
            while stream.next().await.is_some() {}
            assert_eq!(stream.next().await, None);
        });
    });
    let span = captured.trace().unwrap().root().unwrap();
    let events: Vec<_> = span.events().map(|event| event.name().to_owned()).collect();
    assert_eq!((span.outcome(), events), (Outcome::Ok, vec!["first item".to_owned()]));
    assert_eq!(span.attribute("stream.items"), Some(&Value::from(2)));
}

// What it costs.

/// The context, 32 bytes, and 16 more.
const ADDED: usize = 48;

#[test]
fn a_small_future_grows_by_the_context_and_16_bytes() {
    async fn plain(a: u64, b: u64) -> u64 {
        YieldNow(false).await;
        a + b
    }
    #[traced]
    async fn annotated(a: u64, b: u64) -> u64 {
        YieldNow(false).await;
        a + b
    }
    let (plain, annotated) = (size_of_val(&plain(1, 2)), size_of_val(&annotated(1, 2)));
    assert!(annotated <= plain + ADDED, "{plain} bytes became {annotated}");
}

#[test]
fn four_levels_grow_by_four_times_that() {
    macro_rules! levels {
        ($($attribute:tt)*) => {
            $($attribute)* async fn one(load: [u64; 32]) -> u64 { YieldNow(false).await; black_box(load)[0] }
            $($attribute)* async fn two(load: [u64; 32]) -> u64 { one(load).await + black_box(load)[1] }
            $($attribute)* async fn three(load: [u64; 32]) -> u64 { two(load).await + black_box(load)[2] }
            $($attribute)* pub(crate) async fn four(load: [u64; 32]) -> u64 { three(load).await + black_box(load)[3] }
        };
    }
    mod plain {
        use super::*;
        levels!();
    }
    mod annotated {
        use super::*;
        levels!(#[traced]);
    }
    let (plain, annotated) = (size_of_val(&plain::four([1; 32])), size_of_val(&annotated::four([1; 32])));
    assert!(annotated <= plain + 4 * ADDED, "{plain} bytes became {annotated}");
}

#[test]
fn an_async_trait_method_stays_in_its_one_box() {
    #[async_trait]
    trait Work {
        async fn plain(&self) -> u32;
        async fn annotated(&self) -> u32;
    }
    struct Worker;
    #[async_trait]
    impl Work for Worker {
        async fn plain(&self) -> u32 {
            1
        }
        #[traced]
        async fn annotated(&self) -> u32 {
            1
        }
    }
    capture(|| {
        let _root = start_span("root");
        let run = || block_on(Worker.annotated());
        // What is made once: the callsite, the first rings.
        run();
        let plain = allocations(|| drop(Worker.plain()));
        assert_eq!(plain, 1);
        let count = allocations(|| assert_eq!((0..1_000).map(|_| run()).sum::<u32>(), 1_000));
        assert!((1_000..1_100).contains(&count), "{count} allocations in 1,000 calls");
    });
}

#[test]
fn nothing_is_allocated_recording_or_not() {
    #[traced(args(n), ret)]
    async fn asynchronous(n: u32) -> Result<u32, ()> {
        Ok(n)
    }
    #[traced(args(n), when = n > 0)]
    fn sync(n: u32) -> Result<u32, ()> {
        Ok(n)
    }
    #[traced]
    fn opaque(n: u32) -> impl Future<Output = u32> {
        let m = n;
        async move { m }
    }
    let run = || {
        let mut futures = (std::pin::pin!(asynchronous(1)), std::pin::pin!(opaque(1)));
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(futures.0.as_mut().poll(&mut cx), Poll::Ready(Ok(1)));
        assert_eq!(futures.1.as_mut().poll(&mut cx), Poll::Ready(1));
        assert_eq!(sync(1), Ok(1));
    };
    run();
    assert_eq!(allocations(|| (0..1_000).for_each(|_| run())), 0, "where nothing records");
    capture(|| {
        let _root = start_span("root");
        run();
        // The rings grow while more and more is recorded.
        let count = allocations(|| (0..1_000).for_each(|_| run()));
        assert!(count < 50, "{count} allocations in 3,000 calls");
    });
}

/// Is pending once.
struct YieldNow(bool);

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
