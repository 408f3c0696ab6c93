//! One walk over a tree, which is most of what reading a file takes beside parsing it: its tokens, the names that it
//! defines, how hard its functions are to follow.

use tree_sitter::{Node, Tree};

use super::cognitive::{Complexities, Complexity};
use super::definitions::{Definition, Definitions};
use super::kinds::{Kind, Kinds, Part};
use super::{Grammar, Token, TokenKind};

/// What a walk finds, each in the order of its beginning.
pub(super) struct Found {
    pub(super) tokens: Vec<Token>,
    pub(super) definitions: Vec<Definition>,
    pub(super) functions: Vec<Complexity>,
}

/// A node on the way down to where the walk is.
pub(super) struct Above<'t> {
    pub(super) node: Node<'t>,
    pub(super) kind: Kind,
    /// How deep control is nested in it, from its function.
    pub(super) level: u32,
    /// The logical operator between its operands.
    pub(super) operator: Option<&'t str>,
    /// True inside of what the grammar gives no name: there nothing is defined and nothing flows.
    pub(super) unnamed: bool,
}

/// Walks a tree of `text`.
pub(super) fn walk<'t>(tree: &'t Tree, text: &'t str, grammar: Grammar) -> Found {
    let kinds = Kinds::of(grammar);
    let mut tokens = Tokens::with_capacity(text.len() / 4);
    let (mut definitions, mut complexities) = (Definitions::default(), Complexities::default());
    let mut above: Vec<Above<'t>> = Vec::new();
    let mut cursor = tree.walk();
    'down: loop {
        let node = cursor.node();
        let kind = kinds.get(node.kind_id());
        let (depth, parent) = (above.len(), above.last());
        let unnamed = !kind.named || parent.is_some_and(|parent| parent.unnamed);
        let mut here = Above { node, kind, level: 0, operator: None, unnamed };
        definitions.see(&here, depth, text);
        complexities.see(&mut here, parent, depth, text);
        let inner = cursor.goto_first_child();
        tokens.see(node, kind.part, depth, inner);
        if inner {
            above.push(here);
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                break 'down;
            }
            above.pop();
        }
    }
    Found { tokens: tokens.found, definitions: definitions.found, functions: complexities.found }
}

/// The tokens so far.
struct Tokens {
    found: Vec<Token>,
    /// The byte after the import that was begun last.
    import_until: usize,
    /// How deep the node is whose whole text was taken for one token.
    taken: Option<usize>,
}

impl Tokens {
    fn with_capacity(tokens: usize) -> Self {
        Tokens { found: Vec::with_capacity(tokens), import_until: 0, taken: None }
    }

    fn see(&mut self, node: Node<'_>, part: Part, depth: usize, inner: bool) {
        if self.taken.is_some_and(|taken| depth > taken) {
            return;
        }
        self.taken = None;
        let whole = matches!(part, Part::Literal | Part::Comment);
        if inner && part == Part::Code {
            return;
        }
        let range = node.byte_range();
        if part == Part::Import {
            self.import_until = range.end;
        }
        if inner && whole {
            self.taken = Some(depth);
        }
        if range.is_empty() || inner && !whole {
            return;
        }
        let kind = match part {
            Part::Comment => TokenKind::Comment,
            _ if range.start < self.import_until => TokenKind::Import,
            Part::Literal => TokenKind::Literal,
            Part::Code | Part::Import => TokenKind::Code,
        };
        let line = node.start_position().row;
        self.found.push(Token { start: range.start, end: range.end, line, kind });
    }
}
