//! Keeps the beginning and the end of a session, and counts what was between.
//!
//! **Invariant:** the sizes given out and the size counted as dropped add up to all that was put in.

use std::collections::VecDeque;

/// The tail takes at most this share of the limit, and at most `LONGEST_TAIL` bytes.
const TAIL_SHARE: u64 = 4;
const LONGEST_TAIL: u64 = 1 << 20;

/// Items with their sizes, the middle left out where they exceed a limit.
#[derive(Debug)]
pub(super) struct Kept<T> {
    each: u64,
    head_left: u64,
    tail: VecDeque<(u64, T)>,
    tail_size: u64,
    tail_limit: u64,
    in_tail: bool,
    dropped: u64,
}

impl<T> Kept<T> {
    /// Keeps `limit` bytes, where an item costs its size and `each` for what is written around it: a flood of short
    /// lines is a flood.
    pub(super) fn new(limit: u64, each: u64) -> Kept<T> {
        let tail_limit = (limit / TAIL_SHARE).min(LONGEST_TAIL);
        Kept {
            each,
            head_left: limit - tail_limit,
            tail: VecDeque::new(),
            tail_size: 0,
            tail_limit,
            in_tail: false,
            dropped: 0,
        }
    }

    /// Takes an item; returns it when it belongs to the head and may be written now.
    pub(super) fn put(&mut self, size: u64, item: T) -> Option<T> {
        if !self.in_tail && size + self.each <= self.head_left {
            self.head_left -= size + self.each;
            return Some(item);
        }
        self.in_tail = true;
        self.tail.push_back((size, item));
        self.tail_size += size + self.each;
        while self.tail_size > self.tail_limit {
            let Some((size, _)) = self.tail.pop_front() else { break };
            self.tail_size -= size + self.each;
            self.dropped += size;
        }
        None
    }

    /// Returns the size of what was left out, and the tail.
    pub(super) fn end(self) -> (u64, impl Iterator<Item = T>) {
        (self.dropped, self.tail.into_iter().map(|(_, item)| item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(limit: u64, sizes: &[u64], head: &[usize], dropped: u64, tail: &[usize]) {
        let mut kept = Kept::new(limit, 0);
        let got: Vec<usize> = sizes.iter().enumerate().filter_map(|(n, s)| kept.put(*s, n)).collect();
        let (left_out, end) = kept.end();
        assert_eq!((got.as_slice(), left_out, end.collect::<Vec<_>>().as_slice()), (head, dropped, tail));
    }

    #[test]
    fn a_short_session_is_kept_whole() {
        check(100, &[30, 30, 15], &[0, 1, 2], 0, &[]);
    }

    #[test]
    fn the_middle_of_a_long_one_is_left_out() {
        check(100, &[40, 30, 10, 10, 10, 10], &[0, 1], 20, &[4, 5]);
    }

    #[test]
    fn what_follows_the_head_never_jumps_the_queue() {
        check(100, &[70, 20, 5], &[0], 0, &[1, 2]);
    }

    #[test]
    fn short_items_cost_what_is_written_around_them() {
        let mut kept = Kept::new(1000, 100);
        let head = (0..1000).filter(|n| kept.put(1, *n).is_some()).count();
        let (dropped, tail) = kept.end();
        assert_eq!((head, dropped, tail.count()), (7, 991, 2));
    }

    #[test]
    fn an_item_larger_than_all_is_counted() {
        check(100, &[10, 1000, 5], &[0], 1000, &[2]);
    }
}
