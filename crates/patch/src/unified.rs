//! Unified diffs as git writes them: read and applied exactly, or refused with the place; and written.

mod apply;
mod error;
mod name;
mod parse;
mod write;

use fairtrial_domain::patch::{FileMode, Patch, Side};

pub use apply::apply;
pub use error::UnifiedError;
pub use parse::parse;
pub use write::write;

/// A diff as read, not yet set against a base.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unified {
    /// One per file header, in the diff's order.
    pub files: Vec<FileDiff>,
}

/// What a diff says of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// Its line in the diff, from 1.
    pub at: usize,
    /// What happens to it.
    pub action: Action,
    /// The mode it has afterwards, where the diff says so.
    pub mode: Option<FileMode>,
    /// What changes in its text, in order.
    pub hunks: Vec<Hunk>,
}

/// What happens to a file. Paths are safe: relative, without `..` or `.git`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is new.
    Create {
        /// Where.
        path: String,
    },
    /// It goes.
    Delete {
        /// Where it was.
        path: String,
    },
    /// It stays, with another text or mode.
    Modify {
        /// Where.
        path: String,
    },
    /// It moves, perhaps with another text.
    Rename {
        /// Where it was.
        from: String,
        /// Where it is.
        to: String,
    },
    /// It stays and a copy of it appears.
    Copy {
        /// Where it is read.
        from: String,
        /// Where the copy is.
        to: String,
    },
}

impl Action {
    /// Returns the path that exists afterwards, or the one that is gone.
    pub fn path(&self) -> &str {
        match self {
            Action::Create { path } | Action::Delete { path } | Action::Modify { path } => path,
            Action::Rename { to, .. } | Action::Copy { to, .. } => to,
        }
    }
}

/// One changed stretch with its surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Its line in the diff, from 1.
    pub at: usize,
    /// The first line it takes from the base, from 1; the line it follows when it takes none.
    pub old_start: usize,
    /// Lines it takes from the base.
    pub old_lines: usize,
    /// Its lines, in order.
    pub lines: Vec<HunkLine>,
}

/// A line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HunkLine {
    /// What it says.
    pub kind: LineKind,
    /// Its text with its `\n`, if it has one.
    pub text: String,
}

/// What a line of a hunk says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// It is there before and after.
    Context,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

/// Parses `diff` and applies it to the files that `base` returns.
///
/// # Errors
/// When it is no diff, holds binary changes, or does not fit the base exactly.
pub fn read(diff: &str, base: &dyn Fn(&str) -> Option<Side>) -> Result<Patch, UnifiedError> {
    apply(&parse(diff)?, base)
}

// They lay symlinks and executable bits.
#[cfg(test)]
#[cfg(unix)]
mod tests;
