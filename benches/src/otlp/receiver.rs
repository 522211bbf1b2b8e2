//! A receiver of OTLP over HTTP/1.1 that counts spans and takes everything.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

static SPANS: AtomicU64 = AtomicU64::new(0);

/// Says its address, and at the end of its standard input how many spans came.
pub(super) fn run() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut output = io::stdout();
    writeln!(output, "{}", listener.local_addr()?)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    io::stdin().read_to_end(&mut Vec::new())?;
    writeln!(output, "{}", SPANS.load(Ordering::Acquire))
}

fn serve(stream: TcpStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut body = Vec::new();
    while let Some(length) = read_head(&mut stream)? {
        body.resize(length, 0);
        stream.read_exact(&mut body)?;
        SPANS.fetch_add(spans(&body), Ordering::AcqRel);
        stream
            .get_mut()
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n")?;
    }
    Ok(())
}

/// How long the body is; `None` at the end of the connection.
fn read_head(stream: &mut impl BufRead) -> io::Result<Option<usize>> {
    let (mut line, mut length) = (String::new(), None);
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().ok(),
            None if line == "\r\n" => return length.map(Some).ok_or_else(|| io::Error::other("no content-length")),
            _ => {}
        }
    }
}

/// How many spans are in a request: `ExportTraceServiceRequest.resource_spans.scope_spans.spans`.
fn spans(request: &[u8]) -> u64 {
    let (mut resources, mut spans) = (request, 0);
    while let Some((field, mut scopes)) = field(&mut resources) {
        while let Some((of_resource, mut all)) = self::field(&mut scopes).filter(|_| field == 1) {
            while let Some((of_scope, _)) = self::field(&mut all).filter(|_| of_resource == 2) {
                spans += u64::from(of_scope == 2);
            }
        }
    }
    spans
}

/// The next field and its content, of which that of a number is left out.
fn field<'a>(message: &mut &'a [u8]) -> Option<(u64, &'a [u8])> {
    let tag = varint(message)?;
    let length = match tag & 7 {
        0 => varint(message).map(|_| 0)?,
        1 => 8,
        5 => 4,
        _ => varint(message)?,
    };
    let (content, rest) = message.split_at_checked(length as usize)?;
    *message = rest;
    Some((tag >> 3, content))
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_counted_in_all_scopes_of_all_resources() {
        // Each message is a tag, a length and a content; field 1 of a resource's and of a scope's message is no span.
        let span = [0x12, 2, 0x30, 1];
        let scope = [&[0x12, 10, 0x0a, 0][..], &span, &span].concat();
        let resource = [&[0x0a, 26, 0x0a, 0][..], &scope, &scope].concat();
        assert_eq!((scope.len(), resource.len()), (12, 28));
        assert_eq!(spans(&[&resource[..], &resource].concat()), 8);
        assert_eq!(spans(&[]), 0);
    }
}
