//! Mistakes that can be put into code: texts in, edits out.

use super::*;

/// Lists every mistake that could be put into `text`, all of it added by the reference.
fn check(path: &str, text: &str, expected: &str) {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let change = Change { path, start: 1, added: lines, removed: vec![] };
    let said: Vec<String> = of_file(path, text, &[&change], false)
        .iter()
        .map(|edit| format!("{} {:?} {:?}→{:?}", edit.line, edit.kind, &text[edit.range.clone()], edit.text))
        .collect();
    assert_eq!(said.join("\n"), expected);
}

#[test]
fn python_is_changed_where_it_means_something() {
    check(
        "a.py",
        "from x import y\n\"\"\"1 == 1\"\"\"\nif a < 2:  # 3\n    out += 1\nreturn f(-1, b - c)\n",
        "3 Condition \"a < 2\"→\"not (a < 2)\"\n3 Operator \"<\"→\">\"\n3 Constant \"2\"→\"3\"\n\
         4 Operator \"+=\"→\"-=\"\n4 Constant \"1\"→\"2\"\n5 Constant \"1\"→\"2\"\n5 Operator \"-\"→\"+\"\n\
         4 Statement \"out += 1\"→\"pass\"",
    );
}

#[test]
fn a_condition_that_binds_a_name_stays() {
    check("a.rs", "if let Some(x) = y {\n", "");
    check("a.go", "if err := f(); bad {\n", "");
    check("a.rs", "if x.y() {\n", "1 Condition \"x.y()\"→\"!(x.y())\"");
    check("a.js", "if (x(y)) return;\n", "1 Condition \"(x(y))\"→\"(!(x(y)))\"");
}

#[test]
fn types_arrows_and_texts_are_no_operators() {
    check("a.rs", "fn f(x: Vec<u8>) -> &'a str {\n", "");
    check("a.ts", "const f = (a) => a + \"1\";\n", "");
}

#[test]
fn a_statement_in_the_middle_of_an_expression_stays() {
    check("a.rs", "f(\n    g();\n);\n", "");
    check("a.js", "push(x);\n", "1 Statement \"push(x);\"→\"\"");
    check("a.js", "a\nb();\n", "");
}

#[test]
fn odd_text_gives_no_panic() {
    for text in ["if", "if (", "\"", "é == ", "= =", "if é:", "0x", "1.", "..", "if a {"] {
        for path in ["a.py", "a.rs", "a.js", "a.sh", "a.txt"] {
            let change = Change { path, start: 1, added: vec![text], removed: vec![] };
            of_file(path, text, &[&change], true);
        }
    }
}
