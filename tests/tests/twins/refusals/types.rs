//! What only the types tell.
use futures::stream::{self, Stream};

pub struct Opaque;

#[traced(err)]
pub fn no_error() -> u32 {
    1
}

#[traced(err)]
pub async fn async_no_error() -> String {
    String::new()
}

#[traced(err)]
pub fn no_display() -> Result<(), Opaque> {
    Ok(())
}

#[traced(err(Debug))]
pub async fn no_debug() -> Result<(), Opaque> {
    Ok(())
}

#[traced(args(a, b))]
pub fn argument(a: u32, b: Opaque) -> u32 {
    drop(b);
    a
}

#[traced(args)]
pub async fn all(a: u32, b: Opaque) -> u32 {
    drop(b);
    a
}

#[traced]
pub fn marked(#[attr] a: Opaque) {
    drop(a);
}

#[traced(fields(x = %a))]
pub fn field(a: Opaque) {
    drop(a);
}

#[traced(ret)]
pub fn result() -> Opaque {
    Opaque
}

#[traced(err)]
pub fn items() -> impl Stream<Item = u32> {
    stream::empty()
}

#[traced(when = 1)]
pub fn condition() {}

#[traced]
pub fn last(a: u32) -> u32 {
    a
}

pub fn run() {
    let _ = (no_error(), async_no_error(), no_display(), no_debug(), argument(1, Opaque), all(1, Opaque));
    let _ = (result(), items());
    marked(Opaque);
    field(Opaque);
    condition();
    last(1);
}
