#[traced(kind = client, level = debug)]
async fn fetch(&self, url: Url) -> Result<Page, Error> {
    Ok(self.get(url).await?.page)
}
// ---------------------------------------- becomes ----------------------------------------
#[cfg(not(doc))]
fn fetch(
    &self,
    url: Url,
) -> impl ::trace_core::__private::std::future::Future<Output = Result<Page, Error>> {
    {
        ::trace_core::__private::traced_at(
            {
                static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::new(
                        "fetch",
                        ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                        2u32,
                    )
                    .scope("trace-macros", "1.2.3")
                    .kind(::trace_core::SpanKind::Client)
                    .level(::trace_core::Level::Debug);
                &CALLSITE
            },
            async move {
                #[allow(unreachable_code)]
                if false {
                    let value: Result<Page, Error> = ::trace_core::__private::returned();
                    return value;
                }
                let _ = &self;
                let url = url;
                '__traced: { Ok(self.get(url).await?.page) }
            },
            |value| {
                use ::trace_core::__private::Unjudged as _;
                ::trace_core::__private::Returned(value).failed()
            },
        )
    }
}
#[cfg(doc)]
async fn fetch(&self, url: Url) -> Result<Page, Error> {
    Ok(self.get(url).await?.page)
}
