//! A file of the spool: one request, behind a header with a checksum.
//!
//! | bytes | what, little-endian |
//! |---|---|
//! | 0 to 7 | `TRSPOOL1` |
//! | 8 to 11 | CRC-32 of everything behind it |
//! | 12 | 0 for protobuf, 1 for JSON; three zeros |
//! | 16 to 19 | spans |
//! | 20 to 23 | spans that have ended |
//! | 24 to 31 | length of the request |
//! | from 32 | the request |

use crate::encode::format::{Body, Encoding};

const MAGIC: &[u8; 8] = b"TRSPOOL1";
pub(crate) const HEADER: usize = 32;
/// Where that begins of which the checksum is.
const CHECKED: usize = 12;

/// What stands in front of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) encoding: Encoding,
    pub(crate) spans: usize,
    pub(crate) closed: usize,
    pub(crate) length: u64,
    checksum: u32,
}

pub(crate) fn header(body: &Body) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[12] = match body.encoding {
        Encoding::Protobuf => 0,
        Encoding::Json => 1,
    };
    header[16..20].copy_from_slice(&(body.spans as u32).to_le_bytes());
    header[20..24].copy_from_slice(&(body.closed as u32).to_le_bytes());
    header[24..32].copy_from_slice(&(body.bytes.len() as u64).to_le_bytes());
    let checksum = checksum(&header, &body.bytes);
    header[8..12].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// Reads a header; `None` if it is none.
pub(crate) fn read_header(bytes: &[u8; HEADER]) -> Option<Header> {
    let number = |place: usize| bytes[place..place + 4].try_into().ok().map(u32::from_le_bytes);
    if &bytes[..8] != MAGIC || bytes[13..16] != [0; 3] {
        return None;
    }
    let encoding = match bytes[12] {
        0 => Encoding::Protobuf,
        1 => Encoding::Json,
        _ => return None,
    };
    Some(Header {
        encoding,
        spans: number(16)? as usize,
        closed: number(20)? as usize,
        length: u64::from(number(24)?) | u64::from(number(28)?) << 32,
        checksum: number(8)?,
    })
}

/// Reads a whole file; `None` if it is not what was written.
pub(crate) fn read(mut file: Vec<u8>) -> Option<Body> {
    let (bytes, request) = file.split_first_chunk::<HEADER>()?;
    let header = read_header(bytes)?;
    if header.length != request.len() as u64 || header.checksum != checksum(bytes, request) {
        return None;
    }
    file.drain(..HEADER);
    Some(Body { encoding: header.encoding, bytes: file, spans: header.spans, closed: header.closed })
}

fn checksum(header: &[u8; HEADER], request: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[CHECKED..]);
    hasher.update(request);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_any_byte_changed_missing_or_added_is_not_read() {
        let body = Body { encoding: Encoding::Json, bytes: b"{\"resourceSpans\":[]}".to_vec(), spans: 3, closed: 2 };
        let file = [&header(&body)[..], &body.bytes].concat();
        let read_back = read(file.clone()).unwrap();
        assert_eq!((read_back.encoding, read_back.spans, read_back.closed), (Encoding::Json, 3, 2));
        assert_eq!(read_back.bytes, body.bytes);
        for place in 0..file.len() {
            for bit in 0..8 {
                let mut changed = file.clone();
                changed[place] ^= 1 << bit;
                assert!(read(changed).is_none(), "bit {bit} of byte {place}");
            }
            assert!(read(file[..place].to_vec()).is_none(), "torn after {place} bytes");
        }
        assert!(read([&file[..], b"x"].concat()).is_none(), "something behind it");
    }
}
