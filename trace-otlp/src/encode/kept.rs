//! What is said of a callsite or of a key, encoded once and kept.

use trace_core::Callsite;

use crate::out::Out;

const SEATS: usize = 256;

/// A static thing, known by its address and its length: a text may be the beginning of another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    address: usize,
    length: usize,
    /// Differs for most things of a kind.
    number: usize,
}

impl From<&'static Callsite> for Identity {
    #[inline]
    fn from(callsite: &'static Callsite) -> Self {
        let address = std::ptr::from_ref(callsite) as usize;
        // They are some 100 bytes apart.
        Self { address, length: 0, number: address / 8 }
    }
}

impl From<&'static str> for Identity {
    #[inline]
    fn from(text: &'static str) -> Self {
        let (address, length) = (text.as_ptr() as usize, text.len());
        // Texts stand close together, so their ends tell them apart.
        Self { address, length, number: address.wrapping_add(length) }
    }
}

/// Some bytes that are added often. Up to [`Piece::SHORT`] of them are copied by two words, without a call.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    start: [u8; Self::SHORT],
    length: usize,
    /// What does not fit into the start.
    rest: Box<[u8]>,
}

impl Piece {
    pub(crate) const SHORT: usize = 32;

    fn set(&mut self, bytes: &[u8]) {
        let (start, rest) = bytes.split_at(bytes.len().min(Self::SHORT));
        self.start[..start.len()].copy_from_slice(start);
        self.length = bytes.len();
        self.rest = rest.into();
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// All of it, with bytes of any content behind it, and how long it is, if it is short.
    #[inline]
    pub(crate) const fn short(&self) -> Option<(&[u8; Self::SHORT], usize)> {
        if self.length <= Self::SHORT { Some((&self.start, self.length)) } else { None }
    }

    pub(crate) fn put(&self, out: &mut Out) {
        *out.next() = self.start;
        out.advance(self.length.min(Self::SHORT));
        out.extend_from_slice(&self.rest);
    }
}

/// Who sits here, by address and length, and the bytes. There is no address zero.
#[derive(Debug, Default)]
struct Seat {
    address: usize,
    length: usize,
    piece: Piece,
}

/// The newest of a kind, each with its bytes. Direct-mapped: each has one seat, and the newest sits in it.
#[derive(Debug)]
pub(crate) struct Seats {
    seats: Box<[Seat; SEATS]>,
    scratch: Out,
}

impl Seats {
    pub(crate) fn new() -> Self {
        let seats = Box::new(std::array::from_fn(|_| Seat::default()));
        Self { seats, scratch: Out::default() }
    }

    /// The bytes of this one; `render` writes them if they are not here.
    #[inline]
    pub(crate) fn get<T: Copy + Into<Identity>>(&mut self, of: T, render: impl FnOnce(&mut Out, T)) -> &Piece {
        let Identity { address, length, number } = of.into();
        let seat = &mut self.seats[number % SEATS];
        if (seat.address, seat.length) != (address, length) {
            (seat.address, seat.length) = (address, length);
            fill(&mut seat.piece, &mut self.scratch, of, render);
        }
        &seat.piece
    }
}

#[cold]
#[inline(never)]
fn fill<T>(piece: &mut Piece, scratch: &mut Out, of: T, render: impl FnOnce(&mut Out, T)) {
    scratch.truncate(0);
    render(scratch, of);
    piece.set(scratch.as_slice());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_any_length_is_added_as_it_is() {
        for length in 0..100 {
            let bytes: Vec<u8> = (0..length).collect();
            let mut piece = Piece::default();
            piece.set(&[0xdd; 50]);
            piece.set(&bytes);
            let mut out = Out::over(vec![0xee; 7]);
            out.push(1);
            piece.put(&mut out);
            out.push(2);
            assert_eq!(out.into_bytes(), [&[1], &bytes[..], &[2]].concat());
            let short = piece.short().map(|(start, length)| &start[..length]);
            assert_eq!(short, (length <= 32).then_some(&bytes[..]));
        }
    }

    #[test]
    fn who_shares_a_seat_or_an_address_is_told_apart() {
        let text: &'static str = "abcdefghij".repeat(40).leak();
        let mut seats = Seats::new();
        let mut rendered = 0;
        for round in 0..3 {
            for end in 0..=text.len() {
                for start in [0, end / 2, end] {
                    let part = &text[start..end];
                    let piece = seats.get(part, |out, part| {
                        rendered += 1;
                        out.extend_from_slice(part.as_bytes());
                    });
                    let mut out = Out::default();
                    piece.put(&mut out);
                    assert_eq!(out.into_bytes(), part.as_bytes(), "{round}");
                }
            }
        }
        assert!(rendered > 3 * SEATS, "there are not seats for all");
        let before = rendered;
        (0..100).for_each(|_| {
            seats.get("always the same", |_, _| rendered += 1);
        });
        assert_eq!(rendered, before + 1);
    }
}
