//! Names of the user's that are like ours, and modules that are like the standard library's.
//! span: names handle=3 return=16 span=1 value=2
//! span: names [error] handle=3 span=1 value=0
//! span: async_names handle=3 return=11 span=1 value=2
//! span: future handle=2 span=1
//! span: guard
use crate::support::{block_on, Noisy};

#[allow(dead_code)]
mod std {}
#[allow(dead_code)]
mod core {}
#[allow(dead_code)]
mod trace_core {}

#[allow(dead_code)]
struct Result;
#[allow(dead_code)]
struct Option;
#[allow(dead_code)]
struct Box;
#[allow(dead_code, non_snake_case)]
fn Ok() {}
#[allow(dead_code, non_snake_case)]
fn Some() {}
#[allow(dead_code)]
trait Future {}
#[allow(dead_code)]
const CALLSITE: u32 = 1;

#[traced(fields(span, value, handle), ret, err)]
fn names(span: u32, value: u32, handle: u32, current: u32, error: u32) -> ::std::result::Result<u32, u32> {
    let _span = span;
    if value == 0 {
        return ::std::result::Result::Err(1);
    }
    ::std::result::Result::Ok(_span + value + handle + current + error + CALLSITE)
}

#[traced(fields(span, value, handle), ret, err, when = span == 1)]
async fn async_names(span: u32, value: u32, handle: u32, current: u32) -> ::std::result::Result<u32, u32> {
    let _span = span;
    ::std::result::Result::Ok(_span + value + handle + current + CALLSITE)
}

#[traced(args)]
fn future(span: u32, handle: u32) -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = u32>>> {
    let value = span + 1;
    ::std::boxed::Box::pin(async move { span + value + handle })
}

#[traced]
fn guard(_span: Noisy, __arg0: u32, (__arg1, _): (u32, u32)) -> u32 {
    __arg0 + __arg1
}

pub fn run() {
    ::std::println!("{:?}", names(1, 2, 3, 4, 5));
    ::std::println!("{:?}", names(1, 0, 3, 4, 5));
    ::std::println!("{:?}", block_on(async_names(1, 2, 3, 4)));
    ::std::println!("{:?}", block_on(future(1, 2)));
    ::std::println!("{:?}", guard(Noisy("_span"), 1, (2, 3)));
}
