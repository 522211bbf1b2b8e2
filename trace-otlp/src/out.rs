//! Bytes that are being written.
//!
//! A vector asks for room, copies and notes its length at every few bytes. This is one whose bytes are initialised beyond
//! what is written, so that several fields are written at once, at places known beforehand, and how many of those bytes count
//! is said once behind them.

use std::io::{self, Write};

/// So many bytes at least are initialised when there is no room.
const LEAST_GROWTH: usize = 4 << 10;
/// So many bytes at most, unless more are asked for: what is initialised and not written was in vain, and a request that is used
/// again and becomes a little longer than before asks for no more than this.
const MOST_GROWTH: usize = 64 << 10;

/// Bytes with room behind them.
#[derive(Debug, Default)]
pub(crate) struct Out {
    /// What is written, and then bytes of any content.
    bytes: Vec<u8>,
    length: usize,
}

impl Out {
    /// Writes over these bytes.
    pub(crate) const fn over(bytes: Vec<u8>) -> Self {
        Self { bytes, length: 0 }
    }

    /// What is written.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.length);
        self.bytes
    }

    /// What is written. A buffer to be used again is better had by this than by [`Self::into_bytes`]: more of it is initialised.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.length]
    }

    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Forgets what was written behind the first `length` bytes.
    #[inline]
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// The next bytes, of any content, to be written; [`Self::advance`] says how many of them count.
    #[inline]
    pub(crate) fn next<const N: usize>(&mut self) -> &mut [u8; N] {
        match self.bytes.len().checked_sub(self.length) {
            Some(room) if room >= N => self.chunk(),
            _ => self.chunk_grown(),
        }
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> &mut [u8; N] {
        self.bytes[self.length..].first_chunk_mut().expect("there is room")
    }

    #[cold]
    #[inline(never)]
    fn chunk_grown<const N: usize>(&mut self) -> &mut [u8; N] {
        self.grow(N);
        self.chunk()
    }

    /// Of the bytes that [`Self::next`] gave, so many count.
    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        debug_assert!(count <= self.bytes.len() - self.length, "{count} bytes were not given");
        self.length += count;
    }

    #[inline]
    pub(crate) fn push(&mut self, byte: u8) {
        *self.next() = [byte];
        self.advance(1);
    }

    /// Adds a few bytes whose number is known.
    #[inline]
    pub(crate) fn push_array<const N: usize>(&mut self, bytes: [u8; N]) {
        *self.next() = bytes;
        self.advance(N);
    }

    #[inline]
    pub(crate) fn extend_from_slice(&mut self, bytes: &[u8]) {
        if self.bytes.len() - self.length < bytes.len() {
            self.grow(bytes.len());
        }
        self.bytes[self.length..][..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, least: usize) {
        let more = (self.length / 2).clamp(LEAST_GROWTH, MOST_GROWTH).max(least);
        self.bytes.resize(self.length + more, 0);
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_any_way_is_what_a_vector_has() {
        let (mut out, mut expected) = (Out::over(vec![0xee; 10]), Vec::new());
        for round in 0..3000_usize {
            let byte = round as u8;
            match round % 5 {
                0 => {
                    out.push(byte);
                    expected.push(byte);
                }
                1 => {
                    out.push_array([byte; 9]);
                    expected.extend([byte; 9]);
                }
                2 => {
                    let text = vec![byte; round % 700];
                    out.extend_from_slice(&text);
                    expected.extend(text);
                }
                3 => {
                    out.next::<64>()[..round % 64].fill(byte);
                    out.advance(round % 64);
                    expected.extend(vec![byte; round % 64]);
                }
                _ => {
                    let length = expected.len() - expected.len().min(round % 90);
                    out.truncate(length);
                    out.truncate(length + 7);
                    expected.truncate(length);
                }
            }
            assert_eq!((out.len(), out.is_empty()), (expected.len(), expected.is_empty()));
        }
        assert_eq!(out.as_slice(), expected);
        assert_eq!(out.as_mut_slice(), expected);
        assert_eq!(out.into_bytes(), expected);
    }

    #[test]
    fn room_is_made_for_as_much_as_is_asked_for() {
        let mut out = Out::default();
        out.next::<{ 3 * MOST_GROWTH }>().fill(7);
        assert_eq!(out.len(), 0, "nothing counts until somebody says so");
        out.advance(2);
        out.extend_from_slice(&vec![8; 2 * MOST_GROWTH]);
        assert_eq!(out.len(), 2 * MOST_GROWTH + 2);
        assert_eq!(out.as_slice()[..3], [7, 7, 8]);
    }
}
