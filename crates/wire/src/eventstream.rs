//! `application/vnd.amazon.eventstream`: binary frames with two checksums.
//!
//! A frame is: length of all (u32), length of headers (u32), CRC-32 of these eight bytes, headers, payload, CRC-32 of
//! everything before it; numbers are big-endian. A header is: length of its name (u8), name, type (u8), value.
//! Source: the AWS SDK developer documentation on event stream encoding.
//!
//! **Invariant:** a frame whose checksums do not hold is an error, never data.

/// Larger frames are refused: the service sends none.
const LARGEST: usize = 24 << 20;
const PRELUDE: usize = 12;

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Lengths that contradict each other or are too large.
    #[error("a frame's lengths cannot be right")]
    Length,
    /// The checksum of the lengths.
    #[error("the checksum of a frame's lengths does not hold")]
    Prelude,
    /// The checksum of the whole.
    #[error("a frame's checksum does not hold")]
    Message,
    /// A header that cannot be read.
    #[error("a frame's headers cannot be read")]
    Header,
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// Headers whose values are text, in order; others are left out.
    pub headers: Vec<(String, String)>,
    /// What it carries.
    pub payload: Vec<u8>,
}

impl Frame {
    /// Returns a header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the frame as bytes. Names longer than 255 bytes and values longer than 65,535 are cut.
    pub fn encode(&self) -> Vec<u8> {
        let mut headers = vec![];
        for (name, value) in &self.headers {
            let name = &name.as_bytes()[..name.len().min(255)];
            let value = &value.as_bytes()[..value.len().min(65_535)];
            headers.push(name.len() as u8);
            headers.extend(name);
            headers.push(7);
            headers.extend((value.len() as u16).to_be_bytes());
            headers.extend(value);
        }
        encoded(&headers, &self.payload)
    }
}

/// Takes bytes, gives frames.
#[derive(Debug, Default)]
pub struct Frames {
    held: Vec<u8>,
    failed: Option<FrameError>,
}

impl Frames {
    /// Takes the next bytes; returns the frames that they complete. After an error nothing more is read.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Frame> {
        if self.failed.is_some() {
            return vec![];
        }
        self.held.extend_from_slice(bytes);
        let mut frames = vec![];
        let mut read = 0;
        loop {
            match frame(&self.held[read..]) {
                Ok(Some((frame, length))) => {
                    frames.push(frame);
                    read += length;
                }
                Ok(None) => break,
                Err(error) => {
                    self.failed = Some(error);
                    read = self.held.len();
                    break;
                }
            }
        }
        self.held.drain(..read);
        frames
    }

    /// Returns why reading stopped, where it did.
    pub fn error(&self) -> Option<FrameError> {
        self.failed
    }

    /// Returns whether a frame was begun and not ended.
    pub fn is_cut(&self) -> bool {
        self.failed.is_some() || !self.held.is_empty()
    }
}

/// Returns frames with the payloads that `change` gives in the place of theirs, checksums and all; `None` when it changes
/// none, or the bytes are no whole frames.
pub fn with_payloads(bytes: &[u8], change: &dyn Fn(&[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let (mut out, mut at, mut changed) = (vec![], 0, false);
    while at < bytes.len() {
        let (read, length) = frame(&bytes[at..]).ok()??;
        let whole = &bytes[at..at + length];
        match change(&read.payload) {
            Some(payload) => {
                changed = true;
                let headers = &whole[PRELUDE..length - read.payload.len() - 4];
                out.extend(encoded(headers, &payload));
            }
            None => out.extend_from_slice(whole),
        }
        at += length;
    }
    changed.then_some(out)
}

/// Returns a frame of headers as they are on the wire, and a payload.
fn encoded(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let total = PRELUDE + headers.len() + payload.len() + 4;
    let mut bytes = (total as u32).to_be_bytes().to_vec();
    bytes.extend((headers.len() as u32).to_be_bytes());
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend(headers);
    bytes.extend(payload);
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    bytes
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(four) as usize)
}

/// Reads one frame from the start of `bytes`; `None` when it is not all there.
fn frame(bytes: &[u8]) -> Result<Option<(Frame, usize)>, FrameError> {
    let (Some(total), Some(headers), Some(sum)) = (number(bytes, 0), number(bytes, 4), number(bytes, 8))
    else {
        return Ok(None);
    };
    if crc32fast::hash(&bytes[..8]) as usize != sum {
        return Err(FrameError::Prelude);
    }
    if !(PRELUDE + 4..=LARGEST).contains(&total) || headers > total - PRELUDE - 4 {
        return Err(FrameError::Length);
    }
    let Some(whole) = bytes.get(..total) else { return Ok(None) };
    if number(whole, total - 4) != Some(crc32fast::hash(&whole[..total - 4]) as usize) {
        return Err(FrameError::Message);
    }
    let payload = PRELUDE + headers;
    let headers = texts(&whole[PRELUDE..payload]).ok_or(FrameError::Header)?;
    Ok(Some((Frame { headers, payload: whole[payload..total - 4].to_vec() }, total)))
}

fn texts(mut bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let mut found = vec![];
    while let Some((length, rest)) = bytes.split_first() {
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let (kind, rest) = rest.split_first()?;
        let (skip, prefixed) = match kind {
            0 | 1 => (0, false),
            2 => (1, false),
            3 => (2, false),
            4 => (4, false),
            5 | 8 => (8, false),
            9 => (16, false),
            6 | 7 => (usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])), true),
            _ => return None,
        };
        let rest = if prefixed { rest.get(2..)? } else { rest };
        let (value, rest) = rest.split_at_checked(skip)?;
        if *kind == 7 {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            found.push((text(name), text(value)));
        }
        bytes = rest;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
            .collect()
    }

    fn event() -> Frame {
        let headers = [(":event-type", "contentBlockDelta"), (":message-type", "event")];
        Frame {
            headers: headers.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec(),
            payload: br#"{"delta":{"text":"hi"}}"#.to_vec(),
        }
    }

    /// `empty_message`, `payload_no_headers` and `payload_one_str_header` of the published encoding test vectors.
    #[test]
    fn published_frames_are_read() {
        let mut frames = Frames::default();
        assert_eq!(frames.push(&hex("000000100000000005c248eb7d98c8ff")), [Frame::default()]);
        let frame = frames.push(&hex("0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936"));
        assert_eq!(frame[0].payload, b"{'foo':'bar'}");
        let bytes =
            hex("0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e\
                         7b27666f6f273a27626172277d8d9c08b1");
        let frame = frames.push(&bytes);
        assert_eq!(frame[0].header("content-type"), Some("application/json"));
        assert_eq!(frame[0].encode(), bytes);
    }

    #[test]
    fn frames_are_the_same_however_the_bytes_are_cut() {
        let bytes = [event().encode(), event().encode()].concat();
        for at in 0..bytes.len() {
            let mut frames = Frames::default();
            let mut got = frames.push(&bytes[..at]);
            got.extend(frames.push(&bytes[at..]));
            assert_eq!(got, [event(), event()], "cut at {at}");
            assert!(!frames.is_cut());
        }
    }

    #[test]
    fn a_changed_byte_is_never_data() {
        let bytes = event().encode();
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0x20;
            let mut frames = Frames::default();
            assert_eq!(frames.push(&bad), [], "byte {at}");
            assert!(frames.is_cut(), "byte {at}");
        }
    }

    #[test]
    fn a_payload_is_changed_and_the_frame_still_holds() {
        let other = Frame { payload: b"nothing".to_vec(), ..event() };
        let bytes = [event().encode(), other.encode()].concat();
        let change = |payload: &[u8]| (payload != b"nothing").then(|| b"longer than it was before".to_vec());
        let changed = with_payloads(&bytes, &change).unwrap();
        let mut frames = Frames::default();
        let read = frames.push(&changed);
        let wanted = Frame { payload: b"longer than it was before".to_vec(), ..event() };
        assert_eq!((read, frames.is_cut()), (vec![wanted, other], false));
        assert_eq!(with_payloads(&bytes, &|_| None), None);
        assert_eq!(with_payloads(b"no frames", &change), None);
    }
}
