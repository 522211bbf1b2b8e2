#[traced(args(key))]
fn get<'a>(&'a self, key: &'a str) -> Pin<Box<dyn Future<Output = u32> + Send + 'a>> {
    Box::pin(async move { self.map.get(key).await })
}
// ---------------------------------------- becomes ----------------------------------------
#[allow(clippy::implicit_return, clippy::shadow_same)]
fn get<'a>(&'a self, key: &'a str) -> Pin<Box<dyn Future<Output = u32> + Send + 'a>> {
    {
        let span = ::trace_core::__private::start({
            static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                "get",
                ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                2u32,
                "trace-macros",
                "1.2.3",
            );
            &CALLSITE
        });
        let current = span.handle();
        if current.is_recording() {
            ::trace_core::__private::probe(&key).record(current, "key");
        }
        Box::pin(
            ::trace_core::__private::call_as::<
                u32,
                _,
            >(span, async move { self.map.get(key).await })
                .unjudged(),
        )
    }
}
