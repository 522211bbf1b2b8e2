#[traced(per_poll)]
async fn wait() {
    ready().await
}
// ---------------------------------------- becomes ----------------------------------------
#[cfg(not(doc))]
fn wait() -> impl ::trace_core::__private::std::future::Future<Output = ()> {
    {
        ::trace_core::__private::traced_at(
            {
                static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::new(
                        "wait",
                        ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                        2u32,
                    )
                    .scope("trace-macros", "1.2.3");
                &CALLSITE
            },
            ::trace_core::__private::per_poll(
                {
                    static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::new(
                            "poll",
                            ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                            2u32,
                        )
                        .scope("trace-macros", "1.2.3");
                    &CALLSITE
                },
                async move {
                    #[allow(unreachable_code)]
                    if false {
                        let value: () = ::trace_core::__private::returned();
                        return value;
                    }
                    '__traced: { ready().await }
                },
            ),
            ::trace_core::__private::never_fails,
        )
    }
}
#[cfg(doc)]
async fn wait() {
    ready().await
}
