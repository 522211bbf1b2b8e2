//! What the borrow checker refuses.
#[traced]
fn dangling() -> &'static str {
    let text = String::new();
    &text
}
#[traced]
fn moved(a: String) -> (String, String) {
    (a, a)
}
#[traced]
fn result_moved(a: String) -> Result<(String, String), ()> {
    Ok((a, a))
}
#[traced]
async fn async_moved(a: String) -> (String, String) {
    (a, a)
}
#[traced]
fn not_mut(a: String) {
    a.push('x');
}
#[traced]
fn result_not_mut(a: String) -> Result<(), ()> {
    a.push('x');
    Ok(())
}
#[traced]
async fn async_not_mut(a: String) {
    a.push('x');
}
#[traced]
fn argument(a: String) -> &'static str {
    &a
}
#[traced]
fn result_argument(a: String) -> Result<&'static str, ()> {
    Ok(&a)
}
#[traced]
async fn async_argument(a: String) -> &'static str {
    &a
}
#[traced]
fn lifetimes<'a, 'b>(a: &'a str, b: &'b str) -> &'a str {
    b
}
#[traced]
fn result_lifetimes<'a, 'b>(a: &'a str, b: &'b str) -> Result<&'a str, ()> {
    Ok(b)
}
struct S(String);
impl S {
    #[traced]
    fn out(&self) -> String {
        self.0
    }
    #[traced]
    fn result_out(&self) -> Result<String, ()> {
        Ok(self.0)
    }
    #[traced]
    async fn async_out(&self) -> String {
        self.0
    }
    #[traced]
    fn change(&self) {
        self.0 = String::new();
    }
    #[traced]
    fn result_change(&self) -> Result<(), ()> {
        self.0 = String::new();
        Ok(())
    }
    #[traced]
    async fn async_change(&self) {
        self.0 = String::new();
    }
}

pub fn run() {}
