//! Files that are sure to be asked for, read before they are, on as many processors as there are.
//!
//! **Invariant:** changes when a file is read, never whether or how: what it comes to and what it counts for is
//! settled where it is asked for.

use std::collections::{HashMap, HashSet};
use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

use fairtrial_domain::patch::Patch;

use super::{MOST_READ, noise, text};
use crate::syntax::{Grammar, MOST_BYTES, Source, Unread};

/// Less than this, in bytes, is read sooner than a thread is begun.
const WORTH: usize = 64 << 10;

/// A text by its grammar.
type Key<'a> = (Grammar, &'a str);

/// What was read ahead.
pub(super) type Ahead<'a> = HashMap<Key<'a>, Result<Source<'a>, Unread>>;

/// Reads what the rules and scores ask for of a patch and its reference.
pub(super) fn read<'a>(patch: &'a Patch, reference: Option<&'a Patch>) -> Ahead<'a> {
    by(thread::available_parallelism().map_or(1, NonZero::get), wanted(patch, reference))
}

fn by<'a>(processors: usize, wanted: Vec<Key<'a>>) -> Ahead<'a> {
    let threads = processors.min(wanted.len());
    if threads < 2 || wanted.iter().map(|(_, text)| text.len()).sum::<usize>() < WORTH {
        return Ahead::new();
    }
    let (next, found) = (Mutex::new(wanted.into_iter()), Mutex::new(Ahead::new()));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                // The lock is let go before the text is read.
                let take = || next.lock().ok()?.next();
                while let Some((grammar, text)) = take() {
                    let source = Source::of_grammar(grammar, text);
                    if let Ok(mut found) = found.lock() {
                        found.insert((grammar, text), source);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap_or_default()
}

/// Returns texts that will be asked for, each once, the longest first, no more than are read for one trial.
fn wanted<'a>(patch: &'a Patch, reference: Option<&'a Patch>) -> Vec<Key<'a>> {
    let (mut keys, mut wanted): (HashSet<Key<'a>>, Vec<Key<'a>>) = Default::default();
    let mut want = |grammar, text: &'a str| {
        if !text.is_empty() && text.len() <= MOST_BYTES && keys.insert((grammar, text)) {
            wanted.push((grammar, text));
        }
    };
    for change in [Some(patch), reference].into_iter().flatten().flat_map(|patch| &patch.files) {
        let sides = text(change.before.as_ref()).zip(text(change.after.as_ref()));
        let (Some(grammar), Some((before, after))) = (Grammar::of_path(&change.path), sides) else {
            continue;
        };
        if noise::is_made(&change.path, after) {
            continue;
        }
        want(grammar, after);
        // What is gone is asked for only where there is a reference.
        if reference.is_some() || !after.is_empty() {
            want(grammar, before);
        }
    }
    wanted.sort_by_key(|(_, text)| std::cmp::Reverse(text.len()));
    let mut left = MOST_READ;
    wanted.retain(|(_, text)| left.checked_sub(text.len()).map(|rest| left = rest).is_some());
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::patch;

    #[test]
    fn what_is_read_ahead_is_what_is_read_when_asked() {
        let old = "def a(x):\n    return x and 1\n".repeat(1500);
        let new = old.replace('1', "2");
        let patch =
            patch(&[("a.py", &old, &new), ("b.min.js", "a", "b"), ("c.txt", "a", "b"), ("d.py", "", &old)]);
        let wanted = wanted(&patch, None);
        assert_eq!(wanted, [(Grammar::Python, new.as_str()), (Grammar::Python, old.as_str())]);
        let read = by(2, wanted);
        assert_eq!(read.len(), 2);
        for ((_, text), source) in &read {
            let (ahead, asked) = (source.as_ref().unwrap(), Source::read("a.py", text).unwrap());
            assert_eq!((ahead.grammar, &ahead.tokens), (asked.grammar, &asked.tokens));
            assert_eq!(ahead.definitions(), asked.definitions());
        }
    }

    #[test]
    fn little_is_read_when_it_is_asked_for() {
        let patch = patch(&[("a.py", "x = 1\n", "x = 2\n")]);
        assert_eq!(wanted(&patch, None).len(), 2);
        assert!(by(2, wanted(&patch, None)).is_empty());
    }

    #[test]
    fn what_is_gone_is_read_beside_a_reference_only_and_never_more_than_is_read_for_one_trial() {
        let gone = patch(&[("a.py", "x = 1\n", "")]);
        assert!(wanted(&gone, None).is_empty());
        assert_eq!(wanted(&gone, Some(&gone)).len(), 1);
        let texts: Vec<String> = (0..8).map(|at| format!("x = {at}\n").repeat(MOST_BYTES / 6)).collect();
        let files: Vec<_> = texts.iter().map(|text| ("a.py", "", text.as_str())).collect();
        let bytes: usize = wanted(&patch(&files), None).iter().map(|(_, text)| text.len()).sum();
        assert!(bytes <= MOST_READ && bytes > MOST_READ - MOST_BYTES, "{bytes}");
    }
}
