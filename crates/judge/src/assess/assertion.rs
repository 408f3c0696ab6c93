//! One assertion as its tokens say it: how much it demands, and which values it expects.

use std::collections::BTreeMap;

use super::demand::demand;
use crate::syntax::{Grammar, Source, Token, TokenKind};

/// How much an assertion demands; the higher, the more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Nothing: it holds whatever the code does.
    Nothing,
    /// Something is there, or true.
    Presence,
    /// A part, a bound, a kind.
    Partial,
    /// One value.
    Exact,
}

impl Level {
    /// Returns the level in a few words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Level::Nothing => "nothing",
            Level::Presence => "that something is there",
            Level::Partial => "a part or a bound",
            Level::Exact => "one value",
        }
    }
}

/// One assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assertion {
    /// Its line, from 0.
    pub(super) line: usize,
    /// Its tokens, messages for people left out.
    pub(super) tokens: Vec<String>,
    /// Which of its tokens are values, in one spelling.
    pub(super) values: Vec<String>,
    /// How much it demands.
    pub(super) level: Level,
    /// False when it demands that something is not so.
    pub(super) positive: bool,
}

/// Returns a literal in one spelling: quotes, separators and trailing noughts do not matter.
pub(super) fn plain(literal: &str) -> String {
    let digits: String = literal.chars().filter(|c| *c != '_').collect();
    let number = digits.trim_end_matches(['L', 'f', 'F', 'd', 'D', 'n']);
    if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && let Ok(value) = number.parse::<f64>()
    {
        return value.to_string();
    }
    let text = literal.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '#');
    let bare = text.trim_matches(|c| matches!(c, '"' | '\'' | '`' | '#'));
    if bare.len() < text.len() { format!("\"{bare}\"") } else { literal.to_owned() }
}

/// Words that stand for a value although no grammar calls them a literal.
fn is_value(text: &str) -> bool {
    matches!(text, "True" | "False" | "None" | "true" | "false" | "null" | "undefined" | "nil")
}

/// Returns how often each value stands in these tokens.
pub(super) fn values(source: &Source<'_>, tokens: &[Token]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for token in tokens.iter().filter(|token| token.kind == TokenKind::Literal) {
        *found.entry(plain(source.text_of(token))).or_default() += 1;
    }
    found
}

/// Returns the assertions among these tokens, in order.
pub(super) fn assertions(source: &Source<'_>, tokens: &[Token]) -> Vec<Assertion> {
    let code: Vec<&Token> = tokens.iter().filter(|token| token.kind != TokenKind::Comment).collect();
    let texts: Vec<&str> = code.iter().map(|token| source.text_of(token)).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < texts.len() {
        let Some(end) = span(source.grammar, &texts, &code, at) else {
            at += 1;
            continue;
        };
        let (from, until) = if source.grammar == Some(Grammar::Go) && texts[at] == "t" {
            condition(&texts, at).unwrap_or((at, at))
        } else {
            (at, end)
        };
        if until > from {
            found.push(assertion(&code[from..until], &texts[from..until], source.grammar));
        }
        at = end.max(at + 1);
    }
    found
}

/// Returns the end of the assertion that begins at a token; `None` when none does.
fn span(grammar: Option<Grammar>, texts: &[&str], code: &[&Token], at: usize) -> Option<usize> {
    let next = |n: usize| texts.get(at + n).copied().unwrap_or_default();
    let word = texts[at];
    match grammar? {
        Grammar::Python if word == "assert" => return Some(line_end(texts, code, at)),
        Grammar::Go if word == "t" && next(1) == "." => {
            let fails = ["Error", "Errorf", "Fatal", "Fatalf", "Fail", "FailNow"].contains(&next(2));
            return if fails && next(3) == "(" { close(texts, at + 3).map(|end| end + 1) } else { None };
        }
        Grammar::Rust if word == "should_panic" => {
            return Some(if next(1) == "(" {
                close(texts, at + 1).map_or(at + 1, |end| end + 1)
            } else {
                at + 1
            });
        }
        Grammar::Python
        | Grammar::Go
        | Grammar::Rust
        | Grammar::JavaScript
        | Grammar::TypeScript
        | Grammar::Tsx
        | Grammar::Java => {}
    }
    // A definition is no call.
    let before = at.checked_sub(1).map_or("", |at| texts[at]);
    if ["def", "fn", "function", "func", "void"].contains(&before)
        || !is_head(grammar?, word, before, next(1))
    {
        return None;
    }
    let open = (at + 1..texts.len().min(at + 6)).find(|at| ["(", "["].contains(&texts[*at]))?;
    let mut end = close(texts, open)? + 1;
    // What is chained belongs to it: `.not.toBe(3)`.
    while texts.get(end) == Some(&".") {
        end += 2;
        if texts.get(end) == Some(&"(") {
            end = close(texts, end)? + 1;
        }
    }
    Some(end.min(texts.len()))
}

fn is_head(grammar: Grammar, word: &str, before: &str, next: &str) -> bool {
    match grammar {
        Grammar::Rust => next == "!" && (word.starts_with("assert") || word.starts_with("debug_assert")),
        Grammar::Python => {
            before == "."
                && (word.starts_with("assert") || ["raises", "warns"].contains(&word))
                && next == "("
        }
        Grammar::JavaScript | Grammar::TypeScript | Grammar::Tsx => {
            (word == "expect" || word == "assert") && before != "." && (next == "(" || next == ".")
        }
        Grammar::Go => ["require", "assert"].contains(&word) && next == "." && before != ".",
        Grammar::Java => (word.starts_with("assert") || word == "verify") && next == "(",
    }
}

/// Returns the bracket that closes the one at `open`.
pub(super) fn close(texts: &[&str], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, text) in texts.iter().enumerate().skip(open) {
        match *text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The end of a Python statement: the last token of its logical line.
fn line_end(texts: &[&str], code: &[&Token], at: usize) -> usize {
    let mut depth = 0usize;
    let mut line = code[at].line;
    for here in at..texts.len() {
        if depth == 0 && code[here].line > line {
            return here;
        }
        match texts[here] {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        line = line.max(code[here].line + texts[here].matches('\n').count());
    }
    texts.len()
}

/// In Go the condition says what a failing call demands: the tokens between the nearest `if` around and its brace.
fn condition(texts: &[&str], at: usize) -> Option<(usize, usize)> {
    let mut depth = 0i32;
    let mut brace = None;
    for here in (0..at).rev() {
        match texts[here] {
            "}" => depth += 1,
            "{" if depth == 0 => {
                brace.get_or_insert(here);
            }
            "{" => depth -= 1,
            "if" if depth == 0 => {
                let open = brace?;
                // Behind the last `;` stands the condition; before it, what it is about.
                return Some((here + 1, open));
            }
            "func" if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

fn assertion(code: &[&Token], texts: &[&str], grammar: Option<Grammar>) -> Assertion {
    let kept = without_message(code, texts, grammar);
    let tokens: Vec<String> = kept
        .iter()
        .map(
            |at| if code[*at].kind == TokenKind::Literal { plain(texts[*at]) } else { texts[*at].to_owned() },
        )
        .collect();
    let values = kept
        .iter()
        .filter(|at| code[**at].kind == TokenKind::Literal || is_value(texts[**at]))
        .map(|at| plain(texts[*at]))
        .collect();
    let (level, positive) = demand(&tokens, grammar);
    Assertion { line: code[0].line, tokens, values, level, positive }
}

/// Returns which tokens count: a text for people at the end, or in old JUnit at the beginning, does not.
fn without_message(code: &[&Token], texts: &[&str], grammar: Option<Grammar>) -> Vec<usize> {
    let all: Vec<usize> = (0..texts.len()).collect();
    let statement = texts[0] == "assert" && texts.get(1) != Some(&".") && grammar == Some(Grammar::Python);
    let (open, end) = match texts.iter().position(|text| *text == "(") {
        _ if statement => (0, texts.len()),
        Some(open) => (open, close(texts, open).unwrap_or(texts.len())),
        None => return all,
    };
    let mut depth = 0usize;
    let mut cuts = vec![open];
    for (at, text) in texts.iter().enumerate().take(end).skip(open + 1) {
        match *text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "," if depth == 0 => cuts.push(at),
            _ => {}
        }
    }
    cuts.push(end);
    let arguments: Vec<(usize, usize)> = cuts.windows(2).map(|pair| (pair[0] + 1, pair[1])).collect();
    let name = texts[..open.max(1)].iter().rev().find(|t| t.starts_with(char::is_alphabetic)).unwrap_or(&"");
    let name = name.to_ascii_lowercase();
    let one = statement
        || [
            "assert",
            "asserttrue",
            "assertfalse",
            "ok",
            "true",
            "false",
            "assertnotnull",
            "assertnull",
            "nil",
        ]
        .contains(&name.as_str())
        || ["notnil", "noerror", "error", "assertisnone", "assertisnotnone"].contains(&name.as_str());
    let context = usize::from(grammar == Some(Grammar::Go));
    let demanded = context + if one { 1 } else { 2 };
    if arguments.len() <= demanded || texts[0] == "expect" || name == "should_panic" || name == "raises" {
        return all;
    }
    let text = |(from, to): (usize, usize)| {
        code[from..to].first().is_some_and(|t| t.kind == TokenKind::Literal)
            && texts[from].contains(['"', '\'', '`'])
            || texts[from..to].first().is_some_and(|t| *t == "msg" || *t == "format")
    };
    let first = (demanded..arguments.len()).find(|at| text(arguments[*at]));
    match first {
        Some(first) => (0..arguments[first].0 - 1).chain(end..texts.len()).collect(),
        None if grammar == Some(Grammar::Java) && text(arguments[0]) => {
            (0..=open).chain(arguments[0].1 + 1..texts.len()).collect()
        }
        None => all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(path: &str, text: &str) -> String {
        let source = Source::read(path, text).unwrap();
        let found = assertions(&source, &source.tokens);
        let one = |a: &Assertion| {
            let sign = if a.positive { "" } else { "-" };
            format!("{sign}{:?} {}", a.level, a.values.join(" "))
        };
        found.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn how_much_is_demanded_is_read_in_python() {
        let check = |text, expected| assert_eq!(all("t.py", text), expected, "{text}");
        check("assert f(3) == 9, 'squares'\n", "Exact 3 9");
        check("assert f(3)\n", "Presence 3");
        check("assert 9 in f(3) and (\n  x)\ny = 4\n", "Partial 9 3");
        check("self.assertEqual(f(1), '2', \"why\")\n", "Exact 1 \"2\"");
        check("assert f(3) == 9 or True\n", "Nothing 3 9 True");
        check("with pytest.raises(ValueError, match='no'):\n    f()\n", "Exact \"no\"");
        check("with pytest.raises(Exception):\n    f()\n", "Presence ");
        check("self.assertFalse(f(1))\n", "-Presence 1");
    }

    #[test]
    fn how_much_is_demanded_is_read_in_the_other_languages() {
        let check = |path, text, expected| assert_eq!(all(path, text), expected, "{text}");
        check("t.rs", "fn a() { assert_eq!(f(3), 9, \"squares {}\", x); }\n", "Exact 3 9");
        check("t.rs", "fn a() { assert!(f(3) > 1_000); }\n", "Partial 3 1000");
        check("t.rs", "fn a() { assert!(true); }\n", "Nothing true");
        check("t.js", "expect(f(3)).toBe(9);\n", "Exact 3 9");
        check("t.ts", "expect(f(3)).not.toBeDefined();\n", "-Presence 3");
        check("t.js", "assert.strictEqual(f(3), 9, 'squares');\n", "Exact 3 9");
        check("t.js", "expect(true).toBe(true);\n", "Nothing true true");
        check(
            "t_test.go",
            "package p\nfunc T() { if got := f(3); got != 9 { t.Errorf(\"%d\", got) } }\n",
            "Exact 3 9",
        );
        check("t_test.go", "package p\nfunc T() { require.NotNil(t, f(3)) }\n", "Presence 3");
        check("T.java", "class T { void a() { assertEquals(\"squares\", 9, f(3)); } }\n", "Exact 9 3");
        check("T.java", "class T { void a() { assertThat(f(3)).isEqualTo(9L); } }\n", "Exact 3 9");
        check("T.java", "class T { void a() { assertEquals(f(3), f(3)); } }\n", "Nothing 3 3");
    }

    #[test]
    fn a_literal_has_one_spelling() {
        assert_eq!(
            ["1_000", "0.10", "'a'", "b\"a\"", "10L"].map(plain),
            ["1000", "0.1", "\"a\"", "\"a\"", "10"]
        );
    }
}
