#[traced]
fn later(x: u32) -> impl Future<Output = u32> {
    let y = x + 1;
    async move { y }
}
// ---------------------------------------- becomes ----------------------------------------
#[allow(clippy::implicit_return, clippy::shadow_same)]
fn later(x: u32) -> impl Future<Output = u32> {
    {
        let span = ::trace_core::__private::start({
            static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                "later",
                ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                2u32,
                "trace-macros",
                "1.2.3",
            );
            &CALLSITE
        });
        let value = ::trace_core::__private::future_of::<
            u32,
            _,
        >(
            &span,
            move || -> _ {
                let x = x;
                '__traced: {
                    let y = x + 1;
                    async move { y }
                }
            },
        );
        ::trace_core::__private::call_as::<u32, _>(span, value).unjudged()
    }
}
