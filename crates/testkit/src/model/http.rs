//! As much of HTTP/1.1 as the clients need: one request per connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

/// The largest body that is read.
const LIMIT: u64 = 64 << 20;

/// A request as it came.
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) key: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Reads a request; `None` when the client closed without one.
pub(super) fn read(stream: &mut TcpStream) -> io::Result<Option<Asked>> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let first = line(&mut reader)?;
    let mut words = first.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let (mut length, mut chunked, mut key) = (0, false, None);
    loop {
        let header = line(&mut reader)?;
        let Some((name, value)) = header.split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().map_err(io::Error::other)?,
            "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
            "expect" => stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?,
            "x-api-key" | "x-goog-api-key" => key = Some(value.to_owned()),
            "authorization" => key = Some(value.trim_start_matches("Bearer ").to_owned()),
            _ => {}
        }
    }
    let mut body = vec![];
    if chunked {
        loop {
            let size = line(&mut reader)?;
            let size = u64::from_str_radix(size.split(';').next().unwrap_or_default(), 16);
            let size = size.map_err(io::Error::other)?.min(LIMIT);
            reader.by_ref().take(size).read_to_end(&mut body)?;
            line(&mut reader)?;
            if size == 0 {
                break;
            }
        }
    } else {
        reader.by_ref().take(u64::min(length, LIMIT)).read_to_end(&mut body)?;
    }
    Ok(Some(Asked { method: method.to_owned(), path: path.to_owned(), key, body }))
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.take(64 << 10).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// Answers with JSON.
pub(super) fn json(
    stream: &mut TcpStream,
    status: u16,
    retry_after: Option<u64>,
    body: &Value,
) -> io::Result<()> {
    let body = body.to_string();
    let wait = retry_after.map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} scripted\r\ncontent-type: application/json\r\n{wait}content-length: {length}\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    stream.flush()
}

/// Answers with a stream, a chunk a piece; not `whole`: half of it, and then the connection closes.
pub(super) fn stream(stream: &mut TcpStream, kind: &str, pieces: &[Vec<u8>], whole: bool) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 scripted\r\ncontent-type: {kind}\r\ncache-control: no-cache\r\n\
         transfer-encoding: chunked\r\nconnection: close\r\n\r\n",
    )?;
    let sent = if whole { pieces.len() } else { pieces.len() / 2 };
    for piece in &pieces[..sent] {
        write!(stream, "{:x}\r\n", piece.len())?;
        stream.write_all(piece)?;
        stream.write_all(b"\r\n")?;
        stream.flush()?;
    }
    if whole {
        stream.write_all(b"0\r\n\r\n")?;
    }
    stream.flush()
}
