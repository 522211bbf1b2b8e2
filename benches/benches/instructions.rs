//! Instructions per operation, counted by callgrind.

fn main() {}
