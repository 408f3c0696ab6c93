//! Finds assertions and what in them to change.

use std::ops::Range;

use super::lex::{Kind, Language, Piece};
use super::{Edit, other};

/// What an assertion compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// One condition.
    Condition,
    /// Two values, from the argument given on.
    Values(usize),
    /// What was expected is named or stands after `expect(…)`.
    Expected,
}

/// An assertion: its name and its arguments, as ranges of pieces.
#[derive(Debug, Clone)]
pub(super) struct Place {
    sort: Sort,
    name: usize,
    arguments: Vec<Range<usize>>,
}

/// Names of comparisons and their opposites.
const OPPOSITES: [(&str, &str); 24] = [
    ("assertEqual", "assertNotEqual"),
    ("assertTrue", "assertFalse"),
    ("assertIn", "assertNotIn"),
    ("assertIs", "assertIsNot"),
    ("assertIsNone", "assertIsNotNone"),
    ("assertIsInstance", "assertNotIsInstance"),
    ("assertRegex", "assertNotRegex"),
    ("assertAlmostEqual", "assertNotAlmostEqual"),
    ("assertGreater", "assertLessEqual"),
    ("assertLess", "assertGreaterEqual"),
    ("assert_eq", "assert_ne"),
    ("debug_assert_eq", "debug_assert_ne"),
    ("equal", "notEqual"),
    ("strictEqual", "notStrictEqual"),
    ("deepEqual", "notDeepEqual"),
    ("deepStrictEqual", "notDeepStrictEqual"),
    ("match", "doesNotMatch"),
    ("Equal", "NotEqual"),
    ("True", "False"),
    ("Nil", "NotNil"),
    ("NoError", "Error"),
    ("Contains", "NotContains"),
    ("Len", "NotLen"),
    ("Empty", "NotEmpty"),
];

const EXPECTED: [&str; 5] = ["expected", "expect", "want", "wanted", "expected_output"];

/// Returns every assertion, in order.
pub(super) fn places(text: &str, pieces: &[Piece], language: Language) -> Vec<Place> {
    (0..pieces.len()).filter_map(|at| place(text, pieces, at, language)).collect()
}

fn place(text: &str, pieces: &[Piece], at: usize, language: Language) -> Option<Place> {
    let word = word(text, pieces, at)?;
    let mark = |at: usize, mark: u8| pieces.get(at).is_some_and(|p| p.kind == Kind::Mark(mark));
    let dotted = at > 0 && mark(at - 1, b'.');
    let owner = if dotted && at > 1 { self::word(text, pieces, at - 2) } else { None };
    let (sort, open) = match language {
        Language::Python if word == "assert" && !mark(at + 1, b'(') || python_statement(pieces, at, word) => {
            return Some(Place { sort: Sort::Condition, name: at, arguments: statement(pieces, at + 1) });
        }
        Language::Python if word.starts_with("assert") => {
            let one = ["assertTrue", "assertFalse", "assertIsNone", "assertIsNotNone"].contains(&word);
            (if one { Sort::Condition } else { Sort::Values(0) }, at + 1)
        }
        Language::Rust if word.trim_start_matches("debug_").starts_with("assert") && mark(at + 1, b'!') => {
            (if word.ends_with("assert") { Sort::Condition } else { Sort::Values(0) }, at + 2)
        }
        Language::JavaScript if word == "expect" && mark(at + 1, b'(') => {
            return expectation(text, pieces, at);
        }
        Language::JavaScript if word == "assert" || word == "ok" && owner == Some("assert") => {
            (Sort::Condition, at + 1)
        }
        Language::JavaScript if owner == Some("assert") || owner == Some("t") => (Sort::Values(0), at + 1),
        Language::Go if owner == Some("assert") || owner == Some("require") => (Sort::Values(1), at + 1),
        Language::Go if word == "if" && !dotted => return comparison(pieces, at),
        Language::Python | Language::Rust | Language::JavaScript | Language::Go => {
            return assigned(text, pieces, at, word);
        }
    };
    let arguments = arguments(pieces, open)?;
    Some(Place { sort, name: at, arguments })
}

fn word<'a>(text: &'a str, pieces: &[Piece], at: usize) -> Option<&'a str> {
    let piece = pieces.get(at)?;
    (piece.kind == Kind::Word).then(|| &text[piece.at.clone()])
}

/// `assert (a) == b` is a statement too: what stands before decides.
fn python_statement(pieces: &[Piece], at: usize, word: &str) -> bool {
    let begins = at == 0 || matches!(pieces[at - 1].kind, Kind::Line | Kind::Mark(b':' | b';'));
    word == "assert" && begins
}

/// Returns the parts between top-level commas of the bracket that opens at `open`.
fn arguments(pieces: &[Piece], open: usize) -> Option<Vec<Range<usize>>> {
    if !matches!(pieces.get(open)?.kind, Kind::Mark(b'(' | b'[' | b'{')) {
        return None;
    }
    parts(pieces, open + 1, |_| false)
}

/// Returns the parts of a statement without brackets, to the end of its line.
fn statement(pieces: &[Piece], from: usize) -> Vec<Range<usize>> {
    parts(pieces, from, |kind| matches!(kind, Kind::Line | Kind::Mark(b';'))).unwrap_or_default()
}

fn parts(pieces: &[Piece], from: usize, ends: impl Fn(&Kind) -> bool) -> Option<Vec<Range<usize>>> {
    let (mut depth, mut start, mut found) = (0_usize, from, Vec::new());
    for (at, piece) in pieces.iter().enumerate().skip(from) {
        match &piece.kind {
            Kind::Mark(b'(' | b'[' | b'{') => depth += 1,
            Kind::Mark(b')' | b']' | b'}') if depth == 0 => {
                found.push(start..at);
                return Some(found);
            }
            Kind::Mark(b')' | b']' | b'}') => depth -= 1,
            kind if depth == 0 && ends(kind) => {
                found.push(start..at);
                return Some(found);
            }
            Kind::Mark(b',') if depth == 0 => {
                found.push(start..at);
                start = at + 1;
            }
            Kind::Word | Kind::Number | Kind::Text(_) | Kind::Pattern | Kind::Mark(_) | Kind::Line => {}
        }
    }
    found.push(start..pieces.len());
    Some(found)
}

/// `expect(a).toBe(b)`: the name is the matcher's, the arguments its own and then those of `expect`.
fn expectation(text: &str, pieces: &[Piece], at: usize) -> Option<Place> {
    let given = arguments(pieces, at + 1)?;
    let mut next = given.last()?.end + 1;
    let mut name = None;
    while matches!(pieces.get(next)?.kind, Kind::Mark(b'.') | Kind::Line) {
        next += 1;
        if let Some(word) = word(text, pieces, next) {
            name = (word != "not").then_some(next).or(name);
            next += 1;
        }
    }
    let mut all = arguments(pieces, next)?;
    all.extend(given);
    Some(Place { sort: Sort::Expected, name: name?, arguments: all })
}

/// Go's `if got != 5 {`.
fn comparison(pieces: &[Piece], at: usize) -> Option<Place> {
    let body = pieces.iter().skip(at).position(|p| matches!(p.kind, Kind::Mark(b'{') | Kind::Line))? + at;
    let mut pairs = pieces[at..body].windows(2);
    let compares = pairs.any(|p| p[0].kind == Kind::Mark(b'!') && p[1].kind == Kind::Mark(b'='));
    let condition = at + 1..body;
    compares.then(|| Place { sort: Sort::Expected, name: at, arguments: vec![condition] })
}

/// `expected = …` and `want: …`.
fn assigned(text: &str, pieces: &[Piece], at: usize, word: &str) -> Option<Place> {
    let mark = |at: usize, mark: u8| pieces.get(at).is_some_and(|p| p.kind == Kind::Mark(mark));
    let plain = mark(at + 1, b'=') && !mark(at + 2, b'=') && !mark(at + 2, b'>');
    let from = if plain || mark(at + 1, b':') && !mark(at + 2, b':') {
        at + 2 + usize::from(mark(at + 1, b':') && mark(at + 2, b'='))
    } else {
        return None;
    };
    if !EXPECTED.contains(&word.to_ascii_lowercase().as_str()) {
        return None;
    }
    let value = statement(pieces, from).into_iter().next()?;
    let literal = value.clone().any(|at| other(text, &pieces[at]).is_some());
    literal.then(|| Place { sort: Sort::Expected, name: at, arguments: vec![value] })
}

impl Place {
    /// Returns what to change: literals of what is expected, else the expected value itself, else the sense.
    pub(super) fn edits(&self, text: &str, pieces: &[Piece], language: Language) -> Vec<Edit> {
        let name = &text[pieces[self.name].at.clone()];
        let denies = name.contains("Not") || name.contains("False") || name.ends_with("_ne");
        let literal = |range: &Range<usize>| {
            range.clone().rev().filter_map(|at| pieces.get(at)).find_map(|piece| other(text, piece))
        };
        let opposite = || self.opposite(name, pieces);
        match self.sort {
            Sort::Condition => {
                let Some(condition) = self.arguments.first().filter(|range| !range.is_empty()) else {
                    return vec![];
                };
                let edit = if denies { opposite() } else { None };
                let edit = edit.or_else(|| literal(condition)).or_else(opposite);
                edit.map_or_else(|| denied(pieces, condition, language), |edit| vec![edit])
            }
            Sort::Values(from) => {
                if denies {
                    return opposite().into_iter().collect();
                }
                // Without a literal in the second value, one in the first may be what is given and make no difference.
                match self.arguments.get(from + 1).and_then(literal) {
                    Some(second) => {
                        let first = self.arguments.get(from).and_then(literal);
                        first.into_iter().chain([second]).collect()
                    }
                    None => self.unequal(name, pieces, language),
                }
            }
            Sort::Expected => {
                let found = self.arguments.iter().find_map(literal);
                found.map_or_else(|| self.not_expected(text, pieces, language), |edit| vec![edit])
            }
        }
    }

    fn opposite(&self, name: &str, pieces: &[Piece]) -> Option<Edit> {
        let to = OPPOSITES.iter().find_map(
            |(a, b)| {
                if name == *a { Some(*b) } else { (name == *b).then_some(*a) }
            },
        )?;
        Some(Edit { at: pieces[self.name].at.clone(), to: to.to_owned() })
    }

    /// Puts the expected value into a list with another, which is equal to nothing that is no list; where types
    /// forbid it, the sense is turned.
    fn unequal(&self, name: &str, pieces: &[Piece], language: Language) -> Vec<Edit> {
        let equal = ["assertEqual", "assertEquals", "equal", "strictEqual", "deepEqual", "deepStrictEqual"];
        let listable = matches!(language, Language::Python | Language::JavaScript) && equal.contains(&name);
        match self.arguments.get(1).filter(|range| listable && !range.is_empty()) {
            Some(expected) => around(pieces, expected, "[", ", 7]"),
            None => self.opposite(name, pieces).into_iter().collect(),
        }
    }

    fn not_expected(&self, text: &str, pieces: &[Piece], language: Language) -> Vec<Edit> {
        let before = self.name.checked_sub(2).and_then(|at| word(text, pieces, at));
        if language != Language::JavaScript || before == Some("not") {
            return vec![];
        }
        let at = pieces[self.name].at.start;
        vec![Edit { at: at..at, to: "not.".to_owned() }]
    }
}

fn denied(pieces: &[Piece], condition: &Range<usize>, language: Language) -> Vec<Edit> {
    match language {
        Language::Python => around(pieces, condition, "not (", ")"),
        Language::Rust | Language::JavaScript => around(pieces, condition, "!(", ")"),
        Language::Go => vec![],
    }
}

fn around(pieces: &[Piece], range: &Range<usize>, before: &str, after: &str) -> Vec<Edit> {
    let solid = |at: &usize| pieces[*at].kind != Kind::Line;
    let (Some(first), Some(last)) = (range.clone().find(solid), range.clone().rev().find(solid)) else {
        return vec![];
    };
    let (from, to) = (pieces[first].at.start, pieces[last].at.end);
    vec![Edit { at: from..from, to: before.to_owned() }, Edit { at: to..to, to: after.to_owned() }]
}
