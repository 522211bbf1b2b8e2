#[traced(args(key))]
fn get<'a>(&'a self, key: &'a str) -> Pin<Box<dyn Future<Output = u32> + Send + 'a>> {
    Box::pin(async move { self.map.get(key).await })
}
// ---------------------------------------- becomes ----------------------------------------
fn get<'a>(&'a self, key: &'a str) -> Pin<Box<dyn Future<Output = u32> + Send + 'a>> {
    {
        let span = ::trace_core::__private::start({
            static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::new(
                    "get",
                    ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                    2u32,
                )
                .scope("trace-macros", "1.2.3");
            &CALLSITE
        });
        let current = span.handle();
        if current.is_recording() {
            current
                .set_attribute(
                    "key",
                    match &key {
                        value => {
                            use ::trace_core::__private::{AsDebug as _, AsValue as _};
                            (&::trace_core::__private::Probe(value)).way().value(value)
                        }
                    },
                );
        }
        Box::pin(
            ::trace_core::__private::traced_as::<
                u32,
                _,
                _,
            >(
                span,
                async move { self.map.get(key).await },
                |value: &u32| {
                    use ::trace_core::__private::Unjudged as _;
                    ::trace_core::__private::Returned(value).failed()
                },
            ),
        )
    }
}
