#[traced]
fn rows(&self) -> impl Stream<Item = Result<Row, Error>> {
    self.connection.query("rows")
}
// ---------------------------------------- becomes ----------------------------------------
#[allow(clippy::implicit_return, clippy::shadow_same)]
fn rows(&self) -> impl Stream<Item = Result<Row, Error>> {
    {
        use ::trace_core::__private::Unjudged as _;
        let span = ::trace_core::__private::start({
            static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                "rows",
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
            move || -> _ { '__traced: { self.connection.query("rows") } },
        );
        ::trace_core::__private::call_of_stream(span, value).judged()
    }
}
