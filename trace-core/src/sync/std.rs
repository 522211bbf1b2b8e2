pub(crate) use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering, fence};

/// A `static` of a type with atomics of ours.
macro_rules! global {
    ($name:ident: $type:ty = $value:expr) => {
        static $name: $type = $value;
    };
}

pub(crate) use global;
