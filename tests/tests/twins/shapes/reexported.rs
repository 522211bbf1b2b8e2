//! The crate under another path only.
//! span: sync return=1 x=1
//! span: async 1
//! span: method
//! span: made
use crate::support::*;

pub mod facade {
    pub mod deep {
        #[allow(unused_imports)]
        pub(crate) use ::trace_core as tracer;
    }
}

#[traced(crate = facade::deep::tracer, fields(x), err, ret)]
fn sync(x: u32) -> Result<u32, String> {
    Ok(x)
}

#[traced(crate = self::facade::deep::tracer, name = "async {x}", kind = client, level = debug)]
async fn asynchronous(x: u32) -> u32 {
    x
}

#[traced(crate = crate::reexported::facade::deep::tracer)]
mod inside {
    pub fn method() {}
}

macro_rules! with_crate {
    ($name:ident) => {
        #[traced(crate = $crate::reexported::facade::deep::tracer)]
        fn $name() {}
    };
}

with_crate!(made);

pub fn run() {
    println!("{:?}", sync(1));
    println!("{}", block_on(asynchronous(1)));
    inside::method();
    made();
}
