//! A module in another file.
#[traced]
mod support;

pub fn run() {}
