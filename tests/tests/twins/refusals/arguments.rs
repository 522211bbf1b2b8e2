//! Arguments that are not there, or have no name.
use std::future::Future;

#[traced(args(usr))]
pub fn misspelled(user: u32) -> u32 {
    user
}

#[traced(args(banana = ?b))]
pub fn stranger(a: u32) -> u32 {
    a
}

#[traced(args(a + 1))]
pub fn expression(a: u32) -> u32 {
    a
}

#[traced(args(x = a.len()))]
pub fn method(a: &str) -> &str {
    a
}

#[traced(skip(a))]
pub fn nothing_to_skip(a: u32) -> u32 {
    a
}

#[traced(args, skip(b))]
pub fn skip_stranger(a: u32) -> u32 {
    a
}

#[traced]
pub fn unnamed(#[attr] _: u32) {}

#[traced]
pub fn several(#[attr("key")] (a, b): (u32, u32)) -> u32 {
    a + b
}

#[traced]
pub fn bad_mark(#[attr(dbg)] a: u32) -> u32 {
    a
}

#[traced(parent = context)]
pub async fn taken_apart((context, _): (Option<trace_core::SpanContext>, u32)) {
    drop(context);
}

#[traced(when = a > 1)]
pub fn condition([a]: [u32; 1]) -> u32 {
    a
}

#[traced]
#[track_caller]
pub fn returned(a: u32) -> impl Future<Output = u32> {
    std::future::ready(a)
}

pub fn run() {
    misspelled(1);
    stranger(1);
    expression(1);
    method("");
    nothing_to_skip(1);
    skip_stranger(1);
    unnamed(1);
    several((1, 2));
    bad_mark(1);
    drop(taken_apart((None, 1)));
    condition([1]);
    drop(returned(1));
}
