//! A cheap hash, so that an exporter has to read every field it is handed.

use std::fmt;

/// A running hash over words and bytes.
#[derive(Debug, Clone, Copy)]
pub struct Digest(u64);

impl Digest {
    /// An empty hash.
    #[must_use]
    pub const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds one word. Products are summed and not chained, so that the figures show the reading and not the hashing.
    #[inline]
    pub fn word(&mut self, word: u64) {
        self.0 = self.0.wrapping_add((word ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0x517c_c1b7_2722_0a95));
    }

    /// Adds two words.
    #[inline]
    pub fn wide(&mut self, word: u128) {
        self.word(word as u64);
        self.word((word >> 64) as u64);
    }

    /// Adds a string: its length and each of its bytes.
    #[inline]
    pub fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            self.word(u64::from_le_bytes(*chunk));
        }
        // What is left is read as one word, which overlaps with what was read before: quicker than byte by byte.
        match (bytes.last_chunk::<8>(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(last), ..) => self.word(u64::from_le_bytes(*last)),
            (None, Some(first), Some(last)) => {
                self.word(u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)));
            }
            _ => rest.iter().for_each(|byte| self.word(u64::from(*byte))),
        }
        self.word(text.len() as u64);
    }

    /// The hash so far.
    #[must_use]
    pub fn finish(self) -> u64 {
        self.0
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}
