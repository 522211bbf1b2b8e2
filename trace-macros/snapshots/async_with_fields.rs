#[traced(name = "GET {path}", fields(http.route = path, request.id = %request.id))]
async fn get(path: &str, request: Request) {
    request.answer().await
}
// ---------------------------------------- becomes ----------------------------------------
#[cfg(not(doc))]
fn get(
    path: &str,
    request: Request,
) -> impl ::trace_core::__private::std::future::Future<Output = ()> {
    {
        ::trace_core::__private::traced_at(
            {
                static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::new(
                        "GET {path}",
                        ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                        2u32,
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
                let path = path;
                let request = request;
                let current = ::trace_core::current_span();
                if current.is_recording() {
                    current
                        .set_name(::trace_core::__private::std::format!("GET {path}"));
                    current
                        .set_attribute(
                            "http.route",
                            match &path {
                                value => {
                                    use ::trace_core::__private::{AsDebug as _, AsValue as _};
                                    (&::trace_core::__private::Probe(value)).way().value(value)
                                }
                            },
                        );
                    current
                        .set_attribute(
                            "request.id",
                            ::trace_core::Value::display(&request.id),
                        );
                }
                '__traced: { request.answer().await }
            },
            ::trace_core::__private::never_fails,
        )
    }
}
#[cfg(doc)]
async fn get(path: &str, request: Request) {
    request.answer().await
}
