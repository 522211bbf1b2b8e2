//! Calls into user code, of which a panic must not reach anybody else.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `user_code` returns, or `None` if it panicked.
///
/// The panic hook has run by then, so the message is not lost. Nothing is caught where the program is built with
/// `panic = "abort"`.
pub(crate) fn caught<T>(user_code: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(user_code)) {
        Ok(value) => Some(value),
        Err(payload) => {
            // What was thrown is the user's as well: its destructor may panic, and so may what that throws.
            if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                mem::forget(second);
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;

    use super::*;

    #[test]
    fn a_panic_is_caught_even_if_what_was_thrown_panics_again() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic_any("thrown by the thrown");
            }
        }
        assert_eq!(caught(|| 1), Some(1));
        assert_eq!(caught(|| panic_any(Bomb)), None::<()>);
    }
}
