#[traced(kind = client, level = debug)]
async fn fetch(&self, url: Url) -> Result<Page, Error> {
    Ok(self.get(url).await?.page)
}
// ---------------------------------------- becomes ----------------------------------------
#[cfg(not(doc))]
#[allow(clippy::implicit_return, clippy::shadow_same)]
fn fetch(
    &self,
    url: Url,
) -> impl ::trace_core::__private::Future<Output = Result<Page, Error>> {
    {
        use ::trace_core::__private::Unjudged as _;
        ::trace_core::__private::call_at(
                {
                    static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                            "fetch",
                            ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                            2u32,
                            "trace-macros",
                            "1.2.3",
                        )
                        .kind(::trace_core::SpanKind::Client)
                        .level(::trace_core::Level::Debug);
                    &CALLSITE
                },
                async move {
                    if false {
                        let value: Result<Page, Error> = ::trace_core::__private::edge();
                        return value;
                    }
                    let _ = &self;
                    let url = url;
                    '__traced: { Ok(self.get(url).await?.page) }
                },
            )
            .judged()
    }
}
#[cfg(doc)]
async fn fetch(&self, url: Url) -> Result<Page, Error> {
    Ok(self.get(url).await?.page)
}
