pub(crate) use loom::sync::atomic::{AtomicU8, Ordering, fence};
