//! T5: places in an existing test where a failure is caught and nothing is done about it.

use fairtrial_domain::outcome::RuleId;
use fairtrial_domain::score::Finding;
use tree_sitter::Node;

use super::tamper::seen;
use super::tests_in::Test;
use crate::syntax::Source;

/// Trees are looked into this deep.
const DEEP: usize = 300;

/// Returns a finding when a test swallows failures in more places than it did.
pub(super) fn swallowed(path: &str, was: (&Test, &Source<'_>), is: (&Test, &Source<'_>)) -> Option<Finding> {
    let (old, new) = (places(was.0, was.1), places(is.0, is.1));
    if new.len() <= old.len() {
        return None;
    }
    let fresh = new.iter().find(|(_, text)| !old.iter().any(|(_, other)| other == text));
    let (line, _) = fresh.or(new.last())?;
    let because = format!("test `{}` swallows a failure", is.0.name);
    Some(seen(RuleId::SwallowedFailure, path, Some(*line), because, true))
}

/// Where a test swallows failures: line and text.
fn places<'a>(test: &Test, source: &Source<'a>) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    if let Some(root) = source.root() {
        walk(source, root, test, 0, &mut found);
    }
    found
}

fn walk<'a>(
    source: &Source<'a>,
    node: Node<'_>,
    test: &Test,
    depth: usize,
    found: &mut Vec<(usize, &'a str)>,
) {
    let (first, last) = (node.start_position().row, node.end_position().row);
    if depth > DEEP || last < test.header || first > test.last {
        return;
    }
    let text = source.text.get(node.byte_range()).unwrap_or_default();
    if first >= test.header && swallows(node, text) {
        found.push((first, text));
        return;
    }
    let mut cursor = node.walk();
    for child in node.named_children(&mut cursor) {
        walk(source, child, test, depth + 1, found);
    }
}

/// Words by which a handler shows that a failure is one.
const TELLS: [&str; 12] = [
    "raise", "fail(", "assert", "throw", "expect", "panic", "reject(", "done(", "Fatal", "t.Error",
    "unwrap(", ".Fail",
];

fn swallows(node: Node<'_>, text: &str) -> bool {
    let tells = |text: &str| {
        let code = unquoted(text);
        TELLS.iter().any(|word| code.contains(word))
    };
    match node.kind() {
        // The handler's own line names what it catches; only what it does counts.
        "except_clause" => {
            let body = text.split_once(':').map_or("", |(_, body)| body);
            !tells(body) && !assigns(body)
        }
        "catch_clause" => {
            let body = text.split_once('{').map_or("", |(_, body)| body);
            !tells(body) && !assigns(body)
        }
        "with_statement" => {
            let head = text.lines().next().unwrap_or_default();
            head.contains("suppress(")
        }
        "call_expression" => {
            let called = text.split('(').next().unwrap_or_default();
            let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            let empty = [".catch(()=>{})", ".catch(()=>null)", ".catch(()=>undefined)", ".catch(_=>{})"];
            called.ends_with("catch_unwind")
                || called == "recover"
                || empty.iter().any(|end| bare.ends_with(end))
        }
        // `let Ok(x) = call else { return };`
        "let_declaration" => text.contains("else") && leaves(text) && text.contains("Ok("),
        // `if let Ok(x) = call { assert }` asserts nothing on a failure.
        "if_expression" => {
            let head = text.split('{').next().unwrap_or_default();
            (head.contains("let Ok(") || head.contains("let Some("))
                && text.contains("assert")
                && node.child_by_field_name("alternative").is_none()
        }
        "if_statement" => {
            let head = text.split('{').next().unwrap_or_default();
            let body = text.split_once('{').map_or("", |(_, body)| body);
            let go = head.contains("err != nil") || head.contains("err == nil");
            go && (head.contains("!=") && leaves(body) && !tells(body) || head.contains("==") && tells(body))
                && node.child_by_field_name("alternative").is_none()
                && !text.contains("err == nil {\n\t\tt.")
        }
        _ => false,
    }
}

/// Returns a text without what stands in quotes or behind a comment sign.
fn unquoted(text: &str) -> String {
    let mut code = String::new();
    let mut quote = None;
    for line in text.lines() {
        let line = line.trim_start();
        if quote.is_none() && (line.starts_with('#') || line.starts_with("//")) {
            continue;
        }
        for c in line.chars() {
            match quote {
                Some(open) if open == c => quote = None,
                Some(_) => {}
                None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
                None => code.push(c),
            }
        }
        quote = quote.filter(|open| *open == '`');
        code.push('\n');
    }
    code
}

/// Returns whether a handler keeps what it caught, so that the test can still look at it.
fn assigns(body: &str) -> bool {
    body.lines().any(|line| {
        let line = line.trim();
        let sign = line.find('=').filter(|at| {
            let around = (line[..*at].chars().next_back(), line[at + 1..].chars().next());
            around.0.is_some_and(|c| !"=!<>".contains(c)) && around.1 != Some('=')
        });
        sign.is_some() && !line.starts_with("print")
            || line.contains(".push(")
            || line.contains(".append(")
            || line.contains(".add(")
    })
}

fn leaves(body: &str) -> bool {
    body.contains("return") || body.contains("continue")
}
