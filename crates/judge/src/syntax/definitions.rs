//! Named definitions of a file with the lines that they cover: functions, methods, types.

use std::ops::Range;

use tree_sitter::Node;

use super::kinds::Defines;
use super::walk::Above;

/// A named definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    /// Its name, with what encloses it: `Shelf.add`.
    pub(crate) name: String,
    /// Its lines, from 0.
    pub(crate) lines: Range<usize>,
}

/// Definitions are looked for this deep.
const DEEP: usize = 200;

/// The definitions that a walk has seen.
#[derive(Default)]
pub(super) struct Definitions {
    /// In order of their beginning.
    pub(super) found: Vec<Definition>,
    /// Those around the last one with how deep they are, by their place in `found`.
    around: Vec<(usize, usize)>,
}

impl Definitions {
    /// Looks at a node and adds what it defines.
    pub(super) fn see(&mut self, here: &Above<'_>, depth: usize, text: &str) {
        while self.around.last().is_some_and(|(outer, _)| *outer >= depth) {
            self.around.pop();
        }
        if here.unnamed || here.kind.defines == Defines::Nothing || depth > DEEP {
            return;
        }
        let Some(own) = name_of(here.node, here.kind.defines, text) else { return };
        let outer = self.around.last().map_or("", |(_, outer)| &self.found[*outer].name);
        let name = if outer.is_empty() { own } else { format!("{outer}.{own}") };
        self.around.push((depth, self.found.len()));
        let lines = here.node.start_position().row..here.node.end_position().row + 1;
        self.found.push(Definition { name, lines });
    }
}

fn name_of(node: Node<'_>, defines: Defines, text: &str) -> Option<String> {
    let field = match defines {
        Defines::Name => "name",
        Defines::Type => "type",
        Defines::Function if is_function(node.child_by_field_name("value")) => "name",
        Defines::Function | Defines::Nothing => return None,
    };
    let name = node.child_by_field_name(field)?.byte_range();
    text.get(name).map(|text| text.chars().take(200).collect())
}

fn is_function(value: Option<Node<'_>>) -> bool {
    value.is_some_and(|value| {
        matches!(value.kind(), "arrow_function" | "function_expression" | "lambda_expression")
    })
}

/// Returns for lines in rising order the names of the innermost definitions around them, each run once; `""` where
/// there is none.
pub(crate) fn innermost(definitions: &[Definition], lines: impl Iterator<Item = usize>) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    let (mut open, mut next): (Vec<&Definition>, usize) = (vec![], 0);
    for line in lines {
        while let Some(definition) = definitions.get(next).filter(|definition| definition.lines.start <= line)
        {
            open.retain(|outer| outer.lines.end > definition.lines.start);
            open.push(definition);
            next += 1;
        }
        open.retain(|definition| definition.lines.contains(&line));
        let name =
            open.iter().min_by_key(|definition| definition.lines.len()).map_or("", |d| d.name.as_str());
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Source;

    fn check(path: &str, text: &str, expected: &[(&str, usize, usize)]) {
        let source = Source::read(path, text).unwrap();
        let found: Vec<_> =
            source.definitions().iter().map(|d| (d.name.as_str(), d.lines.start, d.lines.end)).collect();
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn definitions_are_named_with_what_encloses_them() {
        check("a.py", "class A:\n    def b(self):\n        pass\n", &[("A", 0, 3), ("A.b", 1, 3)]);
        check(
            "a.rs",
            "impl A {\n    fn b() {}\n}\nmod m { fn c() {} }\n",
            &[("A", 0, 3), ("A.b", 1, 2), ("m", 3, 4), ("m.c", 3, 4)],
        );
        check(
            "a.js",
            "const f = () => {\n};\nclass A { b() {} }\n",
            &[("f", 0, 2), ("A", 2, 3), ("A.b", 2, 3)],
        );
        check("a.ts", "interface I { x: number }\nfunction g(): void {}\n", &[("I", 0, 1), ("g", 1, 2)]);
        check("a.go", "package p\nfunc (s *S) M() {\n}\ntype T struct{}\n", &[("M", 1, 3), ("T", 3, 4)]);
        check("A.java", "class A {\n  void b() {\n  }\n}\n", &[("A", 0, 4), ("A.b", 1, 3)]);
    }

    #[test]
    fn the_innermost_one_is_around_a_line() {
        let source = Source::read("a.py", "class A:\n    x = 1\n    def b(self):\n        pass\n").unwrap();
        assert_eq!(innermost(source.definitions(), [1, 3, 9].into_iter()), ["A", "A.b", ""]);
    }
}
