pub(crate) use loom::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering, fence};

/// A `static` of a type with atomics of ours. Loom's are made when a model runs; nothing uses the static in a model.
macro_rules! global {
    ($name:ident: $type:ty = $value:expr) => {
        static $name: std::sync::LazyLock<$type> = std::sync::LazyLock::new(|| $value);
    };
}

pub(crate) use global;
