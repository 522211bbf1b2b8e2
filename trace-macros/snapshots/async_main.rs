#[traced]
#[tokio::main]
async fn main() {
    serve().await
}
// ---------------------------------------- becomes ----------------------------------------
#[tokio::main]
#[allow(clippy::implicit_return, clippy::shadow_same)]
async fn main() {
    {
        ::trace_core::__private::call_at(
                {
                    static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                        "main",
                        ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                        3u32,
                        "trace-macros",
                        "1.2.3",
                    );
                    &CALLSITE
                },
                async move {
                    if false {
                        let value: () = ::trace_core::__private::edge();
                        return value;
                    }
                    '__traced: { serve().await }
                },
            )
            .unjudged()
            .await
    }
}
