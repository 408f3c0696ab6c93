//! Lines as visible words, and which words of two lines differ.

use fairtrial_domain::diff::Span;
use similar::{Algorithm, DiffTag, capture_diff_slices};

use crate::row::CLIP_CHARS;
use crate::visible;

/// Lines longer than this, in bytes, are one word.
const WORDS_BYTES: usize = 4096;

/// Two lines closer than this are worth marking word by word.
const CLOSE: f64 = 0.4;

const NO_NEWLINE: &str = "‹no newline at end›";

/// A line as shown: words, spaces and signs, each already visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words(Vec<String>);

/// Which words of a line changed.
pub(crate) type Marks = Vec<bool>;

impl Words {
    /// Splits `line`. A missing `\n` is shown as a token; the `\r` of a `\r\n` only where `ends` says that line
    /// ends are mixed.
    pub(crate) fn of(line: &str, ends: bool) -> Words {
        let (body, newline) = line.strip_suffix('\n').map_or((line, false), |body| (body, true));
        let (body, pair) = match body.strip_suffix('\r') {
            Some(body) if newline => (body, true),
            Some(_) | None => (body, false),
        };
        let mut words: Vec<String> = split(body).into_iter().map(|word| visible(word).into_owned()).collect();
        if pair && ends {
            words.push("␍".to_owned());
        }
        if !newline {
            words.push(NO_NEWLINE.to_owned());
        }
        Words(words)
    }

    /// Returns the line, clipped.
    pub(crate) fn text(&self) -> String {
        self.spans(None).into_iter().map(|span| span.text).collect()
    }

    /// Returns the line in pieces, clipped after [`CLIP_CHARS`] characters with a token that counts the rest.
    pub(crate) fn spans(&self, marks: Option<&Marks>) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        let (mut room, mut lost) = (CLIP_CHARS, 0);
        for (at, word) in self.0.iter().enumerate() {
            let changed = marks.is_some_and(|marks| marks.get(at).copied().unwrap_or(false));
            let chars = word.chars().count();
            let kept: String = word.chars().take(room).collect();
            lost += chars.saturating_sub(room);
            room = room.saturating_sub(chars);
            match spans.last_mut() {
                Some(last) if last.changed == changed => last.text.push_str(&kept),
                Some(_) if kept.is_empty() => {}
                Some(_) | None => spans.push(Span { text: kept, changed }),
            }
        }
        if lost > 0 {
            spans.push(Span { text: format!("‹+{lost} characters›"), changed: false });
        }
        spans
    }

    /// Returns which words of each line differ, or `None` when the lines have too little in common.
    pub(crate) fn marks(&self, other: &Words) -> Option<(f64, Marks, Marks)> {
        let (mut old, mut new) = (vec![true; self.0.len()], vec![true; other.0.len()]);
        let mut equal = 0;
        for op in capture_diff_slices(Algorithm::Myers, &self.0, &other.0) {
            if op.tag() == DiffTag::Equal {
                old[op.old_range()].fill(false);
                new[op.new_range()].fill(false);
                equal += weight(&self.0[op.old_range()]);
            }
        }
        let ratio = 2.0 * equal as f64 / (weight(&self.0) + weight(&other.0)).max(1) as f64;
        smooth(&self.0, &mut old);
        smooth(&other.0, &mut new);
        (ratio >= CLOSE).then_some((ratio, old, new))
    }
}

/// Characters that are neither white space nor our own token.
fn weight(words: &[String]) -> usize {
    words
        .iter()
        .filter(|word| *word != NO_NEWLINE)
        .flat_map(|word| word.chars())
        .filter(|c| !c.is_whitespace())
        .count()
}

/// Marks a space between two changed words, so that they read as one.
fn smooth(words: &[String], marks: &mut Marks) {
    for at in 1..marks.len().saturating_sub(1) {
        if words[at].chars().all(char::is_whitespace) && marks[at - 1] && marks[at + 1] {
            marks[at] = true;
        }
    }
}

fn split(line: &str) -> Vec<&str> {
    if line.len() > WORDS_BYTES {
        return vec![line];
    }
    let mut words = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, c) in line.char_indices() {
        let kind = kind(c);
        if last.is_some_and(|last| last != kind || kind == Kind::Sign) {
            words.push(&line[start..at]);
            start = at;
        }
        last = Some(kind);
    }
    if start < line.len() {
        words.push(&line[start..]);
    }
    words
}

#[derive(PartialEq, Clone, Copy)]
enum Kind {
    Word,
    Space,
    Sign,
}

fn kind(c: char) -> Kind {
    if c.is_alphanumeric() || c == '_' {
        Kind::Word
    } else if c.is_whitespace() {
        Kind::Space
    } else {
        Kind::Sign
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(old: &str, new: &str, expected: Option<(&str, &str)>) {
        let (old, new) = (Words::of(old, true), Words::of(new, true));
        let marked = |words: &Words, marks: &Marks| -> String {
            let show = |span: Span| if span.changed { format!("[{}]", span.text) } else { span.text };
            words.spans(Some(marks)).into_iter().map(show).collect()
        };
        let found = old.marks(&new).map(|(_, a, b)| (marked(&old, &a), marked(&new, &b)));
        assert_eq!(found.as_ref().map(|(a, b)| (a.as_str(), b.as_str())), expected);
    }

    #[test]
    fn changed_words_are_marked() {
        check(
            "fn total() -> Money {\n",
            "fn total() -> Result<Money, Error> {\n",
            Some(("fn total() -> Money {", "fn total() -> [Result<]Money[, Error>] {")),
        );
        check("same words\r\n", "same words\n", Some(("same words[␍]", "same words")));
        check("same words", "same words\n", Some(("same words[‹no newline at end›]", "same words")));
        check("nothing\n", "alike here\n", None);
    }

    #[test]
    fn a_long_line_is_clipped_with_the_count_of_the_rest() {
        for words in ["x".repeat(5000), "x ".repeat(2500), "x ".repeat(500)] {
            let text = Words::of(&format!("{words}\n"), false).text();
            let rest = words.len() - CLIP_CHARS;
            assert!(text.ends_with(&format!("‹+{rest} characters›")), "{text}");
            assert_eq!(text.chars().count(), CLIP_CHARS + format!("‹+{rest} characters›").chars().count());
        }
    }
}
