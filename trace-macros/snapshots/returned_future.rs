#[traced]
fn fetch(&self, url: Url) -> BoxFuture<'_, Result<Page, Error>> {
    println!("the statements stay, and run at the call");
    if let Some(page) = self.cached(&url) {
        return Box::pin(async { Ok(page) });
    }
    self.get(url).boxed()
}
// ---------------------------------------- becomes ----------------------------------------
#[allow(clippy::implicit_return, clippy::shadow_same)]
fn fetch(&self, url: Url) -> BoxFuture<'_, Result<Page, Error>> {
    {
        use ::trace_core::__private::Unjudged as _;
        let span = ::trace_core::__private::start({
            static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                "fetch",
                ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                2u32,
                "trace-macros",
                "1.2.3",
            );
            &CALLSITE
        });
        let value = ::trace_core::__private::scope(
            &span,
            move || -> BoxFuture<'_, Result<Page, Error>> {
                let url = url;
                '__traced: {
                    println!("the statements stay, and run at the call");
                    if let Some(page) = self.cached(&url) {
                        return Box::pin(async { Ok(page) });
                    }
                    self.get(url).boxed()
                }
            },
        );
        ::trace_core::__private::std::boxed::Box::pin(
            ::trace_core::__private::call_as::<Result<Page, Error>, _>(span, value)
                .judged(),
        )
    }
}
