//! Names of things: checked once where they enter, trusted afterwards.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text cannot be an identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadId {
    /// The text as given.
    pub text: String,
}

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not an id: use 1 to 64 of a-z, 0-9, `-`, `_`, `.`, starting with a letter or digit",
            self.text.escape_debug()
        )
    }
}

impl std::error::Error for BadId {}

fn checked(text: &str) -> Result<String, BadId> {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let rest = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b));
    if first && rest && text.len() <= 64 { Ok(text.to_owned()) } else { Err(BadId { text: text.to_owned() }) }
}

macro_rules! ids {
    ($( $(#[$meta:meta])* $name:ident )*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(feature = "schema", ts(type = "string"))]
        pub struct $name(String);

        impl $name {
            /// Checks `text`: 1 to 64 of a-z, 0-9, `-`, `_`, `.`, starting with a letter or digit.
            pub fn parse(text: &str) -> Result<Self, BadId> { checked(text).map(Self) }
            /// Returns the text.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> { Self::parse(&text) }
        }
        impl From<$name> for String { fn from(id: $name) -> String { id.0 } }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
    )* };
}

ids! {
    /// Names a task inside its suite; also its folder's name.
    TaskId
    /// Names a suite.
    SuiteId
    /// Names an assistant as compared: one configuration of one back end.
    AssistantId
    /// Names a check inside its task.
    CheckId
    /// Names a run on this machine, sortable by start: `20261122-160800-7f3a`.
    RunId
}

/// A SHA-256 in lower-case hexadecimal, naming content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(transparent)]
pub struct Digest(pub String);

impl Digest {
    /// Returns the first eight digits, enough for a person to tell two apart.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one trial inside a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct TrialKey {
    /// The task tried.
    pub task: TaskId,
    /// Who tries it.
    pub assistant: AssistantId,
    /// Which try, from 1.
    pub trial: u32,
}

impl fmt::Display for TrialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.task, self.assistant, self.trial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_never_leaves_its_folder() {
        for bad in ["", "..", "a/b", "A", "a b", "-a", &"a".repeat(65)] {
            assert!(TaskId::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(TaskId::parse("fix-2.1_a").unwrap().as_str(), "fix-2.1_a");
    }

    #[test]
    fn a_bad_id_in_json_is_refused() {
        assert!(serde_json::from_str::<TaskId>("\"../x\"").is_err());
    }
}
