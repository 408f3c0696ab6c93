//! The programs that detection looks for on a machine, and what each is able to do.
//!
//! **Invariant:** data alone, and nothing is claimed of a program that was not driven: such a one says so.

use fairtrial_domain::assistant::{BackendKind, OwnLogin};

mod models;
mod programs;
mod protocol;

pub use models::{Takes, alias, takes};
pub use programs::known;
pub(crate) use protocol::CODEX_CONFIG;
pub use protocol::acp_programs;

/// A program that can be found and driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The id of its assistant where nobody configured one.
    pub id: &'static str,
    /// How it is driven.
    pub backend: BackendKind,
    /// Its name for people.
    pub title: &'static str,
    /// Its program's usual name.
    pub program: &'static str,
    /// The argument that makes it print its version and end.
    pub version_flag: &'static str,
    /// Variables that may hold its key; any one suffices.
    pub keys: &'static [&'static str],
    /// Whether the real program was driven by us.
    pub driven: Driven,
    /// What its back end gets out of it.
    pub features: Features,
    /// What is wrong with the driven version.
    pub defects: &'static [&'static str],
    /// What its users meet before it works: tiers, switches, regions.
    pub hurdles: &'static [&'static str],
    /// Where it keeps its user's login; `None` where that is not known here, so that it takes a key only.
    pub login: Option<Login>,
}

/// Where a program keeps its user's login, in the user's home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    /// Its own folders and files, which it must be able to write: a login is renewed while it is used.
    pub places: &'static [&'static str],
    /// What it would obey later, outside of any cell: trials may read it only.
    pub sealed: &'static [&'static str],
    /// Files that hold the login; one that is there shows that somebody signed in.
    pub credentials: &'static [&'static str],
    /// What its vendor's terms say on it, in our words.
    pub terms: &'static str,
    /// Where the vendor says so.
    pub source: &'static str,
}

impl Login {
    /// Returns it as an assistant carries it.
    pub fn own(&self) -> OwnLogin {
        let owned = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
        OwnLogin {
            places: owned(self.places),
            sealed: owned(self.sealed),
            credentials: owned(self.credentials),
        }
    }
}

/// Whether the real program was driven, offline, against a scripted model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driven {
    /// In this version, in the tests that run it through the whole product.
    Tested(&'static str),
    /// In this version, once, and its stream was recorded.
    Recorded(&'static str),
    /// Never: what is known comes from documents.
    Never,
}

impl Driven {
    /// Returns the version that was driven.
    pub fn version(self) -> Option<&'static str> {
        match self {
            Driven::Tested(version) | Driven::Recorded(version) => Some(version),
            Driven::Never => None,
        }
    }
}

/// What a back end gets out of its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features {
    /// Tool calls as they happen, and not only text.
    pub stream: bool,
    /// Tokens.
    pub tokens: bool,
    /// Money, in the program's own words.
    pub cost: bool,
    /// Credits.
    pub credits: bool,
    /// It asks before a tool runs, so that a tool can be denied.
    pub permissions: bool,
    /// It has a limit of its own on turns or money.
    pub caps: bool,
    /// Its requests can be sent through a meter.
    pub meter: bool,
}

impl Features {
    /// Returns the names of what it has, in a fixed order.
    pub fn names(self) -> Vec<&'static str> {
        let all = [
            ("stream", self.stream),
            ("tokens", self.tokens),
            ("cost", self.cost),
            ("credits", self.credits),
            ("permissions", self.permissions),
            ("caps", self.caps),
            ("meter", self.meter),
        ];
        all.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
    }
}

/// A program of the Agent Client Protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcpProgram {
    /// Its name for people.
    pub title: &'static str,
    /// Its program's usual name.
    pub program: &'static str,
    /// The arguments that make it speak the protocol.
    pub args: &'static [&'static str],
    /// The mode to work in: the cell is the sandbox.
    pub mode: Option<&'static str>,
    /// The variable that takes a base URL; of Codex's adapter, the one that takes settings in JSON.
    pub base_url: Option<&'static str>,
    /// Variables whose values are keys for that address: the meter holds them.
    pub keys: &'static [&'static str],
    /// Variables it is started with.
    pub env: &'static [(&'static str, &'static str)],
    /// Whether it tells money.
    pub cost: bool,
    /// Whether the real program was driven by us.
    pub driven: Driven,
}

impl Known {
    /// Returns the version in what the program prints for its version flag: the first word that starts with a digit
    /// and has a dot.
    pub fn version<'a>(&self, printed: &'a str) -> Option<&'a str> {
        let words =
            printed.split_whitespace().map(|word| word.trim_start_matches('v').trim_end_matches(['.', ',']));
        words.into_iter().find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_programs_print_them() {
        let claude = known()[0];
        assert_eq!(claude.version("2.1.197 (Claude Code)\n"), Some("2.1.197"));
        assert_eq!(claude.version("codex-cli 0.169.0\n"), Some("0.169.0"));
        assert_eq!(claude.version("GitHub Copilot CLI 1.0.102.\n"), Some("1.0.102"));
        assert_eq!(claude.version("tool v3.0\n"), Some("3.0"));
        assert_eq!(claude.version("no such thing"), None);
    }

    #[test]
    fn each_back_end_with_a_program_is_known_once_and_by_the_same_name() {
        for kind in BackendKind::ALL {
            let found: Vec<&Known> = known().iter().filter(|known| known.backend == kind).collect();
            let program = crate::backend(kind).default_program();
            if matches!(
                kind,
                BackendKind::Command | BackendKind::Acp | BackendKind::Direct | BackendKind::Sample
            ) {
                assert!(found.is_empty(), "{kind:?}");
                continue;
            }
            assert_eq!(found.iter().map(|one| Some(one.program)).collect::<Vec<_>>(), [program], "{kind:?}");
            for one in found {
                assert_eq!(one.title, kind.title());
                let asks = crate::backend(kind).asks_permission();
                assert_eq!(one.features.permissions, asks, "{kind:?}");
            }
        }
    }
}
