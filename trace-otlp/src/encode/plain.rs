//! Plain spans as protobuf: those that ended well or badly and have nothing but a few short attributes, as most.
//!
//! Such a span is written into one window whose size is known, with what stands before the value of each attribute, and what
//! its callsite is called, copied as it was encoded before. A span with two numbers takes 304 instructions (callgrind) and
//! 15 ns in this way. It was 650 and 27 ns with a vector to which one field was added after the other, and the place in the
//! source beside, which is a copy of some 100 bytes.

use trace_core::{Attribute, Callsite, ScalarAttribute, ScalarValue, SpanId, SpanView, Value};

use crate::encode::attributes::{KEY, SPAN_ATTRIBUTES, VALUE, put_number_attribute, put_text_attribute};
use crate::encode::enums::{flags, kind};
use crate::encode::format::CodeLocation;
use crate::encode::kept::{Piece, Seats};
use crate::names::{CODE_FILE_ATTRIBUTE, CODE_LINE_ATTRIBUTE, CODE_MODULE_ATTRIBUTE, is_ours};
use crate::out::Out;
use crate::wire::{close, delimited, fixed64, open_at, put_bytes, short_length, varint};

/// A span's fields of fixed size, with its parent last: tags and lengths are filled in, and the length of the whole is not.
#[rustfmt::skip]
const HEAD: [u8; 67] = [
    delimited(2), 0, 0,
    delimited(1), 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    delimited(2), 8, 0, 0, 0, 0, 0, 0, 0, 0,
    // Field 16, four bytes: a tag of two bytes.
    0x85, 0x01, 0, 0, 0, 0,
    varint(6), 0,
    fixed64(7), 0, 0, 0, 0, 0, 0, 0, 0,
    fixed64(8), 0, 0, 0, 0, 0, 0, 0, 0,
    delimited(4), 8, 0, 0, 0, 0, 0, 0, 0, 0,
];
/// How much of [`HEAD`] a span without a parent has.
const HEAD_OF_ROOT: usize = 57;
/// The room that a head is written into.
pub(crate) const HEAD_ROOM: usize = HEAD.len();
/// Where the content of the span's message begins in [`HEAD`].
pub(crate) const CONTENT: usize = 3;

const SPAN_NAME: u8 = delimited(5);

/// The room that a span is written into.
const WINDOW: usize = 512;
/// The most that a short attribute takes: its length takes one byte.
const SHORT: usize = 2 + 0x7f;
/// The longest text for which an attribute is short, whatever its key.
const SHORT_TEXT: usize = SHORT - Piece::SHORT - 4;
/// The most that a scalar takes as a value: a tag, its length, another tag, and a number of ten bytes.
const SCALAR: usize = 13;
const _: () = assert!(HEAD_ROOM + 2 * (Piece::SHORT + SCALAR) + Piece::SHORT <= WINDOW);
/// The largest number that takes five bytes.
const SHORT_NUMBER: i64 = (1 << 35) - 1;

/// Writes a head at the beginning of a window; returns how much of it counts.
#[inline]
pub(crate) fn put_head<const N: usize>(window: &mut [u8; N], span: &SpanView<'_>, start: u64, end: u64) -> usize {
    const { assert!(N >= HEAD_ROOM) };
    let context = span.context();
    let parent = span.parent_id();
    // Filled in where it stays: what is put together elsewhere and then copied is waited for.
    window[..HEAD.len()].copy_from_slice(&HEAD);
    window[5..21].copy_from_slice(&context.trace_id().to_bytes());
    window[23..31].copy_from_slice(&context.span_id().to_bytes());
    window[33..37].copy_from_slice(&flags(context.flags().bits(), span.parent_is_remote()).to_le_bytes());
    window[38] = kind(span.kind());
    window[40..48].copy_from_slice(&start.to_le_bytes());
    window[49..57].copy_from_slice(&end.to_le_bytes());
    window[59..67].copy_from_slice(&parent.map_or([0; 8], SpanId::to_bytes));
    if parent.is_some() { HEAD.len() } else { HEAD_OF_ROOT }
}

/// Writes plain spans.
#[derive(Debug)]
pub(crate) struct PlainSpans {
    callsites: Seats,
    keys: Seats,
    location: CodeLocation,
}

impl PlainSpans {
    pub(crate) fn new(location: CodeLocation) -> Self {
        Self { callsites: Seats::new(), keys: Seats::new(), location }
    }

    /// What is said of the callsite of a span: what it is called, and where it stands if that is to be sent.
    #[inline]
    pub(crate) fn callsite(&mut self, span: &SpanView<'_>) -> &Piece {
        let location = self.location;
        self.callsites.get(span.callsite(), |out, callsite| {
            put_name(out, callsite.name());
            put_place(out, callsite, location);
        })
    }

    pub(crate) const fn location(&self) -> CodeLocation {
        self.location
    }

    /// Adds a span that ended then, with as many of its attributes as are short. If that is all, the span is whole. Else the
    /// other attributes are returned, and the name, what belongs to it, and the length of the span are missing.
    #[inline]
    pub(crate) fn put<'a>(
        &mut self,
        out: &mut Out,
        span: &SpanView<'a>,
        end: u64,
        attributes: &'a [Attribute],
    ) -> &'a [Attribute] {
        let window: &mut [u8; WINDOW] = out.next();
        let mut at = put_head(window, span, span.start_unix_nanos(), end);
        for (index, attribute) in attributes.iter().enumerate() {
            let room = if at <= WINDOW - Piece::SHORT - SHORT { window[at..].first_chunk_mut() } else { None };
            let Some(length) = room.and_then(|room| self.put_short(room, attribute)) else {
                out.advance(at);
                return &attributes[index..];
            };
            at += length;
        }
        let callsite = self.callsite(span);
        match put_callsite(window, at, callsite) {
            Some(length) => out.advance(length),
            None => finish(out, at, callsite),
        }
        &[]
    }

    /// Adds a span that ended then, with one or two attributes that are scalars. `false` if a key is long; then nothing is added.
    #[inline]
    pub(crate) fn put_scalars(
        &mut self,
        out: &mut Out,
        span: &SpanView<'_>,
        end: u64,
        scalars: impl Iterator<Item = ScalarAttribute>,
    ) -> bool {
        let window: &mut [u8; WINDOW] = out.next();
        let mut at = put_head(window, span, span.start_unix_nanos(), end);
        // Two at most, for which the window is large enough.
        for scalar in scalars.take(2) {
            let Some((key, key_length)) = self.keys.get(scalar.key, put_key).short() else { return false };
            window[at..][..Piece::SHORT].copy_from_slice(key);
            let room: &mut [u8; SCALAR] =
                window[at + key_length..].first_chunk_mut().expect("the window is large enough");
            let length = key_length + put_scalar(room, scalar.value);
            window[at + 1] = (length - 2) as u8;
            at += length;
        }
        let callsite = self.callsite(span);
        match put_callsite(window, at, callsite) {
            Some(length) => out.advance(length),
            None => finish(out, at, callsite),
        }
        true
    }

    /// Writes an attribute whose length takes one byte, with a static key that has little to it; returns how long it is.
    #[inline]
    fn put_short(&mut self, window: &mut [u8; SHORT], attribute: &Attribute) -> Option<usize> {
        let (key, key_length) = self.keys.get(attribute.key.as_static()?, put_key).short()?;
        window[..Piece::SHORT].copy_from_slice(key);
        let (_, value) = window.split_at_mut(key_length);
        let value_length = match &attribute.value {
            Value::String(text) => put_short_text(value, text)?,
            other => put_scalar(value.first_chunk_mut()?, other.as_scalar()?),
        };
        let length = key_length + value_length;
        window[1] = (length - 2) as u8;
        Some(length)
    }
}

/// Writes what is said of a callsite, if that is short, and the length of the span; returns how long the span is.
#[inline(always)]
fn put_callsite(window: &mut [u8; WINDOW], at: usize, callsite: &Piece) -> Option<usize> {
    let (piece, length) = callsite.short()?;
    window[at..][..Piece::SHORT].copy_from_slice(piece);
    window[1..CONTENT].copy_from_slice(&short_length(at + length - CONTENT));
    Some(at + length)
}

/// Adds what is said of a callsite to a span of which so much is written.
#[inline(never)]
fn finish(out: &mut Out, written: usize, callsite: &Piece) {
    let content = out.len() + CONTENT;
    out.advance(written);
    callsite.put(out);
    close(out, open_at(content));
}

pub(crate) fn put_name(out: &mut Out, name: &str) {
    put_bytes(out, SPAN_NAME, name.as_bytes());
}

/// Adds where a callsite stands, if that is to be sent.
pub(crate) fn put_place(out: &mut Out, callsite: &Callsite, location: CodeLocation) {
    if location == CodeLocation::Left {
        return;
    }
    if !callsite.file().is_empty() {
        put_text_attribute(out, CODE_FILE_ATTRIBUTE, callsite.file());
        put_number_attribute(out, CODE_LINE_ATTRIBUTE, callsite.line().into());
    }
    if !callsite.module().is_empty() {
        put_text_attribute(out, CODE_MODULE_ATTRIBUTE, callsite.module());
    }
}

/// Writes a text as a value, if it is short; returns how long it is.
fn put_short_text(room: &mut [u8], text: &str) -> Option<usize> {
    let length = text.len();
    if length > SHORT_TEXT {
        return None;
    }
    room[..4].copy_from_slice(&[VALUE, 2 + length as u8, delimited(1), length as u8]);
    room[4..][..length].copy_from_slice(text.as_bytes());
    Some(4 + length)
}

/// Writes a scalar as a value; returns how long it is.
#[inline]
fn put_scalar(room: &mut [u8; SCALAR], scalar: ScalarValue) -> usize {
    match scalar {
        ScalarValue::I64(number @ 0..=SHORT_NUMBER) => {
            let (word, length) = varint_word(number as u64);
            // The tag, a place for the length, the tag of the number, and the number.
            let word = word << 24 | u64::from(VALUE) | u64::from(varint(3)) << 16;
            room[..8].copy_from_slice(&word.to_le_bytes());
            room[1] = 1 + length as u8;
            3 + length
        }
        scalar => put_long_scalar(room, scalar),
    }
}

#[inline(never)]
fn put_long_scalar(room: &mut [u8; SCALAR], scalar: ScalarValue) -> usize {
    match scalar {
        ScalarValue::I64(number) => {
            let length = put_varint(&mut room[3..], number as u64);
            room[..3].copy_from_slice(&[VALUE, 1 + length as u8, varint(3)]);
            3 + length
        }
        ScalarValue::Bool(truth) => {
            room[..4].copy_from_slice(&[VALUE, 2, varint(2), u8::from(truth)]);
            4
        }
        ScalarValue::F64(number) => {
            room[..3].copy_from_slice(&[VALUE, 9, fixed64(4)]);
            room[3..11].copy_from_slice(&number.to_le_bytes());
            11
        }
    }
}

/// Adds what stands before the value of an attribute of a span, with a place for the length of the attribute. A key of ours
/// is made so long that it is not used: whether it is there must be noticed.
fn put_key(out: &mut Out, key: &'static str) {
    out.push_array([SPAN_ATTRIBUTES, 0]);
    put_bytes(out, KEY, key.as_bytes());
    if is_ours(key) {
        out.push_array([0; Piece::SHORT]);
    }
}

/// Writes a number of up to ten bytes; returns how long it is.
fn put_varint(room: &mut [u8], mut number: u64) -> usize {
    let mut length = 0;
    while number >= 0x80 {
        room[length] = number as u8 | 0x80;
        number >>= 7;
        length += 1;
    }
    room[length] = number as u8;
    length + 1
}

/// A number of up to eight bytes, seven bits a byte, the lowest first, and how many they are.
#[inline]
const fn varint_word(number: u64) -> (u64, usize) {
    match number {
        0..0x80 => (number, 1),
        0x80..0x4000 => (number & 0x7f | 0x80 | (number >> 7) << 8, 2),
        _ => long_varint_word(number),
    }
}

#[inline]
const fn long_varint_word(mut number: u64) -> (u64, usize) {
    let (mut word, mut length) = (0, 0);
    while number >= 0x80 {
        word |= (number & 0x7f | 0x80) << (8 * length);
        number >>= 7;
        length += 1;
    }
    (word | number << (8 * length), length + 1)
}
