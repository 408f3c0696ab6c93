//! Server-sent events, from bytes as they come.
//!
//! **Invariant:** how the bytes are cut into pieces changes nothing; memory is bounded.

/// A longer line is dropped, and counted as broken.
const LONGEST: usize = 16 << 20;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its data, lines joined by line breaks.
    pub data: String,
}

/// Takes bytes, gives events.
#[derive(Debug, Default)]
pub struct Sse {
    line: Vec<u8>,
    event: Event,
    any: bool,
    after_cr: bool,
    broken: bool,
}

impl Sse {
    /// Takes the next bytes; returns the events that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = vec![];
        for byte in bytes {
            let second = std::mem::replace(&mut self.after_cr, *byte == b'\r') && *byte == b'\n';
            match byte {
                b'\n' if second => {}
                b'\n' | b'\r' => events.extend(self.line_ended()),
                _ if self.line.len() >= LONGEST => self.broken = true,
                byte => self.line.push(*byte),
            }
        }
        events
    }

    /// Returns whether something is left that no blank line has completed, or a line was too long.
    pub fn is_cut(&self) -> bool {
        self.broken || self.any || !self.line.is_empty()
    }

    fn line_ended(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return std::mem::take(&mut self.any).then(|| std::mem::take(&mut self.event));
        }
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.event.name = Some(value.to_owned()),
            "data" => {
                if self.any && !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.any = true;
            }
            // Comments, ids and the like.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&[u8]]) -> (Vec<(Option<String>, String)>, bool) {
        let mut sse = Sse::default();
        let events = pieces.iter().flat_map(|piece| sse.push(piece)).map(|e| (e.name, e.data)).collect();
        (events, sse.is_cut())
    }

    #[test]
    fn events_are_the_same_however_the_bytes_are_cut() {
        let text = "event: a\ndata: {\"x\":\r\ndata: 1}\r\n\r\n: comment\n\ndata:é\n\n".as_bytes();
        let whole = all(&[text]);
        let wanted = [(Some("a".to_owned()), "{\"x\":\n1}".to_owned()), (None, "é".to_owned())];
        assert_eq!(whole, (wanted.to_vec(), false));
        for at in 0..text.len() {
            assert_eq!(all(&[&text[..at], &text[at..]]), whole, "cut at {at}");
        }
    }

    #[test]
    fn an_event_without_its_end_is_cut() {
        assert_eq!(all(&[b"data: half"]), (vec![], true));
        assert_eq!(all(&[b"data: half\n"]), (vec![], true));
    }
}
