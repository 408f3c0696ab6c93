//! Cognitive complexity of functions: how hard control flow is to follow, by the published rules of the measure
//! (Campbell, "Cognitive Complexity", 2018): one for each break in the flow, more the deeper it is nested.
//!
//! Recursion is not counted: names are not resolved here.

use std::ops::Range;

use tree_sitter::Node;

use super::Source;

/// One function's complexity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complexity {
    /// The lines of the function, from 0.
    pub(crate) lines: Range<usize>,
    /// Its cognitive complexity.
    pub(crate) value: u32,
}

/// Trees are looked into this deep.
const DEEP: usize = 400;

/// Returns the complexity of each outermost function, in order; none without a grammar. What is nested in a function
/// counts for it.
pub(crate) fn functions(source: &Source<'_>) -> Vec<Complexity> {
    let mut found = Vec::new();
    if let Some(root) = source.root() {
        outermost(source, root, 0, &mut found);
    }
    found
}

fn outermost(source: &Source<'_>, node: Node<'_>, depth: usize, found: &mut Vec<Complexity>) {
    if depth > DEEP {
        return;
    }
    if is_function(node.kind()) {
        let mut value = 0;
        children(source, node, 0, depth, &mut value);
        found.push(Complexity { lines: node.start_position().row..node.end_position().row + 1, value });
        return;
    }
    let mut cursor = node.walk();
    for child in node.named_children(&mut cursor) {
        outermost(source, child, depth + 1, found);
    }
}

fn is_function(kind: &str) -> bool {
    matches!(
        kind,
        "function_item"
            | "function_definition"
            | "function_declaration"
            | "generator_function_declaration"
            | "method_definition"
            | "method_declaration"
            | "constructor_declaration"
            | "arrow_function"
            | "function_expression"
            | "func_literal"
            | "closure_expression"
            | "lambda"
            | "lambda_expression"
    )
}

/// What a node does to the flow.
enum Effect {
    /// One, plus one for each level around it; what is inside is a level deeper.
    Nests,
    /// One, whatever is around it; what is inside is a level deeper.
    Branches,
    /// Nothing itself; what is inside is a level deeper.
    Deepens,
    /// Nothing.
    None,
}

fn effect(node: Node<'_>, parent: Node<'_>) -> Effect {
    match node.kind() {
        // `else if` is one branch, in whichever way the grammar nests it.
        "if_statement" | "if_expression" => {
            let alternative = parent.kind() == "else_clause"
                || parent.kind() == node.kind()
                    && parent.child_by_field_name("alternative").is_some_and(|a| a.id() == node.id());
            if alternative { Effect::Branches } else { Effect::Nests }
        }
        "elif_clause" => Effect::Branches,
        "else_clause" => {
            let mut cursor = node.walk();
            let chained = node
                .named_children(&mut cursor)
                .any(|child| matches!(child.kind(), "if_statement" | "if_expression"));
            // A braced `else` holds a block; a bare `if` in it is the chain.
            if chained && parent.kind() != "try_statement" { Effect::None } else { Effect::Branches }
        }
        "for_statement"
        | "while_statement"
        | "do_statement"
        | "for_in_statement"
        | "enhanced_for_statement"
        | "for_expression"
        | "while_expression"
        | "loop_expression"
        | "match_expression"
        | "match_statement"
        | "switch_statement"
        | "switch_expression"
        | "expression_switch_statement"
        | "type_switch_statement"
        | "select_statement"
        | "except_clause"
        | "catch_clause"
        | "conditional_expression"
        | "ternary_expression" => Effect::Nests,
        kind if is_function(kind) => Effect::Deepens,
        _ => Effect::None,
    }
}

fn children(source: &Source<'_>, node: Node<'_>, level: u32, depth: usize, value: &mut u32) {
    if depth > DEEP {
        return;
    }
    let mut cursor = node.walk();
    for child in node.named_children(&mut cursor) {
        *value += sequence(source, child, node) + jump(child);
        let inside = match effect(child, node) {
            Effect::Nests => {
                *value += 1 + level;
                level + 1
            }
            Effect::Branches => {
                *value += 1;
                // The chain stands inside its `if`, which deepened it already.
                level
            }
            Effect::Deepens => level + 1,
            Effect::None => level,
        };
        children(source, child, inside, depth + 1, value);
        if !matches!(child.kind(), "if_statement" | "if_expression") {
            continue;
        }
        // Go and Java put a final `else` into a field, without a node of its own.
        let alternative = child.child_by_field_name("alternative");
        if alternative
            .is_some_and(|a| matches!(a.kind(), "block" | "expression_statement" | "return_statement"))
        {
            *value += 1;
        }
    }
}

/// A run of the same logical operator counts once; each change of operator counts again.
fn sequence(source: &Source<'_>, node: Node<'_>, parent: Node<'_>) -> u32 {
    let operator = |node: Node<'_>| -> Option<String> {
        if !matches!(node.kind(), "binary_expression" | "boolean_operator") {
            return None;
        }
        let sign = source.text.get(node.child_by_field_name("operator")?.byte_range())?;
        matches!(sign, "&&" | "||" | "??" | "and" | "or").then(|| sign.to_owned())
    };
    let Some(own) = operator(node) else { return 0 };
    u32::from(operator(parent) != Some(own))
}

/// A jump to a label counts once.
fn jump(node: Node<'_>) -> u32 {
    let labelled = || {
        let mut cursor = node.walk();
        node.named_children(&mut cursor).any(|child| {
            matches!(child.kind(), "label" | "statement_identifier" | "label_name" | "identifier")
        })
    };
    match node.kind() {
        "goto_statement" => 1,
        "break_statement" | "continue_statement" => u32::from(labelled()),
        "break_expression" | "continue_expression" => {
            let mut cursor = node.walk();
            u32::from(node.named_children(&mut cursor).any(|child| child.kind() == "label"))
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[u32]) {
        let source = Source::read(path, text).unwrap();
        let found: Vec<u32> = functions(&source).iter().map(|f| f.value).collect();
        assert_eq!(found, expected, "{path}\n{text}\n{}", source.root().unwrap().to_sexp());
    }

    #[test]
    fn nesting_costs_more_than_a_row() {
        let row = "def f(a, b):\n    if a:\n        x()\n    if b:\n        y()\n";
        let nested = "def f(a, b):\n    if a:\n        if b:\n            y()\n";
        check("a.py", row, &[2]);
        check("a.py", nested, &[3]);
    }

    #[test]
    fn a_chain_costs_one_for_each_branch() {
        check(
            "a.py",
            "def f(a):\n    if a == 1:\n        x()\n    elif a == 2:\n        y()\n    else:\n        z()\n",
            &[3],
        );
        check("a.rs", "fn f(a: u8) { if a == 1 { x() } else if a == 2 { y() } else { z() } }\n", &[3]);
        check("a.js", "function f(a) { if (a) { x() } else if (b) { y() } else { z() } }\n", &[3]);
        check("a.go", "package p\nfunc f() { if a { x() } else if b { y() } else { z() } }\n", &[3]);
        check(
            "A.java",
            "class A { void f() { if (a) { x(); } else if (b) { y(); } else { z(); } } }\n",
            &[3],
        );
    }

    #[test]
    fn loops_switches_and_handlers_nest() {
        check("a.rs", "fn f() { for x in y { match x { _ => if a { b() } } } }\n", &[6]);
        check("a.js", "function f() { try { a(); } catch (e) { if (b) { c(); } } }\n", &[3]);
        check(
            "a.py",
            "def f():\n    while a:\n        try:\n            b()\n        except E:\n            c()\n",
            &[3],
        );
    }

    #[test]
    fn a_run_of_one_operator_counts_once() {
        check("a.js", "function f() { return a && b && c || d; }\n", &[2]);
        check("a.py", "def f():\n    return a and b and c\n", &[1]);
        check("a.rs", "fn f() -> bool { a && b || c && d }\n", &[3]);
    }

    #[test]
    fn what_is_nested_in_a_function_counts_for_it() {
        check(
            "a.js",
            "const f = () => { return xs.map((x) => { if (x) { y(); } }); };\nconst g = () => 1;\n",
            &[2, 0],
        );
        check("a.rs", "fn f() { 'a: loop { break 'a; } }\n", &[2]);
    }
}
