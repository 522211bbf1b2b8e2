//! A reference of the wrong lifetime leaves a future: the un-annotated function is blamed at the value, ours at its name.
//! only plain: error lifetime may not live long enough at 6:5-6:6
//! only traced: error lifetime may not live long enough at 5:10-5:19
#[traced]
async fn lifetimes<'a, 'b>(a: &'a str, b: &'b str) -> &'a str {
    b
}

pub fn run() {}
