//! Cuts source text into the pieces that assertions are made of: words, literals and punctuation.
//!
//! **Invariant:** total on any text; pieces are in order, do not overlap, and lie on character borders.

use std::ops::Range;

/// A language whose tests can be altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    Rust,
    JavaScript,
    Go,
}

/// Returns the language of a path by its ending.
pub(super) fn language(path: &str) -> Option<Language> {
    match path.rsplit_once('.')?.1 {
        "py" => Some(Language::Python),
        "rs" => Some(Language::Rust),
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Some(Language::JavaScript),
        "go" => Some(Language::Go),
        _ => None,
    }
}

/// What a piece is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    /// A string or character, with the part between its quotes.
    Text(Range<usize>),
    /// A pattern of JavaScript.
    Pattern,
    Mark(u8),
    /// The end of a line.
    Line,
}

/// One piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) kind: Kind,
    pub(super) at: Range<usize>,
}

/// Returns the pieces of `text`; comments and blanks are none.
pub(super) fn pieces(text: &str, language: Language) -> Vec<Piece> {
    let mut lexer = Lexer { text: text.as_bytes(), at: 0, language, found: Vec::new() };
    while lexer.at < lexer.text.len() {
        lexer.next();
    }
    lexer.found
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    language: Language,
    found: Vec<Piece>,
}

impl Lexer<'_> {
    fn next(&mut self) {
        let (start, byte) = (self.at, self.text[self.at]);
        if let Some(end) = self.comment() {
            self.at = end;
        } else if byte == b'\n' {
            self.push(Kind::Line, start + 1);
        } else if byte.is_ascii_whitespace() {
            self.at += 1;
        } else if self.quoted(start) {
        } else if byte == b'_' || byte.is_ascii_alphabetic() || byte >= 0x80 {
            self.word(start);
        } else if byte.is_ascii_digit() {
            let ends = |at: usize, b: u8| {
                !(b.is_ascii_alphanumeric() || b == b'_' || b == b'.' && self.digit(at + 1))
            };
            let end =
                (start..self.text.len()).find(|at| ends(*at, self.text[*at])).unwrap_or(self.text.len());
            self.push(Kind::Number, end);
        } else if byte == b'/' && self.language == Language::JavaScript && self.pattern_may_stand() {
            self.pattern(start);
        } else {
            self.push(Kind::Mark(byte), start + 1);
        }
    }

    fn push(&mut self, kind: Kind, end: usize) {
        self.found.push(Piece { kind, at: self.at..end });
        self.at = end;
    }

    fn starts(&self, at: usize, with: &[u8]) -> bool {
        self.text.get(at..).is_some_and(|rest| rest.starts_with(with))
    }

    fn digit(&self, at: usize) -> bool {
        self.text.get(at).is_some_and(u8::is_ascii_digit)
    }

    /// Returns where `needle` ends, from `at` on, or the end of the text.
    fn after(&self, at: usize, needle: &[u8]) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.windows(needle.len())
            .position(|w| w == needle)
            .map_or(self.text.len(), |p| at + p + needle.len())
    }

    fn comment(&self) -> Option<usize> {
        let line = |at: usize| {
            self.text[at..].iter().position(|b| *b == b'\n').map_or(self.text.len(), |length| at + length)
        };
        match self.language {
            Language::Python => self.starts(self.at, b"#").then(|| line(self.at)),
            Language::Rust | Language::JavaScript | Language::Go => {
                if self.starts(self.at, b"//") {
                    Some(line(self.at))
                } else {
                    self.starts(self.at, b"/*").then(|| self.after(self.at + 2, b"*/"))
                }
            }
        }
    }

    fn word(&mut self, start: usize) {
        let is_in = |b: &u8| *b == b'_' || b.is_ascii_alphanumeric() || *b >= 0x80;
        let length = self.text[start..].iter().take_while(|b| is_in(b)).count();
        let end = start + length;
        let prefix = self.text[start..end].iter().all(|b| b"rbfuRBFU".contains(b)) && length <= 2;
        let raw = prefix && matches!(self.language, Language::Python | Language::Rust);
        if raw && self.text.get(end).is_some_and(|b| b"\"'#".contains(b)) && self.quoted(end) {
            return;
        }
        self.push(Kind::Word, end);
    }

    /// Takes a string or character whose quote stands at `open`; returns whether there is one.
    fn quoted(&mut self, open: usize) -> bool {
        let Some(&quote) = self.text.get(open) else { return false };
        match (quote, self.language) {
            (b'"' | b'\'', Language::Python) => {
                let long = [quote; 3];
                if self.starts(open, &long) {
                    let end = self.after(open + 3, &long);
                    self.text_piece(open + 3, end.saturating_sub(3), end);
                } else {
                    self.short(open, quote);
                }
            }
            (b'"', Language::Rust | Language::JavaScript | Language::Go)
            | (b'\'' | b'`', Language::JavaScript)
            | (b'`', Language::Go) => self.short(open, quote),
            (b'\'', Language::Rust | Language::Go) => return self.character(open),
            (b'#', Language::Rust) => return self.fenced(open),
            _ => return false,
        }
        true
    }

    fn short(&mut self, open: usize, quote: u8) {
        let mut at = open + 1;
        while at < self.text.len() && self.text[at] != quote {
            let many = quote == b'`' || self.language == Language::Rust;
            if self.text[at] == b'\n' && !many {
                break;
            }
            at +=
                1 + usize::from(self.text[at] == b'\\' && !(quote == b'`' && self.language == Language::Go));
        }
        let end = at.min(self.text.len());
        self.text_piece(open + 1, end, (end + 1).min(self.text.len()));
    }

    /// `'a'` and `'\n'`, but not the lifetime `'a`.
    fn character(&mut self, open: usize) -> bool {
        let escaped = self.starts(open + 1, b"\\");
        let from = open + 2 + usize::from(escaped);
        let close = self.text.iter().skip(from).take(8).position(|b| *b == b'\'').map(|p| from + p);
        match close {
            Some(close) if escaped || close == open + 2 => self.text_piece(open + 1, close, close + 1),
            Some(close) if self.text[open + 1] >= 0x80 => self.text_piece(open + 1, close, close + 1),
            Some(_) | None => return false,
        }
        true
    }

    /// Rust's `r#"…"#`.
    fn fenced(&mut self, open: usize) -> bool {
        let fence = self.text[open..].iter().take_while(|b| **b == b'#').count();
        if self.text.get(open + fence) != Some(&b'"') || open == self.at {
            return false;
        }
        let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', fence)).collect();
        let end = self.after(open + fence + 1, &close);
        self.text_piece(open + fence + 1, end.saturating_sub(close.len()), end);
        true
    }

    fn text_piece(&mut self, from: usize, to: usize, end: usize) {
        self.push(Kind::Text(from.min(to)..to), end.max(self.at + 1));
    }

    /// Whether `/` opens a pattern here and divides nothing.
    fn pattern_may_stand(&self) -> bool {
        match self.found.last() {
            None => true,
            Some(Piece { kind: Kind::Mark(mark), .. }) => !b")]}".contains(mark),
            Some(Piece { kind: Kind::Line, .. }) => true,
            Some(Piece { kind: Kind::Word, at }) => self.text[at.clone()] == *b"return",
            Some(Piece { kind: Kind::Number | Kind::Text(_) | Kind::Pattern, .. }) => false,
        }
    }

    fn pattern(&mut self, start: usize) {
        let (mut at, mut class) = (start + 1, false);
        while at < self.text.len() && self.text[at] != b'\n' && (class || self.text[at] != b'/') {
            match self.text[at] {
                b'[' => class = true,
                b']' => class = false,
                b'\\' => at += 1,
                _ => {}
            }
            at += 1;
        }
        self.push(Kind::Pattern, (at + 1).min(self.text.len()));
    }
}
