//! Where nothing is initialised, what comes in goes out as it came.

use futures::executor::block_on;
use trace_core::{FutureExt, Handoff, Span, current_span, in_scope, span, start_span};

use crate::{Headers, PARENT, TRACE, full_request, request, sent};

fn all_of_it() -> Headers {
    Headers::from([
        ("traceparent".to_owned(), format!("00-{TRACE}-{PARENT}-03")),
        ("tracestate".to_owned(), "congo=t61rcWkgMzE".to_owned()),
        ("baggage".to_owned(), "tenant=42;p=1".to_owned()),
    ])
}

#[test]
fn a_context_passes_through_sync_scopes_and_is_gone_behind_them() {
    let guard = span("serve").parent(full_request()).enter();
    assert_eq!(sent(), all_of_it());
    assert!(!guard.is_recording());
    in_scope("inside", || assert_eq!(sent(), all_of_it()));
    let other = start_span("other");
    drop(guard);
    drop(other);
    assert_eq!((sent(), current_span().context()), (Headers::new(), None));
}

#[test]
fn a_context_passes_through_futures_tasks_threads_and_closures() {
    let serve = async {
        assert_eq!(sent(), all_of_it());
        yield_now().await;
        assert_eq!(sent(), all_of_it());
        async { assert_eq!(sent(), all_of_it()) }.in_span(Span::new("child")).await;
        let thread = Handoff::child().thread(sent);
        assert_eq!(thread.join().unwrap(), all_of_it());
        let task = async { sent() }.in_current_span();
        assert_eq!(std::thread::spawn(|| block_on(task)).join().unwrap(), all_of_it());
        let closure = trace_core::in_current_span(|()| sent());
        assert_eq!(
            std::thread::scope(|scope| scope.spawn(|| [closure(()), closure(())]).join().unwrap())[1],
            all_of_it()
        );
        assert_eq!(Handoff::detached().thread(sent).join().unwrap(), Headers::new());
        assert_eq!(async { sent() }.without_context().await, Headers::new());
    };
    block_on(serve.in_span(span("serve").parent(full_request()).start()));
    assert_eq!(sent(), Headers::new());
}

#[test]
fn contexts_of_futures_that_are_polled_in_turn_do_not_mix() {
    let serve = |tenant: u32| {
        let parent = request(&[("baggage", &format!("tenant={tenant}"))]);
        async move {
            for _ in 0..3 {
                assert_eq!(sent(), Headers::from([("baggage".to_owned(), format!("tenant={tenant}"))]));
                yield_now().await;
            }
        }
        .in_span(span("serve").parent(parent).start())
    };
    block_on(async {
        futures::future::join4(serve(1), serve(2), async { assert_eq!(sent(), Headers::new()) }, serve(3)).await
    });
}

#[test]
fn baggage_without_a_span_passes_through_as_well() {
    let parent = request(&[("baggage", "tenant=42")]);
    let baggage = Headers::from([("baggage".to_owned(), "tenant=42".to_owned())]);
    assert_eq!(span("serve").parent(&parent).in_scope(sent), baggage);
    assert_eq!(span("serve").parent(&parent).in_scope(|| in_scope("inside", sent)), baggage);
    assert_eq!(block_on(async { sent() }.in_span(span("serve").parent(&parent).start())), baggage);
    assert_eq!(sent(), Headers::new());
}

#[test]
fn a_request_without_a_context_does_not_get_that_of_who_serves_it() {
    span("serve").parent(full_request()).in_scope(|| {
        assert_eq!(span("another").parent(request(&[])).in_scope(sent), Headers::new());
        assert_eq!(sent(), all_of_it());
    });
}

async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
