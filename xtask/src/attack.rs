//! Attacks on cells and grading: each is tried on an unprotected baseline, where it must succeed, and on Fairtrial,
//! where it must not.
//!
//! The caller builds and writes; the attacking is a second process of this program, started through `scripts/as-user`,
//! because cells need an ordinary user.
//!
//! **Invariant:** an attack that did not succeed on its baseline in the same run proves nothing, and is no pass.

mod calls;
mod forging;
mod git;
mod ground;
mod network;
mod patches;
mod probe;
mod processes;
mod reading;
mod row;
mod showing;
mod writing;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fairtrial_domain::bundle::TierChoice;

use crate::bench::{self, BenchError};
use ground::Ground;
pub use row::{Fared, Row, Standing};

/// The word that starts the attacking process.
pub const ATTACK: &str = "attack-now";
/// Where the table is written.
const RESULT: &str = "docs/results/attacks";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Leave out what takes long.
    pub quick: bool,
    /// Write the table into docs/results.
    pub write: bool,
    /// Whose walls are attacked.
    pub tier: Attacked,
}

/// A tier that is attacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Attacked {
    /// The full one.
    #[default]
    Full,
    /// The one whose walls `bwrap` makes.
    Bubblewrap,
    /// The one whose walls a container runtime makes.
    Container,
}

impl Attacked {
    fn choice(self) -> TierChoice {
        match self {
            Attacked::Full => TierChoice::Full,
            Attacked::Bubblewrap => TierChoice::Bubblewrap,
            Attacked::Container => TierChoice::Container,
        }
    }

    /// Returns the option that asks for it, if one is needed.
    fn option(self) -> Option<&'static str> {
        match self {
            Attacked::Full => None,
            Attacked::Bubblewrap => Some("--bubblewrap"),
            Attacked::Container => Some("--container"),
        }
    }
}

impl Wish {
    /// Reads the words after `attack`, or returns `None`. A quick table is not written.
    pub fn parse(words: &[&str]) -> Option<Wish> {
        let mut wish = Wish::default();
        for word in words {
            match *word {
                "--quick" => wish.quick = true,
                "--write" => wish.write = true,
                "--bubblewrap" => wish.tier = Attacked::Bubblewrap,
                "--container" => wish.tier = Attacked::Container,
                _ => return None,
            }
        }
        (!wish.quick || !wish.write).then_some(wish)
    }
}

/// Why an attack could not be tried, or what succeeded.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    /// A file.
    #[error("could not access `{path}`")]
    Access {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A program did not start.
    #[error("could not run `{program}`")]
    Start {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A program did not do what every attack needs.
    #[error("{what} failed and said: {said}")]
    Failed {
        /// Which.
        what: String,
        /// Its last words.
        said: String,
    },
    /// JSON that is not what it should be.
    #[error("a result is not what was expected")]
    Json(#[from] serde_json::Error),
    /// Building or telling failed.
    #[error(transparent)]
    Tool(#[from] BenchError),
    /// Attacks succeeded, or their baseline did not show that they can.
    #[error("{table}\n{count} attacks succeeded or prove nothing")]
    Fell {
        /// How many.
        count: usize,
        /// All rows, for people.
        table: String,
    },
}

/// Builds the programs, attacks, and returns the table after writing it where that is wished for.
pub fn attack(root: &Path, wish: Wish) -> Result<String, AttackError> {
    let programs = bench::build(root)?;
    let this =
        std::env::current_exe().map_err(|source| AttackError::Access { path: "xtask".into(), source })?;
    let mut attacking = Command::new(root.join("scripts/as-user"));
    attacking.arg(this).args(["attack", ATTACK]).arg(&programs);
    if wish.quick {
        attacking.arg("--quick");
    }
    attacking.args(wish.tier.option());
    let told = bench::said(attacking.stderr(Stdio::inherit()))?;
    let rows: Vec<Row> = serde_json::from_str(&told)?;
    if wish.write {
        let tier = wish.tier.option().map_or_else(String::new, |option| option.replacen('-', "", 1));
        let path = root.join(format!("{RESULT}{tier}.md"));
        let page = row::page(&bench::made_from(root)?, &rows);
        fs::write(&path, page).map_err(|source| AttackError::Access { path, source })?;
    }
    judged(&rows)
}

/// Tries the attacks of one kind.
type Group = fn(&Ground) -> Result<Vec<Row>, AttackError>;

/// Tries every attack with the programs in `programs` and returns the rows.
pub fn rows(programs: &Path, wish: Wish) -> Result<Vec<Row>, AttackError> {
    let ground = Ground::make(programs, wish)?;
    let groups: [Group; 9] = [
        git::rows,
        reading::rows,
        writing::rows,
        forging::rows,
        patches::rows,
        processes::rows,
        calls::rows,
        network::rows,
        showing::rows,
    ];
    let mut all = Vec::new();
    for group in groups {
        let more = group(&ground)?;
        if let Some(first) = more.first() {
            eprintln!("attack: {} ({} attacks)", first.group, more.len());
        }
        all.extend(more);
    }
    Ok(all)
}

/// Returns the table, as an error where a row is no pass.
pub fn judged(rows: &[Row]) -> Result<String, AttackError> {
    let fell = |row: &&Row| matches!(row.standing(), Standing::Fell | Standing::ProvesNothing);
    let count = rows.iter().filter(fell).count();
    let table = row::plain(rows);
    if count == 0 { Ok(table) } else { Err(AttackError::Fell { count, table }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_read_from_words() {
        assert_eq!(Wish::parse(&[]), Some(Wish::default()));
        assert_eq!(Wish::parse(&["--quick"]), Some(Wish { quick: true, ..Wish::default() }));
        assert_eq!(Wish::parse(&["--quick", "--write"]), None, "a part is no result");
        assert_eq!(Wish::parse(&["--slow"]), None);
    }
}
