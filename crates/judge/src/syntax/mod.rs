//! Reads source files with tree-sitter: tokens, comments, definitions. Grammars live here and nowhere else, so that
//! cells never link them.
//!
//! **Invariant:** a file is read whole within its bounds or not at all, with the reason; bounds are counted in bytes
//! and steps, never in time.

pub(crate) mod cognitive;
pub(crate) mod definitions;
mod kinds;
mod walk;

use std::cell::OnceCell;
use std::ops::{ControlFlow, Range};

use cognitive::Complexity;
use definitions::Definition;
use walk::{Found, walk};

use tree_sitter::{Language, Node, ParseOptions, Parser, Tree};

/// The largest text that is read, in bytes.
pub const MOST_BYTES: usize = 1 << 20;

/// How often the parser may ask whether to go on; it asks every hundred operations.
const MOST_ASKED: usize = 60_000;

/// A grammar that is bundled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grammar {
    /// Rust.
    Rust,
    /// Python.
    Python,
    /// JavaScript, JSX included.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// Go.
    Go,
    /// Java.
    Java,
}

impl Grammar {
    /// Returns the grammar of a path by its ending.
    pub fn of_path(path: &str) -> Option<Grammar> {
        match path.rsplit_once('.')?.1 {
            "rs" => Some(Grammar::Rust),
            "py" | "pyi" => Some(Grammar::Python),
            "js" | "mjs" | "cjs" | "jsx" => Some(Grammar::JavaScript),
            "ts" | "mts" | "cts" => Some(Grammar::TypeScript),
            "tsx" => Some(Grammar::Tsx),
            "go" => Some(Grammar::Go),
            "java" => Some(Grammar::Java),
            _ => None,
        }
    }

    fn language(self) -> Language {
        match self {
            Grammar::Rust => tree_sitter_rust::LANGUAGE.into(),
            Grammar::Python => tree_sitter_python::LANGUAGE.into(),
            Grammar::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Grammar::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Grammar::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
            Grammar::Go => tree_sitter_go::LANGUAGE.into(),
            Grammar::Java => tree_sitter_java::LANGUAGE.into(),
        }
    }

    /// Returns whether white space at the start of a line carries meaning.
    pub fn indents(self) -> bool {
        self == Grammar::Python
    }
}

/// One token: a leaf of the tree, or a word or sign where there is no grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// Line of its first byte, from 0.
    pub line: usize,
    /// What it is.
    pub kind: TokenKind,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Code.
    Code,
    /// A literal: text, number, character.
    Literal,
    /// Inside an import.
    Import,
    /// A comment.
    Comment,
}

/// A text that was read.
pub struct Source<'a> {
    /// The text.
    pub text: &'a str,
    /// Which grammar read it; `None` for words and signs.
    pub grammar: Option<Grammar>,
    /// All tokens in order, comments included.
    pub tokens: Vec<Token>,
    tree: Option<Tree>,
    definitions: Vec<Definition>,
    functions: Vec<Complexity>,
    /// A number for each token, given by whoever compares several texts.
    pub(crate) numbers: OnceCell<Vec<u32>>,
}

/// Why a text was not read, as a sentence fragment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// More than [`MOST_BYTES`].
    #[error("has more than {MOST_BYTES} bytes")]
    Long,
    /// The parser took too many steps.
    #[error("takes more than the steps allowed to read")]
    Steps,
}

impl<'a> Source<'a> {
    /// Reads a text by the grammar of its path, or as words and signs where there is none.
    ///
    /// # Errors
    /// When the text is larger than is read.
    pub fn read(path: &str, text: &'a str) -> Result<Source<'a>, Unread> {
        if let Some(grammar) = Grammar::of_path(path) {
            return Source::of_grammar(grammar, text);
        }
        if text.len() > MOST_BYTES {
            return Err(Unread::Long);
        }
        let (tokens, numbers) = (words(text), OnceCell::new());
        Ok(Source {
            text,
            grammar: None,
            tokens,
            tree: None,
            definitions: vec![],
            functions: vec![],
            numbers,
        })
    }

    /// Reads a text by a grammar.
    ///
    /// # Errors
    /// When the text is larger than is read, or takes more steps.
    pub(crate) fn of_grammar(grammar: Grammar, text: &'a str) -> Result<Source<'a>, Unread> {
        if text.len() > MOST_BYTES {
            return Err(Unread::Long);
        }
        let tree = parse(grammar, text)?;
        let Found { tokens, definitions, functions } = walk(&tree, text, grammar);
        let (grammar, tree, numbers) = (Some(grammar), Some(tree), OnceCell::new());
        Ok(Source { text, grammar, tokens, tree, definitions, functions, numbers })
    }

    /// Returns the named definitions, in order of their beginning; none without a grammar.
    pub(crate) fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// Returns the complexity of each outermost function, in order; none without a grammar.
    pub(crate) fn functions(&self) -> &[Complexity] {
        &self.functions
    }

    /// Returns the tree's root; `None` without a grammar.
    pub fn root(&self) -> Option<Node<'_>> {
        self.tree.as_ref().map(Tree::root_node)
    }

    /// Returns a token's text.
    pub fn text_of(&self, token: &Token) -> &'a str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    /// Returns the tokens that begin on these lines.
    pub fn on_lines(&self, lines: &Range<usize>) -> &[Token] {
        let from = self.tokens.partition_point(|token| token.line < lines.start);
        let to = self.tokens.partition_point(|token| token.line < lines.end);
        &self.tokens[from..to.max(from)]
    }
}

fn parse(grammar: Grammar, text: &str) -> Result<Tree, Unread> {
    let mut parser = Parser::new();
    if parser.set_language(&grammar.language()).is_err() {
        return Err(Unread::Steps);
    }
    let mut asked = 0usize;
    let mut go_on = |_: &tree_sitter::ParseState| {
        asked += 1;
        if asked > MOST_ASKED { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut go_on);
    let bytes = text.as_bytes();
    let mut read = |at: usize, _: tree_sitter::Point| bytes.get(at..).unwrap_or_default();
    parser.parse_with_options(&mut read, None, Some(options)).ok_or(Unread::Steps)
}

/// Words and signs: what stands in for tokens where no grammar is bundled.
fn words(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut line = 0;
    let mut word: Option<(usize, usize)> = None;
    let push = |tokens: &mut Vec<Token>, start, end, line| {
        tokens.push(Token { start, end, line, kind: TokenKind::Code });
    };
    for (at, c) in text.char_indices() {
        let part = c.is_alphanumeric() || c == '_';
        if part {
            word.get_or_insert((at, line));
            continue;
        }
        if let Some((start, line)) = word.take() {
            push(&mut tokens, start, at, line);
        }
        if c == '\n' {
            line += 1;
        } else if !c.is_whitespace() {
            push(&mut tokens, at, at + c.len_utf8(), line);
        }
    }
    if let Some((start, line)) = word {
        push(&mut tokens, start, text.len(), line);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, text: &str) -> String {
        let source = Source::read(path, text).unwrap();
        let sign = |kind| match kind {
            TokenKind::Code => "",
            TokenKind::Literal => "'",
            TokenKind::Import => "<",
            TokenKind::Comment => "#",
        };
        let told = source.tokens.iter().map(|t| format!("{}{}@{}", sign(t.kind), source.text_of(t), t.line));
        told.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_literal_is_one_token_in_every_language() {
        assert_eq!(told("a.py", "x = 'a b' # c\n"), "x@0 =@0 ''a b'@0 #  c@0".replace("#  c", "## c"));
        assert_eq!(told("a.rs", "let x = \"a\";\n"), "let@0 x@0 =@0 '\"a\"@0 ;@0");
        assert_eq!(told("a.js", "f(`a ${b}`);\n"), "f@0 (@0 '`a ${b}`@0 )@0 ;@0");
        assert_eq!(told("a.ts", "let x: T = 1_0;\n"), "let@0 x@0 :@0 T@0 =@0 '1_0@0 ;@0");
        assert_eq!(told("a.tsx", "<A b={1}/>;\n"), "<@0 A@0 b@0 =@0 {@0 '1@0 }@0 />@0 ;@0");
        assert_eq!(told("A.java", "int x = 7;\n"), "int@0 x@0 =@0 '7@0 ;@0");
    }

    #[test]
    fn imports_are_marked() {
        assert_eq!(told("a.py", "import a\nb\n"), "<import@0 <a@0 b@1");
        assert!(told("a.go", "package p\nimport \"fmt\"\n").contains("<import@1"));
    }

    #[test]
    fn without_a_grammar_words_and_signs_are_tokens() {
        assert_eq!(told("a.rb", "def x1\n  y?\n"), "def@0 x1@0 y@1 ?@1");
        assert_eq!(told("Makefile", ""), "");
    }

    #[test]
    fn what_is_too_long_is_not_read_and_odd_text_is() {
        let long = "x = 1\n".repeat(MOST_BYTES / 6 + 1);
        assert_eq!(Source::read("a.py", &long).err(), Some(Unread::Long));
        for path in ["a.rs", "a.py", "a.js", "a.ts", "a.tsx", "a.go", "A.java", "a.rb"] {
            for text in ["", "\0", "((((((", "\u{202e}{\"", "'''", "`${`${", "/*"] {
                assert!(Source::read(path, text).is_ok(), "{path} {text:?}");
            }
            let odd = "({[\"'`<".repeat(20_000);
            let _ = Source::read(path, &odd);
        }
    }
}
