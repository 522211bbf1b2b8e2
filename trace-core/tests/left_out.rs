//! What is said inside a span that the filter leaves out.

use std::time::Duration;

use trace_core::{FutureExt, MemoryExporter, Span, assert_tree, current_span, in_scope};

#[test]
fn what_is_said_inside_a_span_that_is_left_out_is_not_said_of_its_parent() {
    let memory = MemoryExporter::new();
    let filter = "trace,[noise]=off".parse().expect("a filter");
    let pipeline = trace_core::builder().filter(filter).exporter(memory.clone()).init().expect("the first pipeline");

    in_scope("sync", || {
        in_scope("noise", || {
            current_span().set_attribute("of", "noise");
            in_scope("child", || current_span().set_attribute("of", "child"));
            current_span().set_attribute("of", "noise");
        });
    });
    futures::executor::block_on(
        async {
            let noise = async {
                current_span().set_attribute("of", "noise");
                async { current_span().set_attribute("of", "child") }.in_span(Span::new("child")).await;
                in_scope("child", || current_span().set_attribute("of", "child"));
                current_span().set_attribute("of", "noise");
            };
            noise.in_span(Span::new("noise")).await;
            current_span().set_attribute("after", true);
        }
        .in_span(Span::new("async")),
    );

    pipeline.flush(Duration::from_secs(10)).expect("nothing is in the way");
    let [sync, r#async] = &memory.traces()[..] else { panic!("two traces") };
    assert_tree!(
        sync.shape().attribute("of"),
        "
        sync
          child of=child
        "
    );
    assert_tree!(
        r#async.shape().attribute("of").attribute("after"),
        "
        async after=true
          child of=child
          child of=child
        "
    );
}
