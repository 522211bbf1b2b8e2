//! A type that is not there, where the expansion names the return type twice.
#[traced]
async fn async_missing_type(a: Missing) -> Missing {
    a
}
#[traced]
fn result_missing_type(a: Missing) -> Result<Missing, ()> {
    a
}
pub fn run() {}
