//! Knows where the body of a request ends, so that nothing after it goes on. Pure.

/// No line of a chunked body is longer, in bytes.
const LONGEST_LINE: usize = 4096;

/// What follows a head, and how far it has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes are left.
    Length(u64),
    /// Chunks, the last of which is empty.
    Chunked(Chunk),
}

/// Where in a chunked body the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunk {
    /// Before or in a line with a size.
    Size,
    /// So many bytes of a chunk and its line end are left.
    Data(u64),
    /// After the last chunk: lines until an empty one, which are not passed on.
    Trailer,
    /// Through.
    Done,
}

/// A body that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadBody;

impl Body {
    pub(super) fn chunked() -> Body {
        Body::Chunked(Chunk::Size)
    }

    /// Returns whether all of it has been read.
    pub(super) fn is_through(&self) -> bool {
        matches!(self, Body::Length(0) | Body::Chunked(Chunk::Done))
    }

    /// Takes what belongs to it from the front of `bytes`, and returns what goes on. What is left there needs more
    /// bytes to be understood, or belongs to no body when it is through.
    pub(super) fn take(&mut self, bytes: &mut Vec<u8>) -> Result<Vec<u8>, BadBody> {
        let mut onward = Vec::new();
        loop {
            match self {
                Body::Length(left) | Body::Chunked(Chunk::Data(left)) if *left > 0 => {
                    let now = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    if now == 0 {
                        return Ok(onward);
                    }
                    onward.extend(bytes.drain(..now));
                    *left -= now as u64;
                }
                Body::Length(_) | Body::Chunked(Chunk::Done) => return Ok(onward),
                Body::Chunked(Chunk::Data(_)) => *self = Body::chunked(),
                Body::Chunked(Chunk::Size) => {
                    let Some(line) = line(bytes)? else { return Ok(onward) };
                    let size = match httparse::parse_chunk_size(&line) {
                        Ok(httparse::Status::Complete((read, size))) if read == line.len() => size,
                        Ok(_) | Err(_) => return Err(BadBody),
                    };
                    // Written anew, so that no extension goes on.
                    onward.extend_from_slice(format!("{size:x}\r\n").as_bytes());
                    let data = size.checked_add(2).ok_or(BadBody)?;
                    *self = Body::Chunked(if size == 0 { Chunk::Trailer } else { Chunk::Data(data) });
                }
                Body::Chunked(Chunk::Trailer) => {
                    let Some(line) = line(bytes)? else { return Ok(onward) };
                    if line == b"\r\n" {
                        onward.extend_from_slice(b"\r\n");
                        *self = Body::Chunked(Chunk::Done);
                    }
                }
            }
        }
    }
}

/// Takes a whole line with its end.
fn line(bytes: &mut Vec<u8>) -> Result<Option<Vec<u8>>, BadBody> {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) if at < LONGEST_LINE && at > 0 && bytes[at - 1] == b'\r' => {
            Ok(Some(bytes.drain(..=at).collect()))
        }
        Some(_) => Err(BadBody),
        None if bytes.len() > LONGEST_LINE => Err(BadBody),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mut body: Body, text: &str, expected: &str) {
        let whole = text.replace('|', "\r\n");
        for step in [1, 3, 1000] {
            let (mut body, mut open, mut onward) = (body, Vec::new(), Vec::new());
            let mut bad = false;
            for part in whole.as_bytes().chunks(step) {
                open.extend_from_slice(part);
                match body.take(&mut open) {
                    Ok(more) => onward.extend(more),
                    Err(BadBody) => {
                        bad = true;
                        break;
                    }
                }
            }
            let onward = String::from_utf8(onward).unwrap().replace("\r\n", "|");
            let end = if bad {
                " bad"
            } else if body.is_through() {
                " through"
            } else {
                ""
            };
            assert_eq!(format!("{onward}{end}"), expected, "{text:?} by {step}");
        }
        let _taken = body.take(&mut Vec::new());
    }

    #[test]
    fn nothing_after_a_body_goes_on() {
        check(Body::Length(3), "abcGET http://b.org/", "abc through");
        check(Body::Length(0), "GET http://b.org/", " through");
        check(Body::Length(5), "abc", "abc");
        check(Body::chunked(), "3|abc|0||GET http://b.org/", "3|abc|0|| through");
        check(Body::chunked(), "3;x=y|abc|00|Host: b.org||rest", "3|abc|0|| through");
    }

    #[test]
    fn an_odd_chunk_is_refused() {
        check(Body::chunked(), "x|abc|0||", " bad");
        check(Body::chunked(), "3\nabc|0||", " bad");
        check(Body::chunked(), "fffffffffffffffff|a", " bad");
    }
}
