//! Addresses on the loopback interface that are a test's own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};

/// An address at which nobody listens, and which nobody else is given: the host is this process's, and the port is new.
pub(crate) fn own_address() -> SocketAddr {
    static PORT: AtomicU16 = AtomicU16::new(20_000);
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    // All of 127.0.0.0/8 is loopback; 127.0.0.1 is everybody's.
    let host = Ipv4Addr::new(127, high | 0x80, middle, low);
    SocketAddr::from((host, PORT.fetch_add(1, Ordering::Relaxed)))
}
