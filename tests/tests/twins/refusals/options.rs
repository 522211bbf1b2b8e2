//! Options that are not there, stand twice, or do not go together.
#[traced(nmae = "x")]
pub fn misspelled() {}

#[traced(banana)]
pub fn stranger() {}

#[traced(name = "a", kind = server, name = "b")]
pub fn twice() {}

#[traced(err, err(Debug))]
pub fn twice_err() -> Result<(), ()> {
    Ok(())
}

#[traced(kind = sever)]
pub fn bad_kind() {}

#[traced(kind = "banana")]
pub fn stranger_kind() {}

#[traced(level = wran)]
pub fn bad_level() {}

#[traced(err(Dbg))]
pub fn bad_form() -> Result<(), ()> {
    Ok(())
}

#[traced(ret(Debug, Display))]
pub fn two_forms() -> u32 {
    1
}

#[traced(err)]
pub fn no_error() {}

#[traced(ret)]
pub async fn no_value() {}

#[traced(per_poll)]
pub fn not_polled() {}

#[traced(skip)]
pub fn lone_skip() {}

#[traced(prefix = "x")]
pub fn lone_prefix() {}

#[traced(err)]
#[track_caller]
pub fn caller_err() -> Result<(), ()> {
    Ok(())
}

#[traced(name "x")]
pub fn no_equals() {}

#[traced(name = "x" kind = server)]
pub fn no_comma() {}

#[traced(level = 1, kindd = server)]
pub fn two_mistakes() {}

#[traced(current = self)]
pub fn keyword() {}

pub fn run() {
    misspelled();
    stranger();
    twice();
    twice_err().unwrap();
    bad_kind();
    stranger_kind();
    bad_level();
    bad_form().unwrap();
    two_forms();
    no_error();
    drop(no_value());
    not_polled();
    lone_skip();
    lone_prefix();
    caller_err().unwrap();
    no_equals();
    no_comma();
    two_mistakes();
    keyword();
}
