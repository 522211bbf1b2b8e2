//! Wrong types, in every position.
#[traced]
fn missing_tail() -> u32 {
    let _ = 1;
}
#[traced]
fn semicolon(a: u32) -> u32 {
    a + 1;
}
#[traced]
fn wrong_tail() -> u32 {
    "text"
}
#[traced]
fn wrong_return(a: bool) -> u32 {
    if a {
        return "text";
    }
    1
}
#[traced]
fn result_missing_tail() -> Result<u32, ()> {
    let _ = 1;
}
#[traced]
fn result_wrong_tail() -> Result<u32, ()> {
    Ok("text")
}
#[traced]
fn result_question(a: Result<u32, u8>) -> Result<u32, String> {
    Ok(a?)
}
#[traced]
async fn async_missing_tail() -> u32 {
    let _ = 1;
}
#[traced]
async fn async_semicolon(a: u32) -> u32 {
    a + 1;
}
#[traced]
async fn async_wrong_tail() -> u32 {
    "text"
}
#[traced]
async fn async_wrong_return(a: bool) -> u32 {
    if a {
        return "text";
    }
    1
}
#[traced]
async fn async_question(a: Result<u32, u8>) -> Result<u32, String> {
    Ok(a?)
}
#[traced]
fn question_in_unit(a: Result<u32, u8>) {
    a?;
}
#[traced]
async fn async_question_in_unit(a: Result<u32, u8>) {
    a?;
}
#[traced]
fn unit() {
    1
}
#[traced]
async fn async_unit() {
    1
}
#[traced]
fn missing_method(a: u32) -> u32 {
    a.nothing()
}
#[traced]
fn missing_name(a: u32) -> u32 {
    b
}
#[traced]
async fn async_missing_name(a: u32) -> u32 {
    b
}
#[traced]
fn wrong_argument() -> u32 {
    missing_method("text")
}

pub fn run() {}
