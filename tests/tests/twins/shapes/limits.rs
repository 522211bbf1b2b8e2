//! The warnings that are lost, as the page of the attribute says, each where nothing else was possible: a closure must be
//! around a body with a `?` for its result to be seen, and the compiler looks for recursion in the function alone; a closure
//! cannot bind `self` again, and an assignment to a part of what it took along is said to be unused even if it is dropped.
//! only plain: warning unconditional_recursion at 9:1-9:44
//! only plain: warning unconditional_recursion at 14:1-14:46
//! only plain: warning unused_assignments at 22:9-22:14
//! span: forgets
#[traced]
fn with_question(n: u32) -> Result<u32, ()> {
    let m = with_question(n + 1)?;
    Ok(m)
}
#[traced]
fn with_return(n: u32) -> Result<u32, String> {
    println!("{}", n);
    return with_return(n + 1);
}
pub struct S(pub u32);
impl S {
    #[traced]
    fn forgets(mut self, mut n: u32) -> u32 {
        n = 1;
        self.0 += 1;
        self.0
    }
}

pub fn run() {
    if false {
        let _ = (with_question(1), with_return(1));
    }
    println!("{}", S(1).forgets(1));
}
