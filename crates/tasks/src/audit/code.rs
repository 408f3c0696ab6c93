//! Reads source text as tokens, well enough to tell code from comments and strings in common languages.
//!
//! **Invariant:** total: any text gives tokens that lie in it, in order and apart from each other.

/// How a language marks comments and strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `#`, and text between three quotes.
    Python,
    /// `#`.
    Shell,
    /// `//`, `/* */`, and a lone quote that may start a lifetime.
    Rust,
    /// `//`, `/* */`.
    Braces,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    /// A string with its quotes.
    Text,
    /// An operator or bracket.
    Mark,
    Comment,
}

/// A piece of source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// Its first byte.
    pub(super) at: usize,
    /// Its line, from 1.
    pub(super) line: usize,
}

impl Style {
    /// Returns how a file is written, by the end of its name; `None` for what is no code.
    pub(super) fn of(path: &str) -> Option<Style> {
        let (_, end) = path.rsplit('/').next()?.rsplit_once('.')?;
        Some(match end {
            "py" | "pyi" => Style::Python,
            "sh" | "bash" | "rb" => Style::Shell,
            "rs" => Style::Rust,
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "tsx" | "java" | "go" | "c" | "h" | "cc"
            | "cpp" | "hpp" | "cs" | "kt" | "swift" | "scala" | "php" => Style::Braces,
            _other => return None,
        })
    }
}

/// Longest first, so that `<=` is not read as `<` and `=`.
const MARKS: &[&str] = &[
    "===", "!==", "<<=", ">>=", "**=", "...", "..=", "==", "!=", "<=", ">=", "&&", "||", "->", "=>", "::",
    "+=", "-=", "*=", "/=", "%=", "<<", ">>", "**", "++", "--", "..", ":=", "??", "?.", "//",
];

/// Returns the tokens of a text.
pub(super) fn tokens(text: &str, style: Style) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            line += usize::from(first == '\n');
            at += first.len_utf8();
            continue;
        }
        let (kind, length) = token(&text[at..], first, style);
        let piece = &text[at..at + length];
        found.push(Token { kind, text: piece, at, line });
        line += piece.matches('\n').count();
        at += length;
    }
    found
}

fn token(rest: &str, first: char, style: Style) -> (Kind, usize) {
    let hash = matches!(style, Style::Python | Style::Shell);
    let to_line_end = || rest.find('\n').unwrap_or(rest.len());
    if (hash && first == '#') || (!hash && rest.starts_with("//")) {
        return (Kind::Comment, to_line_end());
    }
    if !hash && rest.starts_with("/*") {
        return (Kind::Comment, rest[2..].find("*/").map_or(rest.len(), |end| end + 4));
    }
    if style == Style::Python {
        for quotes in ["\"\"\"", "'''"] {
            if let Some(inner) = rest.strip_prefix(quotes) {
                return (Kind::Text, inner.find(quotes).map_or(rest.len(), |end| end + 6));
            }
        }
    }
    if first == '"' || first == '`' || (first == '\'' && !(style == Style::Rust && is_lifetime(rest))) {
        return (Kind::Text, quoted(rest, first));
    }
    if first.is_ascii_digit() {
        let number = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let mut length = rest.find(|c| !number(c)).unwrap_or(rest.len());
        // `1..n` is a number and a range.
        if let Some(range) = rest[..length].find("..") {
            length = range;
        }
        return (Kind::Number, length.max(1));
    }
    if is_word(first) {
        return (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
    }
    let mark = MARKS.iter().find(|mark| rest.starts_with(**mark));
    (Kind::Mark, mark.map_or(first.len_utf8(), |mark| mark.len()))
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn is_lifetime(rest: &str) -> bool {
    let mut chars = rest.chars().skip(1);
    let (second, third) = (chars.next(), chars.next());
    second.is_some_and(|c| c != '\\') && third != Some('\'')
}

/// Returns the bytes of a string that begins here; one that is not closed ends with its line, unless its quotes may
/// hold several.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            '\n' if quote == '\'' => return at,
            _other => {}
        }
    }
    rest.len()
}

/// Returns the words of a text, whatever it is written in.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_word(c)).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(style: Style, text: &str, expected: &str) {
        let said: Vec<String> = tokens(text, style)
            .iter()
            .map(|token| format!("{:?}:{}", token.kind, token.text.replace('\n', "⏎")))
            .collect();
        assert_eq!(said.join(" "), expected);
    }

    #[test]
    fn code_is_told_from_comments_and_strings() {
        check(Style::Python, "a <= 'b # c' # d", "Word:a Mark:<= Text:'b # c' Comment:# d");
        check(Style::Python, "\"\"\"x\n# y\"\"\"\nz", "Text:\"\"\"x⏎# y\"\"\" Word:z");
        check(
            Style::Rust,
            "&'a str, '\\n', 1..2",
            "Mark:& Mark:' Word:a Word:str Mark:, Text:'\\n' Mark:, Number:1 Mark:.. Number:2",
        );
        check(Style::Braces, "a /* b */ !== `c\n${d}`", "Word:a Comment:/* b */ Mark:!== Text:`c⏎${d}`");
    }

    #[test]
    fn what_is_never_closed_ends_with_the_text() {
        check(Style::Braces, "/* ü", "Comment:/* ü");
        check(Style::Python, "'''ü", "Text:'''ü");
        check(Style::Braces, "\"ü\\", "Text:\"ü\\");
    }
}
