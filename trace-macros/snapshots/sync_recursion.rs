#[traced]
fn descend(depth: u32) -> Result<u32, Error> {
    if depth == 0 { Ok(0) } else { descend(depth - 1) }
}
// ---------------------------------------- becomes ----------------------------------------
#[allow(clippy::implicit_return, clippy::shadow_same)]
fn descend(depth: u32) -> Result<u32, Error> {
    {
        use ::trace_core::__private::Unjudged as _;
        let span = ::trace_core::__private::enter({
            static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                "descend",
                ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                2u32,
                "trace-macros",
                "1.2.3",
            );
            &CALLSITE
        });
        let value: Result<u32, Error> = {
            '__traced: { if depth == 0 { Ok(0) } else { descend(depth - 1) } }
        };
        ::trace_core::__private::returned(span, value).judged()
    }
}
