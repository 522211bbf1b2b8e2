#[traced]
fn finish(mut self, code: u32) -> u32 {
    self.code = code;
    self.code
}
// ---------------------------------------- becomes ----------------------------------------
#[allow(unused_assignments, clippy::implicit_return, clippy::shadow_same)]
fn finish(mut self, code: u32) -> u32 {
    {
        ::trace_core::__private::run(
                ::trace_core::__private::enter({
                    static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                        "finish",
                        ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                        2u32,
                        "trace-macros",
                        "1.2.3",
                    );
                    &CALLSITE
                }),
                move |_| -> u32 {
                    let _ = &self;
                    let code = code;
                    '__traced: {
                        self.code = code;
                        self.code
                    }
                },
            )
            .unjudged()
    }
}
