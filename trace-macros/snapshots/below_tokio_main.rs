#[traced]
fn main() {
    let body = async { serve().await };
    return Builder::new_multi_thread().enable_all().build().unwrap().block_on(body);
}
// ---------------------------------------- becomes ----------------------------------------
fn main() {
    {
        let body = ::trace_core::__private::traced_as::<
            (),
            _,
            _,
        >(
            ::trace_core::__private::start({
                static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::new(
                        "main",
                        ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                        2u32,
                    )
                    .scope("trace-macros", "1.2.3");
                &CALLSITE
            }),
            async { '__traced: { serve().await } },
            ::trace_core::__private::never_fails,
        );
        return Builder::new_multi_thread().enable_all().build().unwrap().block_on(body);
    }
}
