#[traced]
fn main() {
    let body = async { serve().await };
    return Builder::new_multi_thread().enable_all().build().unwrap().block_on(body);
}
// ---------------------------------------- becomes ----------------------------------------
#[allow(clippy::implicit_return, clippy::shadow_same)]
fn main() {
    {
        let body = ::trace_core::__private::call_as::<
            (),
            _,
        >(
                ::trace_core::__private::start({
                    static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                        "main",
                        ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                        2u32,
                        "trace-macros",
                        "1.2.3",
                    );
                    &CALLSITE
                }),
                async { '__traced: { serve().await } },
            )
            .unjudged();
        return Builder::new_multi_thread().enable_all().build().unwrap().block_on(body);
    }
}
