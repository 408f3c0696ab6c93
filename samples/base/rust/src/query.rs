//! What a visitor types, and what it finds.
//!
//! A query is a list of terms with spaces between them; an item must satisfy all of them.

use crate::item::Item;

/// A query, ready to be asked of many items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    /// A word of the title starts with it.
    Word(String),
    /// The item has the tag.
    Tag(String),
}

impl Query {
    /// Reads a query. Case does not matter; a query without terms finds everything.
    pub fn parse(text: &str) -> Self {
        let terms = text.split_whitespace().map(Term::parse).collect();
        Query { terms }
    }

    /// Tells whether `item` satisfies every term.
    pub fn matches(&self, item: &Item) -> bool {
        self.terms.iter().all(|term| term.matches(item))
    }
}

impl Term {
    fn parse(text: &str) -> Self {
        let text = text.to_lowercase();
        match text.strip_prefix("tag:") {
            Some(tag) => Term::Tag(tag.to_owned()),
            None => Term::Word(text),
        }
    }

    fn matches(&self, item: &Item) -> bool {
        match self {
            Term::Word(start) => item.words().iter().any(|word| word.starts_with(start)),
            Term::Tag(tag) => item.tags.contains(tag),
        }
    }
}
