//! Finds the test functions of a file and counts what they assert, by line, in Python, Rust, JavaScript, Go and Java.
//!
//! **Invariant:** reads any text without failing; what it does not recognise is no test.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A language whose tests can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    Python,
    Rust,
    JavaScript,
    Go,
    Java,
}

/// Returns the language of a path by its ending.
pub(crate) fn language(path: &str) -> Option<Language> {
    match path.rsplit_once('.')?.1 {
        "py" => Some(Language::Python),
        "rs" => Some(Language::Rust),
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Some(Language::JavaScript),
        "go" => Some(Language::Go),
        "java" => Some(Language::Java),
        _ => None,
    }
}

/// One test function. Lines count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Test {
    /// Its name; in Python with its class.
    pub(crate) name: String,
    /// The first line that belongs to it, its decorators included.
    pub(crate) first: usize,
    /// The line with its name.
    pub(crate) header: usize,
    /// The last line that belongs to it.
    pub(crate) last: usize,
    /// How many assertions it holds.
    pub(crate) assertions: usize,
    /// Equal for tests whose lines below the header are equal up to white space at their ends.
    pub(crate) body: u64,
    /// The first statement below the header, where it is short.
    pub(crate) starts_with: Option<String>,
}

/// What each line of a text adds, worked out once, so that many long tests cost no more than one.
struct Lines<'a> {
    text: Vec<&'a str>,
    /// Brackets open before each line, and after the last.
    depth: Vec<i64>,
    /// The lowest of `depth` from here to the end.
    lowest: Vec<i64>,
    /// Assertions before each line.
    assertions: Vec<usize>,
    /// A rolling hash of all lines before each line.
    hash: Vec<u64>,
    /// Powers of the rolling hash's base.
    power: Vec<u64>,
    /// White space before the code; `None` without code.
    indent: Vec<Option<usize>>,
}

/// A table of cases has at most this many lines.
const TABLE: usize = 200;

/// The base of the rolling hash: odd, and large.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

impl<'a> Lines<'a> {
    fn of(text: &'a str, language: Language) -> Self {
        let parts = parts(text, language);
        let text: Vec<&str> = text.lines().collect();
        let (mut depth, mut assertions, mut hash, mut power) = (vec![0], vec![0], vec![0u64], vec![1u64]);
        let mut indent = Vec::new();
        for (at, line) in text.iter().enumerate() {
            let code = line.trim();
            let mut hasher = DefaultHasher::new();
            code.hash(&mut hasher);
            depth.push(depth[at] + depth_of(line, language));
            assertions.push(assertions[at] + assertions_in(line, language, &parts));
            hash.push(hash[at].wrapping_mul(BASE).wrapping_add(hasher.finish()));
            power.push(power[at].wrapping_mul(BASE));
            indent.push((!code.is_empty() && !code.starts_with('#')).then(|| indent_of(line)));
        }
        let mut lowest = depth.clone();
        for at in (0..text.len()).rev() {
            lowest[at] = lowest[at].min(lowest[at + 1]);
        }
        Lines { text, depth, lowest, assertions, hash, power, indent }
    }

    fn test(&self, header: usize, name: String, language: Language) -> Test {
        let last = match language {
            Language::Python => self.python_end(header),
            Language::Rust | Language::JavaScript | Language::Go | Language::Java => self.bracket_end(header),
        };
        let decorated =
            |line: &&&str| line.trim_start().starts_with(['@', '#']) && !line.trim_start().starts_with("# ");
        let mut first = header - self.text[..header].iter().rev().take_while(decorated).count();
        let head = self.text[header].trim_start();
        if language == Language::JavaScript && (head.starts_with("])(") || head.starts_with("`(")) {
            let table = self.text[..header].iter().rev().take(TABLE).position(|line| line.contains(".each"));
            first = table.map_or(first, |up| header - 1 - up);
        }
        let before = self.hash[header + 1].wrapping_mul(self.power[last - header]);
        let starts_with = first_statement(self.text[header + 1..=last].iter().map(|line| line.trim()));
        Test {
            name,
            first,
            header,
            last,
            assertions: self.assertions[last + 1] - self.assertions[first],
            body: self.hash[last + 1].wrapping_sub(before),
            starts_with: starts_with.filter(|line| line.len() <= 80).map(str::to_owned),
        }
    }

    /// The last line that is indented deeper than the header; blank lines and comments do not end a function.
    fn python_end(&self, header: usize) -> usize {
        let indent = indent_of(self.text[header]);
        let mut end = header;
        for at in header + 1..self.text.len() {
            let Some(here) = self.indent[at] else { continue };
            if self.depth[at] <= self.depth[header] && here <= indent {
                break;
            }
            end = at;
        }
        end
    }

    /// The line on which the brackets opened since the header are closed.
    fn bracket_end(&self, header: usize) -> usize {
        let end = self.text.len() - 1;
        let start = self.depth[header];
        if self.lowest[header + 1] > start {
            return end;
        }
        let mut opened = false;
        let closes = |at: &usize| {
            opened |= self.text[*at].contains('{') || self.text[*at].contains("=>");
            opened && self.depth[at + 1] <= start
        };
        (header..end).find(closes).unwrap_or(end)
    }
}

/// Returns the tests of a text in order.
pub(crate) fn tests(text: &str, language: Language) -> Vec<Test> {
    if !may_hold_tests(text, language) {
        return vec![];
    }
    let lines = Lines::of(text, language);
    let mut class: Option<(usize, &str)> = None;
    let mut found = Vec::new();
    let mut attributed = false;
    for (at, line) in lines.text.iter().enumerate() {
        let code = line.trim();
        let named = match language {
            Language::Python => {
                class = class.filter(|(indent, _)| code.is_empty() || indent_of(line) > *indent);
                if let Some(name) = code.strip_prefix("class ") {
                    class = Some((indent_of(line), word(name)));
                }
                python_test(code)
                    .map(|name| class.map_or(name.to_owned(), |(_, class)| format!("{class}.{name}")))
            }
            Language::Rust => {
                attributed |=
                    code.starts_with("#[test]") || code.starts_with("#[") && code.contains("::test");
                rust_fn(code).filter(|_| std::mem::take(&mut attributed)).map(str::to_owned)
            }
            Language::JavaScript => script_test(code).map(str::to_owned),
            Language::Go => line.strip_prefix("func Test").map(|rest| format!("Test{}", word(rest))),
            Language::Java => {
                attributed |= ["@Test", "@ParameterizedTest", "@RepeatedTest"].iter().any(|start| {
                    code.strip_prefix(start).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
                });
                java_method(code).filter(|_| std::mem::take(&mut attributed)).map(str::to_owned)
            }
        };
        found.extend(named.map(|name| lines.test(at, name, language)));
    }
    found
}

/// Returns whether a text holds the words without which no line of it begins a test.
fn may_hold_tests(text: &str, language: Language) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match language {
        Language::Python => has(&["def"]) && has(&["test"]),
        Language::Rust => has(&["#[test]", "::test"]),
        Language::JavaScript => has(&["it", "test", "specify", "])(", "`("]),
        Language::Go => has(&["func Test"]),
        Language::Java => has(&["@Test", "@ParameterizedTest", "@RepeatedTest"]),
    }
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Returns the identifier at the start.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

fn python_test(code: &str) -> Option<&str> {
    let code = code.strip_prefix("async ").unwrap_or(code).trim_start();
    let name = word(code.strip_prefix("def ")?.trim_start());
    name.starts_with("test").then_some(name)
}

fn rust_fn(code: &str) -> Option<&str> {
    let rest = code.strip_prefix("fn ").or_else(|| code.split_once(" fn ").map(|(_, rest)| rest))?;
    (!code.starts_with("//")).then(|| word(rest.trim_start())).filter(|name| !name.is_empty())
}

/// Returns the name before the parameters of a method's first line.
fn java_method(code: &str) -> Option<&str> {
    let code = code.trim_start_matches('@').trim_start_matches("Test ");
    let head = code.split('(').next()?.trim_end();
    let name = head.rsplit(char::is_whitespace).next()?;
    let declared = head.contains("void ") || head.split_whitespace().count() >= 2;
    (code.contains('(') && declared && !name.is_empty() && word(name) == name).then_some(name)
}

/// Returns the title of a call such as `test("…"`, `it.skip('…'` or `await t.test(…`.
fn script_test(code: &str) -> Option<&str> {
    let code = code.strip_prefix("await ").unwrap_or(code);
    // A table of cases stands before the title: `it.each([…])('title', …`.
    if let Some((_, rest)) = code.split_once("])(").or_else(|| code.split_once("`("))
        && (code.starts_with("])(") || code.starts_with("`(") || code.contains(".each"))
    {
        let quote = rest.chars().next().filter(|c| "'\"`".contains(*c))?;
        return rest[1..].split(quote).next();
    }
    let (call, rest) = code.split_once('(')?;
    let test = call.split('.').any(|part| ["it", "test", "xit", "xtest", "fit", "specify"].contains(&part));
    let plain = call.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '_');
    let quote = rest.trim_start().chars().next().filter(|c| "'\"`".contains(*c))?;
    let title = &rest.trim_start()[1..];
    (test && plain).then(|| title.split(quote).next().unwrap_or(title))
}

/// Brackets opened minus closed on a line, outside of quotes and line comments.
fn depth_of(line: &str, language: Language) -> i64 {
    let mut depth = 0i64;
    let mut quote = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`') => quote = Some(c),
            (None, '\'') if language != Language::Rust => quote = Some(c),
            // A lifetime opens no quote.
            (None, '\'') if chars.peek() == Some(&'\\') || chars.clone().nth(1) == Some('\'') => {
                quote = Some(c)
            }
            (None, '#') if language == Language::Python => break,
            (None, '/') if language != Language::Python && chars.peek() == Some(&'/') => break,
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, _) => {}
        }
    }
    depth
}

/// Returns whether a line holds nothing but a comment.
pub(crate) fn is_comment(code: &str, language: Language) -> bool {
    match language {
        Language::Python => code.starts_with('#'),
        Language::Rust | Language::JavaScript | Language::Go | Language::Java => code.starts_with("//"),
    }
}

/// Returns those words of a language's assertions that stand somewhere in a text.
fn parts(text: &str, language: Language) -> Vec<&'static str> {
    let parts: &[&str] = match language {
        Language::Python => &["assert", "pytest.raises(", "pytest.warns("],
        Language::Rust => &["assert", "#[should_panic"],
        Language::JavaScript => &["expect(", "assert(", "assert.", ".should."],
        Language::Go => &["t.Error", "t.Fatal", "t.Fail", "require.", "assert."],
        Language::Java => &["assert", "verify(", " fail("],
    };
    parts.iter().copied().filter(|part| text.contains(part)).collect()
}

/// Returns how many assertions stand on a line that is no comment; `parts` are the words that its text holds.
fn assertions_in(line: &str, language: Language, parts: &[&str]) -> usize {
    let code = line.trim();
    let count = |part: &str| code.matches(part).count();
    if parts.is_empty() {
        return 0;
    }
    if is_comment(code, language) {
        return 0;
    }
    match language {
        Language::Python => {
            usize::from(code.starts_with("assert ") || code.starts_with("assert("))
                + [".assert", "pytest.raises(", "pytest.warns("].iter().map(|part| count(part)).sum::<usize>()
        }
        Language::Rust => {
            let macros = code.match_indices("assert").filter(|(at, _)| {
                let rest = &code[at + "assert".len()..];
                rest[word(rest).len()..].starts_with('!')
            });
            macros.count() + count("#[should_panic")
        }
        Language::JavaScript => parts.iter().map(|part| count(part)).sum(),
        Language::Go => parts.iter().map(|part| count(part)).sum(),
        Language::Java => {
            let calls = code.match_indices("assert").filter(|(at, _)| {
                let rest = &code[at + "assert".len()..];
                let inner = code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                !inner && rest[word(rest).len()..].starts_with('(')
            });
            calls.count() + count("verify(") + count(" fail(")
        }
    }
}

/// Returns the first statement: comments, a docstring and blank lines are none.
fn first_statement<'a>(mut lines: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut in_docstring = false;
    lines.find(|line| {
        let quotes = line.matches("\"\"\"").count() + line.matches("'''").count();
        let docstring = in_docstring || line.starts_with("\"\"\"") || line.starts_with("'''");
        in_docstring ^= quotes % 2 == 1;
        !docstring && !line.is_empty() && !line.starts_with('#') && !line.starts_with("//")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, text: &str, expected: &[(&str, usize, usize, usize)]) {
        let got = tests(text, language);
        let got: Vec<_> = got.iter().map(|t| (t.name.as_str(), t.first, t.last, t.assertions)).collect();
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn python_tests_end_where_the_indent_ends() {
        check(
            Language::Python,
            "class A(T):\n    @skip\n    def test_a(self):\n        self.assertEqual(1, 1)\n\n        assert x\n    def helper(self):\n        assert y\n\nasync def test_b(\n    arg,\n):\n    with pytest.raises(E):\n        f()\n",
            &[("A.test_a", 1, 5, 2), ("test_b", 9, 13, 1)],
        );
    }

    #[test]
    fn rust_tests_end_with_their_brace() {
        check(
            Language::Rust,
            "#[test]\n#[ignore]\nfn a() {\n    assert_eq!(\"}\", x);\n    // assert!(no)\n    if '{' == y { assert!(z); }\n}\nfn helper() { assert!(w); }\n#[tokio::test]\nasync fn b() { debug_assert_ne!(1, 2); }\n",
            &[("a", 0, 6, 2), ("b", 8, 9, 1)],
        );
    }

    #[test]
    fn signs_that_look_like_brackets_or_comments_end_nothing() {
        check(
            Language::Python,
            "def test_a():\n    assert f(7 // 2)  # :(\n    assert f('{')\ndef test_b():\n    assert 1\n",
            &[("test_a", 0, 2, 2), ("test_b", 3, 4, 1)],
        );
        check(
            Language::Rust,
            "#[test]\nfn a() {\n    let x: &'static [&'static str] = &['{', '\\''];\n    assert!(x);\n}\n#[test]\nfn b() {\n}\n",
            &[("a", 0, 4, 1), ("b", 5, 7, 0)],
        );
    }

    #[test]
    fn script_tests_end_with_their_call() {
        check(
            Language::JavaScript,
            "test('a (b', () => {\n  assert.equal(f('{'), 1);\n  expect(x).toBe(2);\n});\nit.skip(\"c\", async () => {\n});\nfilter.test(value);\nawait t.test(`d`, () => assert(true));\n",
            &[("a (b", 0, 3, 2), ("c", 4, 5, 0), ("d", 7, 7, 1)],
        );
    }

    #[test]
    fn go_tests_end_with_their_brace() {
        check(
            Language::Go,
            "func TestA(t *testing.T) {\n\tif x {\n\t\tt.Errorf(\"no\")\n\t}\n}\nfunc helper() {\n}\n",
            &[("TestA", 0, 4, 1)],
        );
    }

    #[test]
    fn any_text_can_be_read() {
        let mut odd = "{([\"'`\\".repeat(500);
        odd.push('\u{202e}');
        for text in
            ["", "\n", "def test_", "#[test]\nfn", "#[test]\nfn a() {", "test('", "func Test", odd.as_str()]
        {
            for language in [Language::Python, Language::Rust, Language::JavaScript, Language::Go] {
                tests(text, language);
            }
        }
        assert_eq!(language("Makefile"), None);
        assert_eq!(language("a.txt"), None);
    }

    #[test]
    fn a_docstring_is_no_statement() {
        let text = "def test_a():\n    \"\"\"Says\n    why.\"\"\"\n\n    # note\n    return\n";
        assert_eq!(tests(text, Language::Python)[0].starts_with.as_deref(), Some("return"));
    }
}
