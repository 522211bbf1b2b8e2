#[traced(name = "GET {path}", fields(http.route = path, request.id = %request.id))]
async fn get(path: &str, request: Request) {
    request.answer().await
}
// ---------------------------------------- becomes ----------------------------------------
#[cfg(not(doc))]
#[allow(clippy::implicit_return, clippy::shadow_same)]
fn get(
    path: &str,
    request: Request,
) -> impl ::trace_core::__private::Future<Output = ()> {
    {
        ::trace_core::__private::call_at(
                {
                    static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                        "GET {path}",
                        ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                        2u32,
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
                    let path = path;
                    let request = request;
                    let current = ::trace_core::current_span();
                    if current.is_recording() {
                        current
                            .set_name(
                                ::trace_core::__private::std::format!("GET {path}"),
                            );
                        ::trace_core::__private::probe(&path)
                            .record(current, "http.route");
                        ::trace_core::__private::record(
                            current,
                            "request.id",
                            ::trace_core::Value::display(&request.id),
                        );
                    }
                    '__traced: { request.answer().await }
                },
            )
            .unjudged()
    }
}
#[cfg(doc)]
async fn get(path: &str, request: Request) {
    request.answer().await
}
