//! Changed lines that change nothing a program would notice, by class.
//!
//! **Invariant:** a hunk is noise only when what is left of it is equal on both sides; a doubt is no noise.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;

use fairtrial_patch::hunks::{Hunk, split};

use super::{File, Sources};
use crate::syntax::{Grammar, Source, Token, TokenKind};

/// Why a hunk is noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// The file is made by a program, or locks versions.
    Made,
    /// Line ends or a byte order mark.
    LineEnds,
    /// White space, without meaning in the language.
    WhiteSpace,
    /// The same tokens, laid out otherwise.
    Format,
    /// Comments only.
    Comments,
    /// The same imports in another order.
    ImportOrder,
}

impl Class {
    /// Returns the class in a few words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Class::Made => "generated or lock file",
            Class::LineEnds => "line ends",
            Class::WhiteSpace => "white space",
            Class::Format => "layout",
            Class::Comments => "comments",
            Class::ImportOrder => "order of imports",
        }
    }
}

/// Files that hold exact versions and are written by tools.
const LOCKS: [&str; 14] = [
    "Cargo.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lockb",
    "poetry.lock",
    "Pipfile.lock",
    "uv.lock",
    "pdm.lock",
    "go.sum",
    "composer.lock",
    "Gemfile.lock",
    "gradle.lockfile",
];

/// Returns whether a file is made by a program, by its name or by what its first lines say.
pub(crate) fn is_made(path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = [".min.js", ".min.css", ".pb.go", "_pb2.py", "_pb2_grpc.py", ".g.dart", ".map"];
    let says = |line: &str| {
        let line = line.to_ascii_lowercase();
        line.contains("@generated")
            || line.contains("linguist-generated")
            || line.contains("do not edit") && line.contains("generated")
    };
    LOCKS.contains(&name)
        || ending.iter().any(|end| name.ends_with(end))
        || text.lines().take(5).any(|line| line.len() < 400 && says(line))
}

/// Returns for each hunk of a file why it is noise.
pub(crate) fn classes<'a>(file: &File<'a>, sources: &Sources<'a>) -> Vec<Option<Class>> {
    let (Some(before), Some(after)) = (file.before, file.after) else { return vec![None; file.hunks.len()] };
    if file.is_made() {
        return vec![Some(Class::Made); file.hunks.len()];
    }
    // A new or removed file is as a whole no noise; reading it for that would cost for nothing.
    if before.is_empty() || after.is_empty() {
        return vec![None; file.hunks.len()];
    }
    let lines = (split(before), split(after));
    let mut found: Vec<Option<Class>> =
        file.hunks.iter().map(|hunk| by_text(hunk, &lines, Grammar::of_path(file.path))).collect();
    if Grammar::of_path(file.path).is_none() || found.iter().all(Option::is_some) {
        return found;
    }
    let (old, new) = (sources.get(file.path, before), sources.get(file.path, after));
    if let (Ok(old), Ok(new)) = (old.as_ref(), new.as_ref()) {
        let open = |found: &[Option<Class>]| -> Vec<usize> {
            (0..found.len()).filter(|at| found[*at].is_none()).collect()
        };
        for at in open(&found) {
            found[at] = by_tokens(&file.hunks[at], &lines, old, new);
        }
        imports(&file.hunks, &mut found, old, new);
    }
    found
}

type Lines<'a> = (Vec<&'a str>, Vec<&'a str>);

fn by_text<'l>(hunk: &Hunk, lines: &Lines<'l>, grammar: Option<Grammar>) -> Option<Class> {
    let (old, new) = (&lines.0[hunk.old.clone()], &lines.1[hunk.new.clone()]);
    fn plain<'l>(line: &&'l str) -> &'l str {
        line.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n'])
    }
    if old.iter().map(plain).eq(new.iter().map(plain)) {
        return Some(Class::LineEnds);
    }
    let signs = |line: &'l str| line.chars().filter(|c| !c.is_whitespace());
    if !old.iter().copied().flat_map(signs).eq(new.iter().copied().flat_map(signs)) {
        return None;
    }
    // White space inside of a literal is not looked for without its tokens.
    let means = grammar.is_some_and(Grammar::indents) && !same_indents(hunk, lines);
    let quoted = old.iter().chain(new).any(|line| line.contains(['"', '\'', '`']));
    let inside = grammar.is_some() && quoted && trimmed(old) != trimmed(new);
    (!means && !inside).then_some(Class::WhiteSpace)
}

fn trimmed<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect()
}

/// Returns whether code lines go deeper and back at the same places on both sides, the lines around included.
fn same_indents(hunk: &Hunk, lines: &Lines<'_>) -> bool {
    let steps = |lines: &[&str], range: &Range<usize>| -> Vec<Ordering> {
        let (start, end) = (range.start.saturating_sub(1), (range.end + 1).min(lines.len()));
        let depth = |line: &&str| line.len() - line.trim_start().len();
        let depths: Vec<usize> =
            lines[start..end].iter().filter(|line| !line.trim().is_empty()).map(depth).collect();
        depths.windows(2).map(|pair| pair[0].cmp(&pair[1])).collect()
    };
    steps(&lines.0, &hunk.old) == steps(&lines.1, &hunk.new)
}

fn by_tokens(hunk: &Hunk, lines: &Lines<'_>, old: &Source<'_>, new: &Source<'_>) -> Option<Class> {
    fn texts<'s>(
        source: &'s Source<'_>,
        range: &Range<usize>,
        comments: bool,
    ) -> impl Iterator<Item = &'s str> {
        let kept = move |token: &&Token| comments || token.kind != TokenKind::Comment;
        source.on_lines(range).iter().filter(kept).map(|token| source.text_of(token))
    }
    let grammar = old.grammar?;
    // A token that began before the hunk, as a long text does, is none of its tokens.
    if reaches_in(old, &hunk.old) || reaches_in(new, &hunk.new) {
        return None;
    }
    if grammar.indents() && !same_indents_of_code(hunk, lines, old, new) {
        return None;
    }
    let same = |comments| texts(old, &hunk.old, comments).eq(texts(new, &hunk.new, comments));
    if same(true) { Some(Class::Format) } else { same(false).then_some(Class::Comments) }
}

fn reaches_in(source: &Source<'_>, range: &Range<usize>) -> bool {
    let before = source.tokens.partition_point(|token| token.line < range.start);
    let ends = |token: &Token| token.line + source.text_of(token).matches('\n').count();
    before.checked_sub(1).is_some_and(|at| {
        let token = &source.tokens[at];
        token.kind != TokenKind::Comment && ends(token) >= range.start && !range.is_empty()
    })
}

/// The same as [`same_indents`], lines without code left out.
fn same_indents_of_code(hunk: &Hunk, lines: &Lines<'_>, old: &Source<'_>, new: &Source<'_>) -> bool {
    let depths = |source: &Source<'_>, lines: &[&str], range: &Range<usize>| -> Vec<usize> {
        let wide = range.start.saturating_sub(1)..(range.end + 1).min(lines.len());
        let mut firsts: Vec<usize> =
            source.on_lines(&wide).iter().filter(|t| t.kind != TokenKind::Comment).map(|t| t.line).collect();
        firsts.dedup();
        firsts.iter().map(|line| lines[*line].len() - lines[*line].trim_start().len()).collect()
    };
    let (a, b) = (depths(old, &lines.0, &hunk.old), depths(new, &lines.1, &hunk.new));
    // Lines may be joined or split: what must agree is how deep the first and last of them stand.
    let ends = |d: &[usize]| (d.first().copied(), d.last().copied(), d.iter().max().copied());
    a == b || ends(&a) == ends(&b) && a.len() != b.len()
}

/// Hunks of imports alone are noise when together they hold the same imports on both sides.
fn imports(hunks: &[Hunk], found: &mut [Option<Class>], old: &Source<'_>, new: &Source<'_>) {
    let only = |source: &Source<'_>, range: &Range<usize>| {
        source.on_lines(range).iter().all(|token| token.kind == TokenKind::Import)
    };
    let of_imports: Vec<usize> = (0..hunks.len())
        .filter(|at| found[*at].is_none() && only(old, &hunks[*at].old) && only(new, &hunks[*at].new))
        .collect();
    if of_imports.is_empty() {
        return;
    }
    let lines = |source: &Source<'_>, side: &dyn Fn(&Hunk) -> Range<usize>| -> BTreeMap<String, usize> {
        let mut counted = BTreeMap::new();
        let all: Vec<&str> = source.text.lines().collect();
        for at in &of_imports {
            let range = side(&hunks[*at]);
            for line in &all[range.start.min(all.len())..range.end.min(all.len())] {
                if !line.trim().is_empty() {
                    *counted.entry(line.trim().to_owned()).or_default() += 1;
                }
            }
        }
        counted
    };
    let same = lines(old, &|hunk| hunk.old.clone()) == lines(new, &|hunk| hunk.new.clone());
    if same {
        of_imports.iter().for_each(|at| found[*at] = Some(Class::ImportOrder));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::patch;
    use crate::features::{Files, Sources};

    #[track_caller]
    fn check(path: &str, before: &str, after: &str, expected: &[Option<Class>]) {
        let patch = patch(&[(path, before, after)]);
        let sources = Sources::default();
        assert_eq!(Files::of(&patch, &sources).files[0].noise, expected, "{before}\n→\n{after}");
    }

    #[test]
    fn line_ends_and_white_space_are_noise() {
        check("a.rs", "fn a() {}\r\nfn b() {}\r\n", "fn a() {}\nfn b() {}\n", &[Some(Class::LineEnds)]);
        check("a.rs", "\u{feff}fn a() {}\n", "fn a() {}\n", &[Some(Class::LineEnds)]);
        check("a.js", "f(a,b);\n", "f(a, b);\n", &[Some(Class::WhiteSpace)]);
        check("notes.txt", "a  b\n", "a b\n", &[Some(Class::WhiteSpace)]);
        check("a.js", "f('a b');\n", "f('ab');\n", &[None]);
    }

    #[test]
    fn an_indent_that_means_something_is_no_noise() {
        let old = "if a:\n    b()\nc()\nd()\n";
        check("a.py", old, "if a:\n    b()\n    c()\nd()\n", &[None]);
        check("a.py", old, "if a:\n  b()\nc()\nd()\n", &[Some(Class::WhiteSpace)]);
        check("a.js", "if (a)\n  b();\nc();\n", "if (a)\n  b();\n  c();\n", &[Some(Class::WhiteSpace)]);
    }

    #[test]
    fn layout_and_comments_are_noise() {
        check("a.rs", "fn a() { b(c, d); }\n", "fn a() {\n    b(c, d);\n}\n", &[Some(Class::WhiteSpace)]);
        check("a.py", "x = f(1)  # old\ny = 2\n", "x = f(1)  # new words\ny = 2\n", &[Some(Class::Comments)]);
        check(
            "a.go",
            "package p\n// a\nvar x = 1\n",
            "package p\n// b\nvar x = 1\n",
            &[Some(Class::Comments)],
        );
        check("a.py", "x = 1  # a\n", "x = 2  # b\n", &[None]);
    }

    #[test]
    fn imports_in_another_order_are_noise() {
        check(
            "a.py",
            "import a\nimport b\nx = 1\n",
            "import b\nimport a\nx = 1\n",
            &[Some(Class::ImportOrder), Some(Class::ImportOrder)],
        );
        check("a.py", "import a\nx = 1\n", "import c\nx = 1\n", &[None]);
    }

    #[test]
    fn made_files_are_noise() {
        check("Cargo.lock", "a\n", "b\n", &[Some(Class::Made)]);
        check(
            "x.go",
            "// Code generated by x. DO NOT EDIT.\na\n",
            "// Code generated by x. DO NOT EDIT.\nb\n",
            &[Some(Class::Made)],
        );
        check("notes.txt", "a\n", "b\n", &[None]);
    }
}
