#[traced]
fn rows(&self) -> impl Stream<Item = Result<Row, Error>> {
    self.connection.query("rows")
}
// ---------------------------------------- becomes ----------------------------------------
fn rows(&self) -> impl Stream<Item = Result<Row, Error>> {
    {
        let span = ::trace_core::__private::start({
            static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::new(
                    "rows",
                    ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                    2u32,
                )
                .scope("trace-macros", "1.2.3");
            &CALLSITE
        });
        let value = ::trace_core::__private::scope(
            &span,
            move || -> _ { '__traced: { self.connection.query("rows") } },
        );
        ::trace_core::__private::traced_stream(
            span,
            value,
            |value: &Result<Row, Error>| {
                use ::trace_core::__private::Unjudged as _;
                ::trace_core::__private::Returned(value).failed()
            },
        )
    }
}
