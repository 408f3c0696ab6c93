//! Blocks that a patch takes from one place and puts in another, verbatim up to white space.
//!
//! **Invariant:** a line is part of at most one block; the work is bounded: where it ends, fewer lines are said to have
//! moved, never more.

use std::collections::HashMap;

use crate::similarity::one_spaced;

/// The least lines of a block.
pub const LEAST_LINES: usize = 5;
/// The least letters and digits of a block.
pub const LEAST_SIGNS: usize = 20;
/// Places with the same beginning that are tried for each line.
const TRIED: usize = 8;
/// Lines that are compared in all.
const COMPARED: usize = 4_000_000;

/// A stretch of removed or added lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch<'a> {
    /// Which file, as the caller numbers them.
    pub file: usize,
    /// Its first line, from 0.
    pub first: usize,
    /// Its lines.
    pub lines: Vec<&'a str>,
}

/// A block that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// File and first line that it was taken from.
    pub from: (usize, usize),
    /// File and first line that it was put at.
    pub to: (usize, usize),
    /// How many lines.
    pub lines: usize,
}

/// How many lines, from where, to where: stretch and line in it.
type Candidate = (usize, (usize, usize), (usize, usize));

/// Returns the blocks of at least [`LEAST_LINES`] lines with [`LEAST_SIGNS`] letters or digits that stand in `removed`
/// and in `added`, the longest first, none overlapping another.
pub fn moved(removed: &[Stretch<'_>], added: &[Stretch<'_>]) -> Vec<Moved> {
    let mut ids: HashMap<String, u32> = HashMap::new();
    let mut numbered = |stretches: &[Stretch<'_>]| -> Vec<Vec<u32>> {
        let mut id = |line: &str| {
            let next = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            *ids.entry(one_spaced(line).into_owned()).or_insert(next)
        };
        stretches.iter().map(|stretch| stretch.lines.iter().map(|line| id(line)).collect()).collect()
    };
    let (old, new) = (numbered(removed), numbered(added));
    let mut starts: HashMap<&[u32], Vec<(usize, usize)>> = HashMap::new();
    for (at, lines) in new.iter().enumerate() {
        for (line, window) in lines.windows(LEAST_LINES).enumerate() {
            let known = starts.entry(window).or_default();
            if known.len() < TRIED {
                known.push((at, line));
            }
        }
    }
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut left = COMPARED;
    for (at, lines) in old.iter().enumerate() {
        for (line, window) in lines.windows(LEAST_LINES).enumerate() {
            for &(to, place) in starts.get(window).map(Vec::as_slice).unwrap_or_default() {
                // What could begin a line earlier is found there.
                let earlier = line > 0 && place > 0 && lines[line - 1] == new[to][place - 1];
                if !earlier && left > 0 {
                    let same = lines[line..].iter().zip(&new[to][place..]).take_while(|(a, b)| a == b);
                    let same = same.count();
                    left = left.saturating_sub(same);
                    candidates.push((same, (at, line), (to, place)));
                }
            }
        }
    }
    candidates.sort_by_key(|(length, from, to)| (std::cmp::Reverse(*length), *from, *to));
    let used = |lines: &[Vec<u32>]| lines.iter().map(|l| vec![false; l.len()]).collect::<Vec<_>>();
    let (mut gone, mut put) = (used(&old), used(&new));
    let mut found = Vec::new();
    for (length, from, to) in candidates {
        let clear = |used: &[Vec<bool>], (at, line): (usize, usize)| {
            used[at][line..line + length].iter().take_while(|used| !**used).count()
        };
        let length = clear(&gone, from).min(clear(&put, to));
        let signs: usize = removed[from.0].lines[from.1..from.1 + length]
            .iter()
            .map(|line| line.chars().filter(|c| c.is_alphanumeric()).count())
            .sum();
        if length < LEAST_LINES || signs < LEAST_SIGNS {
            continue;
        }
        gone[from.0][from.1..from.1 + length].fill(true);
        put[to.0][to.1..to.1 + length].fill(true);
        let place = |stretches: &[Stretch<'_>], (at, line): (usize, usize)| {
            (stretches[at].file, stretches[at].first + line)
        };
        found.push(Moved { from: place(removed, from), to: place(added, to), lines: length });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(file: usize, first: usize, text: &'static str) -> Stretch<'static> {
        Stretch { file, first, lines: text.lines().collect() }
    }

    const BLOCK: &str = "fn area(w, h) {\n  let a = w * h;\n  log(a);\n  return a;\n}\n";

    #[test]
    fn a_block_that_stands_elsewhere_moved() {
        let put =
            stretch(1, 4, "before\nfn area(w, h) {\n    let a = w * h;\n    log(a);\n    return a;\n}\n");
        let found = moved(&[stretch(0, 10, BLOCK)], &[put]);
        assert_eq!(found, [Moved { from: (0, 10), to: (1, 5), lines: 5 }]);
    }

    #[test]
    fn few_lines_or_signs_are_no_block() {
        let four = stretch(0, 0, "fn area(w, h) {\n  let a = w * h;\n  log(a);\n  return a;\n");
        assert_eq!(moved(std::slice::from_ref(&four), std::slice::from_ref(&four)), []);
        let braces = stretch(0, 0, "}\n}\n}\n}\n}\n}\n");
        assert_eq!(moved(std::slice::from_ref(&braces), std::slice::from_ref(&braces)), []);
    }

    #[test]
    fn a_line_moves_once() {
        let found = moved(&[stretch(0, 0, BLOCK)], &[stretch(1, 0, BLOCK), stretch(2, 0, BLOCK)]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn repeated_lines_end_soon() {
        let many = "same line of text here\n".repeat(100_000);
        let stretch = Stretch { file: 0, first: 0, lines: many.lines().collect() };
        assert_eq!(moved(std::slice::from_ref(&stretch), std::slice::from_ref(&stretch))[0].lines, 100_000);
    }
}
