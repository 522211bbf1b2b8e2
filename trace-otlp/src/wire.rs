//! The protobuf wire format, as far as OTLP needs it, as in
//! [Encoding](https://protobuf.dev/programming-guides/encoding/).
//!
//! A message whose length is not known in advance gets room for its length in front and is filled in when it is done, so that
//! nothing is measured first. A length that is shorter than its room is padded with continuation bits, which every decoder
//! reads.

use crate::out::Out;

/// A field's tag for a number, a truth value or an enum.
pub(crate) const fn varint(field: u8) -> u8 {
    field << 3
}

/// A field's tag for eight bytes.
pub(crate) const fn fixed64(field: u8) -> u8 {
    field << 3 | 1
}

/// A field's tag for a text, bytes or a message.
pub(crate) const fn delimited(field: u8) -> u8 {
    field << 3 | 2
}

/// The room for the length of a message that is mostly below 16 KiB.
const SHORT: usize = 2;
/// The room for the length of a message of any size below 4 GiB.
const LONG: usize = 5;

/// A message that is being written: where its content starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open(usize);

/// Begins a message that is mostly below 16 KiB; a larger one is moved at its end.
#[inline]
pub(crate) fn open(out: &mut Out, tag: u8) -> Open {
    out.push_array([tag, 0, 0]);
    Open(out.len())
}

/// Begins a message that may be large.
pub(crate) fn open_long(out: &mut Out, tag: u8) -> Open {
    out.push_array([tag, 0, 0, 0, 0, 0]);
    Open(out.len())
}

/// A message whose content starts here, after its tag and [`SHORT`] bytes of room.
#[inline]
pub(crate) const fn open_at(content: usize) -> Open {
    Open(content)
}

/// A length below 16 KiB, as it stands in its room.
#[inline]
pub(crate) const fn short_length(length: usize) -> [u8; SHORT] {
    [length as u8 | 0x80, (length >> 7) as u8]
}

/// Ends a message begun with [`open`].
#[inline]
pub(crate) fn close(out: &mut Out, Open(start): Open) {
    let length = out.len() - start;
    if length < 1 << (7 * SHORT) {
        out.as_mut_slice()[start - SHORT..][..SHORT].copy_from_slice(&short_length(length));
    } else {
        close_moved(out, start, length);
    }
}

#[cold]
#[inline(never)]
fn close_moved(out: &mut Out, start: usize, length: usize) {
    out.push_array([0; LONG - SHORT]);
    out.as_mut_slice().copy_within(start..start + length, start + LONG - SHORT);
    close_long(out, Open(start + LONG - SHORT));
}

/// Ends a message begun with [`open_long`].
pub(crate) fn close_long(out: &mut Out, Open(start): Open) {
    let length = out.len() - start;
    for (place, byte) in out.as_mut_slice()[start - LONG..start].iter_mut().enumerate() {
        let more = if place + 1 < LONG { 0x80 } else { 0 };
        *byte = (length >> (7 * place)) as u8 & 0x7f | more;
    }
}

/// Adds a number, seven bits a byte, the lowest first.
#[inline]
pub(crate) fn put_varint(out: &mut Out, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// How many bytes a number takes.
#[inline]
pub(crate) const fn varint_length(value: u64) -> usize {
    // Seven bits a byte, and zero takes one.
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Adds a number unless it is zero, which is what a missing one means.
pub(crate) fn put_number(out: &mut Out, tag: u8, value: u64) {
    if value > 0 {
        out.push(tag);
        put_varint(out, value);
    }
}

/// Adds a text or bytes.
#[inline]
pub(crate) fn put_bytes(out: &mut Out, tag: u8, bytes: &[u8]) {
    if bytes.len() < 0x80 {
        out.push_array([tag, bytes.len() as u8]);
    } else {
        out.push(tag);
        put_varint(out, bytes.len() as u64);
    }
    out.extend_from_slice(bytes);
}

/// Adds a text unless it is empty, which is what a missing one means.
#[inline]
pub(crate) fn put_text(out: &mut Out, tag: u8, text: &str) {
    if !text.is_empty() {
        put_bytes(out, tag, text.as_bytes());
    }
}

/// One field of a message that was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    /// A number of any kind, as it stands on the wire.
    Number(u64),
    /// A text, bytes or a message.
    Bytes(&'a [u8]),
}

/// Reads the fields of a message, each with its number; `Err` where it is none.
pub(crate) fn fields(mut message: &[u8]) -> impl Iterator<Item = Result<(u64, Field<'_>), NoMessage>> {
    std::iter::from_fn(move || {
        if message.is_empty() {
            return None;
        }
        let field = take_field(&mut message);
        if field.is_err() {
            message = &[];
        }
        Some(field)
    })
}

/// These bytes are no protobuf message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoMessage;

fn take_field<'a>(rest: &mut &'a [u8]) -> Result<(u64, Field<'a>), NoMessage> {
    let tag = take_varint(rest)?;
    let number = tag >> 3;
    if number == 0 || number >= 1 << 29 {
        return Err(NoMessage);
    }
    let field = match tag & 7 {
        0 => Field::Number(take_varint(rest)?),
        1 => Field::Number(take_array(rest).map(u64::from_le_bytes)?),
        2 => {
            let length = usize::try_from(take_varint(rest)?).map_err(|_| NoMessage)?;
            Field::Bytes(take(rest, length)?)
        }
        5 => Field::Number(take_array(rest).map(u32::from_le_bytes)?.into()),
        _ => return Err(NoMessage),
    };
    Ok((number, field))
}

fn take_varint(rest: &mut &[u8]) -> Result<u64, NoMessage> {
    let mut value = 0;
    for place in 0..10 {
        let [byte] = take_array(rest)?;
        value |= u64::from(byte & 0x7f).checked_shl(7 * place).unwrap_or(0);
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(NoMessage)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], NoMessage> {
    let (taken, left) = rest.split_at_checked(length).ok_or(NoMessage)?;
    *rest = left;
    Ok(taken)
}

fn take_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], NoMessage> {
    let (taken, left) = rest.split_first_chunk().ok_or(NoMessage)?;
    *rest = left;
    Ok(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(message: &[u8]) -> Result<Vec<(u64, Field<'_>)>, NoMessage> {
        fields(message).collect()
    }

    #[test]
    fn a_number_is_written_and_measured_and_read_alike() {
        let mut values: Vec<u64> = (0..64).flat_map(|bit| [1 << bit, (1 << bit) - 1]).collect();
        values.push(u64::MAX);
        for value in values {
            let mut out = Out::default();
            out.push(varint(1));
            put_varint(&mut out, value);
            assert_eq!(out.len() - 1, varint_length(value), "{value}");
            assert_eq!(all(out.as_slice()), Ok(vec![(1, Field::Number(value))]), "{value}");
        }
    }

    #[test]
    fn a_message_of_any_size_has_its_length_in_front() {
        for size in [0, 1, 127, 128, 16_383, 16_384, 70_000] {
            let content = vec![7; size];
            let mut out = Out::default();
            let outer = open_long(&mut out, delimited(1));
            let inner = open(&mut out, delimited(2));
            out.extend_from_slice(&content);
            close(&mut out, inner);
            close_long(&mut out, outer);
            let fields = all(out.as_slice()).unwrap();
            let [(1, Field::Bytes(inner))] = fields[..] else { panic!("{size}") };
            assert_eq!(all(inner), Ok(vec![(2, Field::Bytes(&content))]), "{size}");
        }
    }

    #[test]
    fn what_is_no_message_is_an_error_and_no_panic() {
        let table: [(&[u8], &str); 9] = [
            (b"OK", "a text: the length is beyond the end"),
            (&[0x08], "no value"),
            (&[0x08, 0x80], "half a number"),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "a number without an end"),
            (&[0x09, 1, 2, 3], "seven bytes are missing"),
            (&[0x0a, 2, 1], "one byte is missing"),
            (&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "a length beyond all memory"),
            (&[0x02, 0], "no field has the number zero"),
            (&[0x0b], "a group, which nobody writes any more"),
        ];
        for (message, reason) in table {
            assert_eq!(all(message), Err(NoMessage), "{reason}");
        }
        assert_eq!(all(&[]), Ok(vec![]), "an empty message is a message");
    }
}
