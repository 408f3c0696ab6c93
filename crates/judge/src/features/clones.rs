//! Code that a patch repeats: runs of at least fifty tokens that stand elsewhere too.
//!
//! The files that the patch touches are looked through, both what was there and what was added.

use std::collections::HashMap;

use super::{Files, Sources, Unmeasured};
use crate::syntax::{Token, TokenKind};

/// The least tokens of a clone.
pub(crate) const LEAST: usize = 50;

/// The base of the rolling hash: odd, and large.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clones {
    /// Tokens that the patch adds; comments and imports are none.
    pub(crate) added: usize,
    /// Those of them that lie in a clone.
    pub(crate) cloned: usize,
    /// Where clones begin: path and line from 0.
    pub(crate) places: Vec<(String, usize)>,
}

/// One file after the change: its tokens as numbers, which of them are new, and their lines.
struct Tokens<'a> {
    path: &'a str,
    ids: Vec<u32>,
    new: Vec<bool>,
    lines: Vec<usize>,
}

/// Returns the clones among a patch's added tokens.
///
/// # Errors
/// When no file is in a language that is read, or one is too large.
pub(crate) fn clones<'a>(files: &Files<'a>, sources: &Sources<'a>) -> Result<Clones, Unmeasured> {
    let mut all: Vec<Tokens<'_>> = Vec::new();
    for file in files.files.iter().filter(|file| !file.is_made()) {
        let Some(after) = file.after.filter(|text| !text.is_empty()) else { continue };
        let source = sources.get(file.path, after);
        let Ok(source) = source.as_ref() else {
            return Err(Unmeasured(format!("too large: `{}` is not read", file.path)));
        };
        if source.grammar.is_none() {
            continue;
        }
        let mut fresh = vec![false; after.lines().count() + 1];
        file.real().for_each(|hunk| fresh[hunk.new.clone()].fill(true));
        let mut tokens = Tokens { path: file.path, ids: vec![], new: vec![], lines: vec![] };
        let code = |token: &Token| matches!(token.kind, TokenKind::Code | TokenKind::Literal);
        let numbered = source.tokens.iter().zip(sources.numbers(source));
        for (token, number) in numbered.filter(|(token, _)| code(token)) {
            tokens.ids.push(*number);
            tokens.new.push(fresh.get(token.line).copied().unwrap_or(false));
            tokens.lines.push(token.line);
        }
        all.push(tokens);
    }
    if all.is_empty() {
        return Err(Unmeasured("no file in a language that is read was changed".to_owned()));
    }
    Ok(find(&all))
}

fn find(all: &[Tokens<'_>]) -> Clones {
    // Old windows first: a new one that repeats an old one is the clone, and of two new ones the later.
    let mut seen: HashMap<u64, (usize, usize)> = HashMap::new();
    let mut marked: Vec<Vec<bool>> = all.iter().map(|tokens| vec![false; tokens.ids.len()]).collect();
    let mut places = Vec::new();
    for only_new in [false, true] {
        for (file, tokens) in all.iter().enumerate() {
            let mut count = 0;
            let mut until = 0;
            for (at, hash) in windows(&tokens.ids) {
                // How many of the window's tokens are new, carried along.
                count = match at {
                    0 => tokens.new[..LEAST].iter().filter(|new| **new).count(),
                    _ => count + usize::from(tokens.new[at + LEAST - 1]) - usize::from(tokens.new[at - 1]),
                };
                if (count == LEAST) != only_new {
                    continue;
                }
                let known = seen.get(&hash).copied().filter(|(other, start)| {
                    let apart = *other != file || start + LEAST <= at;
                    apart && all[*other].ids[*start..start + LEAST] == tokens.ids[at..at + LEAST]
                });
                if known.is_some() && only_new {
                    marked[file][at..at + LEAST].fill(true);
                    if at >= until {
                        places.push((tokens.path.to_owned(), tokens.lines[at]));
                    }
                    until = at + LEAST;
                }
                seen.entry(hash).or_insert((file, at));
            }
        }
    }
    let count = |marks: &dyn Fn(usize, usize) -> bool| {
        (0..all.len()).map(|file| (0..all[file].ids.len()).filter(|at| marks(file, *at)).count()).sum()
    };
    Clones {
        added: count(&|file, at| all[file].new[at]),
        cloned: count(&|file, at| marked[file][at]),
        places,
    }
}

/// Returns every window of [`LEAST`] tokens with its hash.
fn windows(ids: &[u32]) -> impl Iterator<Item = (usize, u64)> {
    let top = (1..LEAST).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let mut hash = 0u64;
    ids.iter().enumerate().filter_map(move |(at, id)| {
        if at >= LEAST {
            hash = hash.wrapping_sub(top.wrapping_mul(u64::from(ids[at - LEAST]) + 1));
        }
        hash = hash.wrapping_mul(BASE).wrapping_add(u64::from(*id) + 1);
        (at + 1 >= LEAST).then(|| (at + 1 - LEAST, hash))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::patch;

    fn function(name: &str) -> String {
        let lines: String = (0..12).map(|at| format!("    total = total + weigh(item, {at})\n")).collect();
        format!("def {name}(item, total):\n{lines}    return total\n")
    }

    fn found(before: &str, after: &str) -> Clones {
        let patch = patch(&[("m.py", before, after)]);
        let sources = Sources::default();
        clones(&Files::of(&patch, &sources), &sources).unwrap()
    }

    #[test]
    fn a_copy_of_what_was_there_is_a_clone() {
        let old = function("a");
        let got = found(&old, &format!("{old}{}", function("b")));
        assert!(got.cloned > 100 && got.cloned < got.added, "{got:?}");
        assert_eq!(got.places.len(), 1);
    }

    #[test]
    fn of_two_new_copies_one_is_the_clone() {
        let got = found("x = 1\n", &format!("x = 1\n{}{}", function("a"), function("b")));
        assert!(got.cloned * 2 <= got.added && got.cloned > 100, "{got:?}");
    }

    #[test]
    fn what_stands_once_is_no_clone() {
        let got = found("x = 1\n", &format!("x = 1\n{}", function("a")));
        assert_eq!((got.cloned, got.places.len()), (0, 0));
        assert_eq!(found(&function("a"), &function("b")).cloned, 0);
    }
}
