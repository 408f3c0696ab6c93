//! Puts chunks of output together to lines, whatever their length and bytes.
//!
//! **Invariant:** no line given out is longer than the limit, and every byte is given out or counted.

/// Puts one stream's chunks together to lines.
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    held: Vec<u8>,
    /// Bytes of the line under way that are beyond the limit.
    dropped: u64,
}

/// One line without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The text; bytes that are no UTF-8 are replaced.
    pub text: String,
    /// Bytes at its end that were beyond the limit.
    pub dropped: u64,
}

impl Lines {
    /// Keeps at most `limit` bytes of a line.
    pub fn new(limit: usize) -> Lines {
        Lines { limit, held: Vec::new(), dropped: 0 }
    }

    /// Takes a chunk and returns the lines that it completes.
    pub fn push(&mut self, mut chunk: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        while let Some(end) = chunk.iter().position(|b| *b == b'\n') {
            self.hold(&chunk[..end]);
            chunk = &chunk[end + 1..];
            lines.push(self.take());
        }
        self.hold(chunk);
        lines
    }

    /// Returns the last line, where the stream did not end with a line's end.
    pub fn finish(&mut self) -> Option<Line> {
        (!self.held.is_empty() || self.dropped > 0).then(|| self.take())
    }

    fn hold(&mut self, bytes: &[u8]) {
        let fits = bytes.len().min(self.limit - self.held.len());
        self.held.extend_from_slice(&bytes[..fits]);
        self.dropped += (bytes.len() - fits) as u64;
    }

    fn take(&mut self) -> Line {
        let mut bytes = std::mem::take(&mut self.held);
        if self.dropped == 0 && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let text =
            String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        Line { text, dropped: std::mem::take(&mut self.dropped) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(limit: usize, chunks: &[&[u8]], want: &[(&str, u64)]) {
        let mut lines = Lines::new(limit);
        let mut got: Vec<Line> = chunks.iter().flat_map(|c| lines.push(c)).collect();
        got.extend(lines.finish());
        let got: Vec<(&str, u64)> = got.iter().map(|l| (l.text.as_str(), l.dropped)).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn chunks_may_end_anywhere() {
        check(99, &[b"on", b"e\ntw", b"o", b"\n\nthree"], &[("one", 0), ("two", 0), ("", 0), ("three", 0)]);
    }

    #[test]
    fn a_line_cut_inside_a_character_is_whole_again() {
        check(99, &["é".as_bytes().split_at(1).0, "é".as_bytes().split_at(1).1, b"\r\n"], &[("é", 0)]);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        check(99, &[b"a\xffb\n"], &[("a\u{fffd}b", 0)]);
    }

    #[test]
    fn a_line_beyond_the_limit_keeps_its_head_and_counts_the_rest() {
        let long = vec![b'x'; 5 << 20];
        let mut lines = Lines::new(1 << 20);
        let mut got: Vec<Line> = long.chunks(70_000).flat_map(|c| lines.push(c)).collect();
        got.extend(lines.push(b"\nnext\n"));
        assert_eq!(got.len(), 2);
        assert_eq!((got[0].text.len(), got[0].dropped), (1 << 20, 4 << 20));
        assert_eq!(got[1], Line { text: "next".into(), dropped: 0 });
    }
}
