#[traced(when = verbose, current = span, parent = context, links = others)]
fn step(verbose: bool, context: SpanContext, others: &[Link]) {
    span.add_event("stepped");
}
// ---------------------------------------- becomes ----------------------------------------
#[allow(clippy::implicit_return, clippy::shadow_same)]
fn step(verbose: bool, context: SpanContext, others: &[Link]) {
    {
        let _span = if verbose {
            ::trace_core::__private::span({
                    static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                        "step",
                        ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                        2u32,
                        "trace-macros",
                        "1.2.3",
                    );
                    &CALLSITE
                })
                .parent(context)
                .links(others)
                .enter()
        } else {
            ::trace_core::__private::not_entered()
        };
        let context = context;
        let _ = &verbose;
        let _ = &context;
        let _ = &others;
        let current = _span.handle();
        #[allow(unused_variables)]
        let span = current;
        '__traced: {
            span.add_event("stepped");
        }
    }
}
