//! What is altered, language by language.

use proptest::prelude::*;

use super::*;

/// The lines of `text` that change, as they are afterwards.
fn changed(path: &str, text: &str) -> String {
    let (new, _) = altered_text(path, text).unwrap_or((text.to_owned(), 0));
    assert_eq!(new.lines().count(), text.lines().count());
    new.lines().zip(text.lines()).filter(|(a, b)| a != b).map(|(a, _)| format!("{}\n", a.trim())).collect()
}

fn check(path: &str, text: &str, expected: &str) {
    assert_eq!(changed(path, text), expected, "{text}");
}

#[test]
fn python_expects_something_else() {
    check("t.py", "x = 5  # assert 5\n'''assert x == 5'''\n", "");
    check("t.py", "self.assertEqual(fine(3), limit)\n", "self.assertEqual(fine(3), [limit, 7])\n");
    check(
        "t.py",
        "self.assertEqual(peak(a), expected(a), a)\n",
        "self.assertEqual(peak(a), [expected(a), 7], a)\n",
    );
    let fines = changed("t.py", "self.assertEqual(fine(300), 300)\n");
    assert_ne!(fines[22..25], fines[28..31], "{fines}");
    check("t.py", "self.assertTrue(is_open(day))\n", "self.assertFalse(is_open(day))\n");
    check("t.py", "self.assertNotIn('a', b)\n", "self.assertIn('a', b)\n");
    check("t.py", "self.assertLessEqual(n, A * B)\n", "self.assertGreater(n, A * B)\n");
    check("t.py", "assert done(x), 'why'\n", "assert not (done(x)), 'why'\n");
    check("t.py", "with self.assertRaises(ValueError):\n    f()\n", "");
}

#[test]
fn rust_expects_something_else_and_still_compiles() {
    check(
        "t.rs",
        "fn f<'a>(x: &'a str) { assert_eq!(x, y, \"{x}\"); }",
        "fn f<'a>(x: &'a str) { assert_ne!(x, y, \"{x}\"); }\n",
    );
    check("t.rs", "assert!(shut(&door), \"{door} is 5\");", "assert!(!(shut(&door)), \"{door} is 5\");\n");
    check("t.rs", "assert!(x.ends_with('a'));", "assert!(x.ends_with('c'));\n");
    check("t.rs", "// assert_eq!(a, 5);\nlet s = \"assert_eq!(a, 5)\";", "");
}

#[test]
fn javascript_expects_something_else() {
    check("t.test.js", "assert.match(text, /a(\\/[/]5)/);\n", "assert.doesNotMatch(text, /a(\\/[/]5)/);\n");
    check(
        "t.test.js",
        "assert.equal(formatMoney(cents), text);\n",
        "assert.equal(formatMoney(cents), [text, 7]);\n",
    );
    check("t.test.ts", "expect(total).toBe(sum);\n", "expect(total).not.toBe(sum);\n");
    check("t.test.ts", "expect(list)\n  .toContain(true);\n", ".toContain(false);\n");
}

#[test]
fn go_expects_something_else() {
    check("a_test.go", "if got != want {\n", "");
    check("a_test.go", "if got := f(); got != false {\n", "if got := f(); got != true {\n");
    check("a_test.go", "assert.Equal(t, want, got)\n", "assert.NotEqual(t, want, got)\n");
    check("a_test.go", "{in: \"a\", want: true},\n", "{in: \"a\", want: false},\n");
}

#[test]
fn every_literal_becomes_another_of_its_kind() {
    let number = |said: &str| other_number(said, 3).unwrap();
    for said in ["0", "1", "7", "10_001", "1.50", "3u32", "0xff", "0b10", "2e3", "9n"] {
        let other = number(said);
        assert_ne!(other, said);
        assert_eq!(other.len(), said.len(), "{said} {other}");
    }
    for said in ["", " ", "a", "ab{x}", "\\n", "12.05 EUR", "%d"] {
        let edit = other_text(said, 0..said.len()).unwrap();
        let mut text = said.to_owned();
        text.replace_range(edit.at, &edit.to);
        assert_ne!(text, said);
        assert!(text.ends_with(&said[said.find(['{', '\\', '%']).unwrap_or(said.len())..]), "{said} {text}");
    }
}

#[test]
fn files_that_are_no_tests_stay() {
    let file = |path: &str, text: &str| HiddenFile {
        path: path.to_owned(),
        content: text.as_bytes().to_vec(),
        executable: false,
    };
    assert_eq!(alter(&[file("t.py", "x = 1\n"), file("data.json", "{\"want\": 5}")]), None);
    let altered =
        alter(&[file("data.json", "{}"), file("t.py", "assert f() == 1\nassert g() == 2\n")]).unwrap();
    assert_eq!(altered.places, 2);
    assert_eq!(altered.files[0].content, b"{}");
}

fn hostile() -> impl Strategy<Value = String> {
    let parts = [
        "assert ",
        "self.assertEqual(",
        "assert_eq!(",
        "expect(",
        ").toBe(",
        "'",
        "\"",
        "`",
        "r#\"",
        "\"\"\"",
        "/",
        "//",
        "/*",
        "#",
        "\n",
        "\\",
        "(",
        ")",
        "[",
        "}",
        ",",
        "5",
        "é",
        "want: ",
        "if ",
        "!=",
        "{",
        ".",
        "x",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_text_is_altered_without_a_panic(text in hostile(), path in prop::sample::select(vec!["a.py", "a.rs", "a.js", "a.go"])) {
        if let Some((new, places)) = altered_text(path, &text) {
            prop_assert!(places > 0 && new != text);
        }
    }
}
