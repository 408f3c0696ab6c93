//! Keeps the head and the tail of an output and counts what was between.

use std::collections::VecDeque;

/// The head and the tail of an output.
#[derive(Debug)]
pub struct HeadTail {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    head_limit: usize,
    tail_limit: usize,
    dropped: u64,
}

impl HeadTail {
    /// Keeps at most `limit` bytes, half of them from the end.
    pub fn new(limit: usize) -> HeadTail {
        let tail_limit = limit / 2;
        HeadTail {
            head: Vec::new(),
            tail: VecDeque::new(),
            head_limit: limit - tail_limit,
            tail_limit,
            dropped: 0,
        }
    }

    /// Takes more output.
    pub fn push(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(self.head_limit - self.head.len()));
        self.head.extend_from_slice(head);
        let keep = &rest[rest.len() - rest.len().min(self.tail_limit)..];
        let over = (self.tail.len() + keep.len()).saturating_sub(self.tail_limit);
        self.tail.drain(..over);
        self.tail.extend(keep);
        self.dropped += (over + rest.len() - keep.len()) as u64;
    }

    /// Returns how many bytes are missing between head and tail.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns head and tail as text, with a line between them that says what is missing.
    pub fn text(mut self) -> String {
        let mut text = String::from_utf8_lossy(&self.head).into_owned();
        if self.dropped > 0 {
            text.push_str(&format!("\n[{} bytes left out]\n", self.dropped));
        }
        text.push_str(&String::from_utf8_lossy(self.tail.make_contiguous()));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_output_is_kept_whole() {
        let mut kept = HeadTail::new(10);
        kept.push(b"hello ");
        kept.push(b"you");
        assert_eq!(kept.dropped(), 0);
        assert_eq!(kept.text(), "hello you");
    }

    #[test]
    fn every_byte_is_kept_or_counted_however_it_comes() {
        let all: Vec<u8> = (0..250u8).map(|b| b'a' + b % 26).collect();
        for chunk in [1, 3, 7, 64, 250] {
            let mut kept = HeadTail::new(20);
            all.chunks(chunk).for_each(|c| kept.push(c));
            assert_eq!(kept.dropped(), 230, "{chunk}");
            let want = format!(
                "{}\n[230 bytes left out]\n{}",
                String::from_utf8_lossy(&all[..10]),
                String::from_utf8_lossy(&all[240..])
            );
            assert_eq!(kept.text(), want, "{chunk}");
        }
    }
}
