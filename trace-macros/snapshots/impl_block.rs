#[traced(kind = client, err)]
impl<T: Clone> Repo<T> {
    fn get(&self) -> T {
        self.value.clone()
    }
    #[traced(skip)]
    fn len(&self) -> usize {
        1
    }
    const fn limit() -> usize {
        2
    }
}
// ---------------------------------------- becomes ----------------------------------------
impl<T: Clone> Repo<T> {
    #[allow(clippy::implicit_return, clippy::shadow_same)]
    fn get(&self) -> T {
        {
            let _span = ::trace_core::__private::enter({
                static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                        "Repo::get",
                        ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                        3u32,
                        "trace-macros",
                        "1.2.3",
                    )
                    .kind(::trace_core::SpanKind::Client);
                &CALLSITE
            });
            '__traced: { self.value.clone() }
        }
    }
    fn len(&self) -> usize {
        1
    }
    const fn limit() -> usize {
        2
    }
}
