#[traced]
#[tokio::main]
async fn main() {
    serve().await
}
// ---------------------------------------- becomes ----------------------------------------
#[tokio::main]
async fn main() {
    {
        ::trace_core::__private::traced_at(
                {
                    static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::new(
                            "main",
                            ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                            3u32,
                        )
                        .scope("trace-macros", "1.2.3");
                    &CALLSITE
                },
                async move {
                    #[allow(unreachable_code)]
                    if false {
                        let value: () = ::trace_core::__private::returned();
                        return value;
                    }
                    '__traced: { serve().await }
                },
                ::trace_core::__private::never_fails,
            )
            .await
    }
}
