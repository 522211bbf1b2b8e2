//! No prelude at all.
//! span: sync [error] x=0
//! span: sync return=1 x=1
//! span: async 1 return=1 x=1 y=1
//! span: boxed x=1
//! span:   poll
//! span: opaque
//! span: numbers stream.items=2
#![no_implicit_prelude]
use ::futures::stream::{self, Stream};
use ::futures::StreamExt as _;
use ::std::boxed::Box;
use ::std::future::Future;
use ::std::pin::Pin;
use ::std::string::{String, ToString};
#[allow(unused_imports)]
use ::trace_core::traced;

#[traced(args, ret, err)]
fn sync(x: u32) -> ::std::result::Result<u32, String> {
    if x == 0 { ::std::result::Result::Err(x.to_string()) } else { ::std::result::Result::Ok(x) }
}

#[traced(name = "async {x}", fields(x = ?x, y = %x), err(Debug), ret(Display), when = true, parent = none)]
async fn asynchronous(x: u32) -> ::std::result::Result<u32, String> {
    ::std::result::Result::Ok(x)
}

#[traced(args, per_poll)]
fn boxed(x: u32) -> Pin<Box<dyn Future<Output = u32>>> {
    if x == 0 {
        return Box::pin(async { 0 });
    }
    Box::pin(async move { x })
}

#[traced]
fn opaque(x: u32) -> impl Future<Output = u32> {
    async move { x }
}

#[traced]
fn numbers(x: u32) -> impl Stream<Item = u32> {
    stream::iter(0..x)
}

pub fn run() {
    use crate::support::block_on;
    ::std::println!("{:?} {:?}", sync(0), sync(1));
    ::std::println!("{:?}", block_on(asynchronous(1)));
    ::std::println!("{:?} {:?}", block_on(boxed(1)), block_on(opaque(1)));
    block_on(numbers(2).for_each(|_| async {}));
}
