//! Reads TOML field by field and remembers what was asked for, so that every wrong or unknown field is reported with
//! its line, not only the first.

use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problem::{Problem, Problems};

/// A file being read, with the place where its problems are collected.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'a Path,
    pub(crate) text: &'a str,
    pub(crate) problems: &'a RefCell<Problems>,
}

impl<'a> Source<'a> {
    /// Notes a problem at a place of the text.
    pub(crate) fn problem(&self, at: Range<usize>, message: impl Into<String>, remedy: impl Into<String>) {
        let before = self.text.as_bytes().iter().take(at.start).filter(|b| **b == b'\n').count();
        self.problems.borrow_mut().0.push(Problem {
            file: self.file.to_owned(),
            line: Some(u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)),
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    /// Parses the text; syntax errors become problems, and what could be read is returned all the same.
    pub(crate) fn parse(&self) -> Spanned<DeTable<'a>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let at = error.span().unwrap_or(0..0);
            self.problem(
                at,
                format!("malformed TOML: {}", error.message().trim()),
                "correct the syntax here",
            );
        }
        table
    }
}

/// One table of the file.
pub(crate) struct Node<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) table: &'a DeTable<'a>,
    pub(crate) span: Range<usize>,
    /// Its dotted name, empty at the root.
    pub(crate) name: String,
    asked: RefCell<Vec<&'static str>>,
}

/// A value with its place in the file.
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

impl<'a> Node<'a> {
    pub(crate) fn new(source: Source<'a>, table: &'a DeTable<'a>, span: Range<usize>, name: String) -> Self {
        Node { source, table, span, name, asked: RefCell::default() }
    }

    pub(crate) fn problem(&self, message: impl Into<String>, remedy: impl Into<String>) {
        self.source.problem(self.span.clone(), message, remedy);
    }

    pub(crate) fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    fn full(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn typed<T>(
        &self,
        key: &'static str,
        wanted: &str,
        read: impl Fn(&'a DeValue<'a>) -> Option<T>,
    ) -> Option<At<T>> {
        let value = self.get(key)?;
        match read(value.get_ref()) {
            Some(read) => Some(At { value: read, span: value.span() }),
            None => {
                let got = value.get_ref().type_str();
                let name = self.full(key);
                self.source.problem(
                    value.span(),
                    format!("`{name}` has the type {got}"),
                    format!("give {wanted}"),
                );
                None
            }
        }
    }

    pub(crate) fn string(&self, key: &'static str) -> Option<At<String>> {
        self.typed(key, "a text", |v| v.as_str().map(str::to_owned))
    }

    /// Returns a text that must be there.
    pub(crate) fn required(&self, key: &'static str, remedy: &str) -> Option<At<String>> {
        if !self.table.contains_key(key) {
            self.asked.borrow_mut().push(key);
            self.problem(format!("`{}` is missing", self.full(key)), remedy);
            return None;
        }
        self.string(key).filter(|text| {
            let blank = text.value.trim().is_empty();
            if blank {
                self.source.problem(text.span.clone(), format!("`{}` is empty", self.full(key)), remedy);
            }
            !blank
        })
    }

    /// Returns a finite number above zero, in whatever unit the field has.
    pub(crate) fn positive(&self, key: &'static str) -> Option<f64> {
        self.typed(key, "a number above zero", |v| number(v).filter(|n| n.is_finite() && *n > 0.0))
            .map(|n| n.value)
    }

    pub(crate) fn count(&self, key: &'static str) -> Option<u64> {
        self.typed(key, "a whole number of at least 1", |v| {
            u64::from_str_radix(v.as_integer()?.as_str(), v.as_integer()?.radix()).ok().filter(|n| *n > 0)
        })
        .map(|n| n.value)
    }

    pub(crate) fn boolean(&self, key: &'static str) -> Option<bool> {
        self.typed(key, "true or false", |v| v.as_bool()).map(|b| b.value)
    }

    /// Returns a list of texts; elements of another type are reported and left out.
    pub(crate) fn strings(&self, key: &'static str) -> Vec<At<String>> {
        let Some(list) = self.typed(key, "a list of texts", |v| v.as_array()) else { return Vec::new() };
        let mut texts = Vec::new();
        for item in list.value.iter() {
            match item.get_ref().as_str() {
                Some(text) => texts.push(At { value: text.to_owned(), span: item.span() }),
                None => self.source.problem(
                    item.span(),
                    format!("`{}` holds the type {}", self.full(key), item.get_ref().type_str()),
                    "give texts only",
                ),
            }
        }
        texts
    }

    pub(crate) fn child(&self, key: &'static str) -> Option<Node<'a>> {
        let table = self.typed(key, "a table", |v| v.as_table())?;
        Some(Node::new(self.source, table.value, table.span, self.full(key)))
    }

    /// Returns the tables of a list of tables; elements of another type are reported and left out.
    pub(crate) fn children(&self, key: &'static str) -> Vec<Node<'a>> {
        let Some(list) = self.typed(key, "a list of tables", |v| v.as_array()) else { return Vec::new() };
        let mut nodes = Vec::new();
        for item in list.value.iter() {
            match item.get_ref().as_table() {
                Some(table) => nodes.push(Node::new(self.source, table, item.span(), self.full(key))),
                None => self.source.problem(
                    item.span(),
                    format!("`{}` holds the type {}", self.full(key), item.get_ref().type_str()),
                    "give tables only",
                ),
            }
        }
        nodes
    }

    /// Reports every field that nobody asked for.
    pub(crate) fn done(&self) {
        let asked = self.asked.borrow();
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if !asked.contains(&name) {
                unknown(self.source, key.span(), &self.full(name), &asked);
            }
        }
    }
}

/// Reports a field that does not exist, with the names that do.
pub(crate) fn unknown(source: Source<'_>, at: Range<usize>, name: &str, known: &[&str]) {
    let mut known = known.to_vec();
    known.sort_unstable();
    known.dedup();
    let remedy = format!("remove it, or use one of: {}", known.join(", "));
    source.problem(at, format!("unknown field `{name}`"), remedy);
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    if let Some(float) = value.as_float() {
        return float.as_str().parse().ok();
    }
    value.as_integer().and_then(|i| i.as_str().parse().ok())
}
