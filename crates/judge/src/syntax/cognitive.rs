//! Cognitive complexity of functions: how hard control flow is to follow, by the published rules of the measure
//! (Campbell, "Cognitive Complexity", 2018): one for each break in the flow, more the deeper it is nested.
//!
//! Recursion is not counted: names are not resolved here.

use std::ops::Range;

use tree_sitter::Node;

use super::kinds::Flow;
use super::walk::Above;

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

/// The outermost functions that a walk has seen. What is nested in one counts for it.
#[derive(Default)]
pub(super) struct Complexities {
    /// In order.
    pub(super) found: Vec<Complexity>,
    /// How deep the function is that the walk is in: the last of `found`.
    inside: Option<usize>,
}

impl Complexities {
    /// Looks at a node, and counts it for the function around it.
    pub(super) fn see<'t>(
        &mut self,
        here: &mut Above<'t>,
        parent: Option<&Above<'t>>,
        depth: usize,
        text: &'t str,
    ) {
        self.inside = self.inside.filter(|function| depth > *function);
        if here.unnamed {
            return;
        }
        if self.inside.is_none() {
            if here.kind.flow == Flow::Function && depth <= DEEP {
                let lines = here.node.start_position().row..here.node.end_position().row + 1;
                self.found.push(Complexity { lines, value: 0 });
                self.inside = Some(depth);
            }
            return;
        }
        let (Some(function), Some(parent)) = (self.found.last_mut(), parent) else { return };
        if depth > DEEP + 1 {
            return;
        }
        here.operator = operator(here, text);
        // A run of the same logical operator counts once; each change of operator counts again.
        function.value += u32::from(here.operator.is_some() && here.operator != parent.operator);
        function.value += jump(here);
        here.level = parent.level;
        match effect(here, parent) {
            Effect::Nests => {
                function.value += 1 + parent.level;
                here.level += 1;
            }
            // The chain stands inside its `if`, which deepened it already.
            Effect::Branches => function.value += 1,
            Effect::Deepens => here.level += 1,
            Effect::None => {}
        }
        function.value += u32::from(here.kind.flow == Flow::If && has_bare_else(here.node));
    }
}

/// What a node does to the flow.
enum Effect {
    /// One, plus one for each level around it; what is inside is a level deeper.
    Nests,
    /// One, whatever is around it.
    Branches,
    /// Nothing itself; what is inside is a level deeper.
    Deepens,
    /// Nothing.
    None,
}

fn effect(here: &Above<'_>, parent: &Above<'_>) -> Effect {
    match here.kind.flow {
        // `else if` is one branch, in whichever way the grammar nests it.
        Flow::If => {
            let alternative = || parent.node.child_by_field_name("alternative");
            let chained = parent.kind.flow == Flow::Else
                || parent.node.kind_id() == here.node.kind_id()
                    && alternative().is_some_and(|a| a.id() == here.node.id());
            if chained { Effect::Branches } else { Effect::Nests }
        }
        Flow::ElseIf => Effect::Branches,
        Flow::Else => {
            let mut cursor = here.node.walk();
            let chained = here
                .node
                .named_children(&mut cursor)
                .any(|child| matches!(child.kind(), "if_statement" | "if_expression"));
            // A braced `else` holds a block; a bare `if` in it is the chain.
            if chained && parent.node.kind() != "try_statement" { Effect::None } else { Effect::Branches }
        }
        Flow::Nests => Effect::Nests,
        Flow::Function => Effect::Deepens,
        Flow::Straight | Flow::Binary | Flow::Goto | Flow::Leave | Flow::LeaveExpression => Effect::None,
    }
}

/// Go and Java put a final `else` into a field, without a node of its own.
fn has_bare_else(node: Node<'_>) -> bool {
    node.child_by_field_name("alternative")
        .is_some_and(|a| matches!(a.kind(), "block" | "expression_statement" | "return_statement"))
}

fn operator<'t>(here: &Above<'_>, text: &'t str) -> Option<&'t str> {
    if here.kind.flow != Flow::Binary {
        return None;
    }
    let sign = text.get(here.node.child_by_field_name("operator")?.byte_range())?;
    matches!(sign, "&&" | "||" | "??" | "and" | "or").then_some(sign)
}

/// A jump to a label counts once.
fn jump(here: &Above<'_>) -> u32 {
    let names = |kinds: &[&str]| {
        let mut cursor = here.node.walk();
        u32::from(here.node.named_children(&mut cursor).any(|child| kinds.contains(&child.kind())))
    };
    match here.kind.flow {
        Flow::Goto => 1,
        Flow::Leave => names(&["label", "statement_identifier", "label_name", "identifier"]),
        Flow::LeaveExpression => names(&["label"]),
        Flow::Straight
        | Flow::Function
        | Flow::If
        | Flow::ElseIf
        | Flow::Else
        | Flow::Nests
        | Flow::Binary => 0,
    }
}

#[cfg(test)]
mod tests {
    use crate::syntax::Source;

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[u32]) {
        let source = Source::read(path, text).unwrap();
        let found: Vec<u32> = source.functions().iter().map(|f| f.value).collect();
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
