pub(crate) use std::sync::atomic::{AtomicU8, Ordering, fence};
