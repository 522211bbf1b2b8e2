#[traced(name = "parse", err)]
fn parse(text: &str) -> Result<u32, ParseIntError> {
    Ok(text.parse::<u32>()? + 1)
}
// ---------------------------------------- becomes ----------------------------------------
#[allow(clippy::implicit_return, clippy::shadow_same)]
fn parse(text: &str) -> Result<u32, ParseIntError> {
    {
        ::trace_core::__private::run(
                ::trace_core::__private::enter({
                    static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                        "parse",
                        ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                        2u32,
                        "trace-macros",
                        "1.2.3",
                    );
                    &CALLSITE
                }),
                move |_| -> Result<u32, ParseIntError> {
                    let text = text;
                    '__traced: { Ok(text.parse::<u32>()? + 1) }
                },
            )
            .judged_by(|value| {
                ::trace_core::__private::tell_error(
                    value,
                    |error| ::trace_core::__private::probe(error).tell(),
                )
            })
    }
}
