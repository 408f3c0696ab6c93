//! Named definitions of a file with the lines that they cover: functions, methods, types.

use std::ops::Range;

use tree_sitter::Node;

use super::Source;

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

/// Returns the definitions of a file in order of their beginning; none without a grammar.
pub(crate) fn definitions(source: &Source<'_>) -> Vec<Definition> {
    let mut found = Vec::new();
    if let Some(root) = source.root() {
        walk(source, root, "", 0, &mut found);
    }
    found
}

fn walk(source: &Source<'_>, node: Node<'_>, outer: &str, depth: usize, found: &mut Vec<Definition>) {
    if depth > DEEP {
        return;
    }
    let named = name_of(source, node);
    let path = match &named {
        Some(name) if outer.is_empty() => name.clone(),
        Some(name) => format!("{outer}.{name}"),
        None => outer.to_owned(),
    };
    if named.is_some() {
        let lines = node.start_position().row..node.end_position().row + 1;
        found.push(Definition { name: path.clone(), lines });
    }
    let mut cursor = node.walk();
    for child in node.named_children(&mut cursor) {
        walk(source, child, &path, depth + 1, found);
    }
}

fn name_of(source: &Source<'_>, node: Node<'_>) -> Option<String> {
    let field = match node.kind() {
        "function_item"
        | "struct_item"
        | "enum_item"
        | "trait_item"
        | "mod_item"
        | "union_item"
        | "macro_definition"
        | "function_definition"
        | "class_definition"
        | "function_declaration"
        | "generator_function_declaration"
        | "class_declaration"
        | "method_definition"
        | "abstract_class_declaration"
        | "interface_declaration"
        | "enum_declaration"
        | "record_declaration"
        | "type_alias_declaration"
        | "method_declaration"
        | "constructor_declaration"
        | "type_spec" => "name",
        "impl_item" => "type",
        "variable_declarator" if is_function(node.child_by_field_name("value")) => "name",
        _ => return None,
    };
    let name = node.child_by_field_name(field)?.byte_range();
    source.text.get(name).map(|text| text.chars().take(200).collect())
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

    fn check(path: &str, text: &str, expected: &[(&str, usize, usize)]) {
        let source = Source::read(path, text).unwrap();
        let found = definitions(&source);
        let found: Vec<_> = found.iter().map(|d| (d.name.as_str(), d.lines.start, d.lines.end)).collect();
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
        let all = definitions(&source);
        assert_eq!(innermost(&all, [1, 3, 9].into_iter()), ["A", "A.b", ""]);
    }
}
