//! Finds the test functions of a file and counts what they assert, by line, in Python, Rust, JavaScript and Go.
//!
//! **Invariant:** reads any text without failing; what it does not recognise is no test.

/// A language whose tests can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Python,
    Rust,
    JavaScript,
    Go,
}

/// Returns the language of a path by its ending.
pub(crate) fn language(path: &str) -> Option<Language> {
    match path.rsplit_once('.')?.1 {
        "py" => Some(Language::Python),
        "rs" => Some(Language::Rust),
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Some(Language::JavaScript),
        "go" => Some(Language::Go),
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
    /// Its lines below the header, without white space at their ends.
    pub(crate) body: Vec<String>,
}

/// Returns the tests of a text in order.
pub(crate) fn tests(text: &str, language: Language) -> Vec<Test> {
    let lines: Vec<&str> = text.lines().collect();
    let mut class: Option<(usize, &str)> = None;
    let mut found = Vec::new();
    let mut attributed = false;
    for (at, line) in lines.iter().enumerate() {
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
        };
        found.extend(named.map(|name| test(&lines, at, name, language)));
    }
    found
}

fn test(lines: &[&str], header: usize, name: String, language: Language) -> Test {
    let last = match language {
        Language::Python => python_end(lines, header),
        Language::Rust | Language::JavaScript | Language::Go => bracket_end(lines, header),
    };
    let decorated =
        |line: &&str| line.trim_start().starts_with(['@', '#']) && !line.trim_start().starts_with("# ");
    let first = header - lines[..header].iter().rev().take_while(|line| decorated(line)).count();
    let assertions = lines[first..=last].iter().map(|line| assertions_in(line, language)).sum();
    let body = lines[header + 1..=last].iter().map(|line| line.trim().to_owned()).collect();
    Test { name, first, header, last, assertions, body }
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

/// Returns the title of a call such as `test("…"`, `it.skip('…'` or `await t.test(…`.
fn script_test(code: &str) -> Option<&str> {
    let code = code.strip_prefix("await ").unwrap_or(code);
    let (call, rest) = code.split_once('(')?;
    let test = call.split('.').any(|part| ["it", "test", "xit", "xtest", "fit", "specify"].contains(&part));
    let plain = call.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '_');
    let quote = rest.trim_start().chars().next().filter(|c| "'\"`".contains(*c))?;
    let title = &rest.trim_start()[1..];
    (test && plain).then(|| title.split(quote).next().unwrap_or(title))
}

/// The last line that is indented deeper than the header; blank lines and comments do not end a function.
fn python_end(lines: &[&str], header: usize) -> usize {
    let indent = indent_of(lines[header]);
    let mut end = header;
    let mut open = depth_of(lines[header]);
    for (at, line) in lines.iter().enumerate().skip(header + 1) {
        let code = line.trim();
        if code.is_empty() || code.starts_with('#') {
            continue;
        }
        if open <= 0 && indent_of(line) <= indent {
            break;
        }
        open += depth_of(line);
        end = at;
    }
    end
}

/// The line on which the brackets opened since the header are closed.
fn bracket_end(lines: &[&str], header: usize) -> usize {
    let mut depth = 0;
    let mut opened = false;
    for (at, line) in lines.iter().enumerate().skip(header) {
        depth += depth_of(line);
        opened |= line.contains('{') || line.contains("=>");
        if opened && depth <= 0 {
            return at;
        }
    }
    lines.len() - 1
}

/// Brackets opened minus closed on a line, outside of quotes and line comments.
fn depth_of(line: &str) -> i64 {
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
            // A lifetime or an apostrophe opens no quote that ends on this line.
            (None, '\'') if chars.clone().skip(1).any(|c| c == '\'') => quote = Some(c),
            (None, '/') if chars.peek() == Some(&'/') => break,
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
        Language::Rust | Language::JavaScript | Language::Go => code.starts_with("//"),
    }
}

/// Returns how many assertions stand on a line that is no comment.
fn assertions_in(line: &str, language: Language) -> usize {
    let code = line.trim();
    let count = |part: &str| code.matches(part).count();
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
        Language::JavaScript => {
            ["expect(", "assert(", "assert.", ".should."].iter().map(|part| count(part)).sum()
        }
        Language::Go => {
            ["t.Error", "t.Fatal", "t.Fail", "require.", "assert."].iter().map(|part| count(part)).sum()
        }
    }
}

/// Returns the first statement below a test's header: comments, a docstring and blank lines are none.
pub(crate) fn first_statement(test: &Test) -> Option<&str> {
    let mut lines = test.body.iter().map(String::as_str);
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
        assert_eq!(first_statement(&tests(text, Language::Python)[0]), Some("return"));
    }
}
