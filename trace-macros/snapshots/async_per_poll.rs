#[traced(per_poll)]
async fn wait() {
    ready().await
}
// ---------------------------------------- becomes ----------------------------------------
#[cfg(not(doc))]
#[allow(clippy::implicit_return, clippy::shadow_same)]
fn wait() -> impl ::trace_core::__private::Future<Output = ()> {
    {
        ::trace_core::__private::call_at(
                {
                    static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                        "wait",
                        ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                        2u32,
                        "trace-macros",
                        "1.2.3",
                    );
                    &CALLSITE
                },
                ::trace_core::__private::per_poll(
                    {
                        static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                            "poll",
                            ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                            2u32,
                            "trace-macros",
                            "1.2.3",
                        );
                        &CALLSITE
                    },
                    async move {
                        if false {
                            let value: () = ::trace_core::__private::edge();
                            return value;
                        }
                        '__traced: { ready().await }
                    },
                ),
            )
            .unjudged()
    }
}
#[cfg(doc)]
async fn wait() {
    ready().await
}
