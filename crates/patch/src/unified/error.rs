//! Why a diff is refused, with the file, the hunk and the line.

/// Why a diff cannot be read or does not fit. Lines are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnifiedError {
    /// No file header anywhere.
    #[error("no file header found: a unified diff has `diff --git` or `---` and `+++` lines")]
    NotADiff,
    /// A line that cannot stand where it stands.
    #[error("line {line} of the diff: {what}")]
    Malformed {
        /// In the diff.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A path that leads out of the tree or into git's own files.
    #[error("line {line} of the diff: the path `{}` is absolute, or has an empty, `.`, `..` or `.git` part", path.escape_debug())]
    UnsafePath {
        /// In the diff.
        line: usize,
        /// As written.
        path: String,
    },
    /// A binary change, which a text diff cannot carry exactly.
    #[error("line {line} of the diff: `{path}` changes as binary; only text changes can be read")]
    Binary {
        /// In the diff.
        line: usize,
        /// Which file, as far as known.
        path: String,
    },
    /// A submodule or something else that is neither file nor symlink.
    #[error(
        "line {line} of the diff: the mode `{mode}` is neither a file's (100644, 100755) nor a symlink's (120000)"
    )]
    Mode {
        /// In the diff.
        line: usize,
        /// As written.
        mode: String,
    },
    /// A hunk holds more or fewer lines than its header says.
    #[error("`{path}`, hunk {hunk}: its header and its lines disagree at line {line} of the diff")]
    HunkLength {
        /// Which file.
        path: String,
        /// Which hunk, from 1.
        hunk: usize,
        /// In the diff.
        line: usize,
    },
    /// The base lacks a file that the diff changes.
    #[error("`{path}` is not in the base, but the diff changes it")]
    Missing {
        /// Which file.
        path: String,
    },
    /// The base has a file that the diff creates.
    #[error("`{path}` is in the base already, but the diff creates it")]
    Exists {
        /// Which file.
        path: String,
    },
    /// The diff changes a file as text that is binary in the base.
    #[error("`{path}` is binary in the base, but the diff changes it as text")]
    BinaryBase {
        /// Which file.
        path: String,
    },
    /// The diff names a file twice.
    #[error("`{path}` is changed twice; give one diff against the base, not a series")]
    Twice {
        /// Which file.
        path: String,
    },
    /// A line of the base is not what the diff says.
    #[error("`{path}`, hunk {hunk}: line {line} of the base is {}, but the diff expects `{}`", quoted(found.as_deref()), expected.escape_debug())]
    Mismatch {
        /// Which file.
        path: String,
        /// Which hunk, from 1.
        hunk: usize,
        /// In the base.
        line: usize,
        /// What the diff says is there.
        expected: String,
        /// What is there; `None` past the end.
        found: Option<String>,
    },
    /// A hunk starts before the end of the one before it, or past the end of the file.
    #[error("`{path}`, hunk {hunk}: line {line} of the base is out of order or past its end")]
    OutOfOrder {
        /// Which file.
        path: String,
        /// Which hunk, from 1.
        hunk: usize,
        /// In the base.
        line: usize,
    },
    /// A line without newline would be followed by another.
    #[error("`{path}`, hunk {hunk}: a line without newline is not the last")]
    NotLast {
        /// Which file.
        path: String,
        /// Which hunk, from 1.
        hunk: usize,
    },
    /// A removal that does not remove every line.
    #[error("`{path}` is removed, but the diff leaves lines of it")]
    NotEmptied {
        /// Which file.
        path: String,
    },
}

fn quoted(line: Option<&str>) -> String {
    line.map_or_else(|| "past its end".to_owned(), |line| format!("`{}`", line.escape_debug()))
}
