//! `#[tokio::main]` and `#[tokio::test]`, above and below: the span is the root future's alone, and spawned tasks that carry
//! nothing begin traces of their own.
//! span: above [error]
//! span:   work
//! span:   work
//! span: work
//! span: below [error]
//! span:   work
//! span:   work
//! span: work
//! span: main 1 return=1 x=1
//! span: main 2 return=3 x=2
//! span: below_panics [panicked]
//! span: below_question [error]
//! span: below_question
use crate::support::*;

#[traced]
#[tokio::main(flavor = "current_thread")]
async fn above() -> Result<u32, String> {
    work().await;
    tokio::spawn(work()).await.unwrap();
    tokio::spawn(async { work().await }).await.unwrap();
    Err("above".to_owned())
}

#[tokio::main(flavor = "current_thread")]
#[traced]
async fn below() -> Result<u32, String> {
    work().await;
    tokio::spawn(work()).await.unwrap();
    tokio::spawn(async { work().await }).await.unwrap();
    Err("below".to_owned())
}

#[tokio::main(flavor = "current_thread")]
#[traced(fields(x), name = "main {x}", ret)]
async fn below_with_fields(x: u32) -> u32 {
    if x == 1 {
        return 1;
    }
    x + 1
}

#[tokio::main(flavor = "current_thread")]
#[traced]
async fn below_panics(_a: Noisy) {
    std::panic::resume_unwind(Box::new("below"))
}

#[tokio::main(flavor = "current_thread")]
#[traced(err)]
async fn below_question(text: &str) -> Result<u32, std::num::ParseIntError> {
    let x = text.parse::<u32>()?;
    tokio::task::yield_now().await;
    Ok(x)
}

#[traced]
async fn work() {
    tokio::task::yield_now().await;
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    #[traced]
    async fn below() {}

    #[traced]
    #[tokio::test]
    async fn above() {}
}

pub fn run() {
    println!("{:?}", above());
    println!("{:?}", below());
    println!("{} {}", below_with_fields(1), below_with_fields(2));
    println!("{}", std::panic::catch_unwind(|| below_panics(Noisy("a"))).is_err());
    println!("{:?} {:?}", below_question("x").is_err(), below_question("3"));
}
