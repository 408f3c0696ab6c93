//! One attack's outcome on both sides, and the table of all.

use serde::{Deserialize, Serialize};

/// How an attack fared on one side, with what showed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fared {
    /// It did what it meant to.
    Succeeded(String),
    /// It did not.
    Failed(String),
    /// It cannot be tried here.
    Skipped(String),
}

impl Fared {
    /// Says `why` on the side of success or failure.
    pub(super) fn when(succeeded: bool, why: impl Into<String>) -> Fared {
        if succeeded { Fared::Succeeded(why.into()) } else { Fared::Failed(why.into()) }
    }

    fn words(&self) -> (&'static str, &str) {
        match self {
            Fared::Succeeded(why) => ("succeeded", why),
            Fared::Failed(why) => ("failed", why),
            Fared::Skipped(why) => ("SKIP", why),
        }
    }
}

/// One attack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What is attacked.
    pub group: String,
    /// How.
    pub attack: String,
    /// Without protection.
    pub baseline: Fared,
    /// Against Fairtrial.
    pub cell: Fared,
}

/// What a row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It succeeds elsewhere and not here.
    Held,
    /// It succeeds here.
    Fell,
    /// It does not succeed without protection either.
    ProvesNothing,
    /// It cannot be tried here.
    Skipped,
}

impl Row {
    /// Returns what the row shows.
    pub fn standing(&self) -> Standing {
        match (&self.baseline, &self.cell) {
            (_, Fared::Succeeded(_)) => Standing::Fell,
            (Fared::Skipped(_), _) | (_, Fared::Skipped(_)) => Standing::Skipped,
            (Fared::Failed(_), Fared::Failed(_)) => Standing::ProvesNothing,
            (Fared::Succeeded(_), Fared::Failed(_)) => Standing::Held,
        }
    }

    fn mark(&self) -> &'static str {
        match self.standing() {
            Standing::Held => "held",
            Standing::Fell => "FELL",
            Standing::ProvesNothing => "PROVES NOTHING",
            Standing::Skipped => "SKIP",
        }
    }
}

/// Returns evidence that fits a table: one line, visible, at most 110 characters.
fn told(text: &str) -> String {
    let one: String =
        text.chars().map(|c| if c.is_control() || c == '|' || c == '`' { ' ' } else { c }).collect();
    let words = one.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = words.chars().take(110).collect();
    if words.chars().count() > 110 {
        short.push('…');
    }
    short
}

/// Returns the table for a terminal.
pub(super) fn plain(rows: &[Row]) -> String {
    let mut out = String::new();
    for row in rows {
        let ((how, why), (here, because)) = (row.baseline.words(), row.cell.words());
        out.push_str(&format!(
            "{:14} {:10} {}\n{:16}without: {how}: {}\n{:16}here: {here}: {}\n",
            row.mark(),
            row.group,
            row.attack,
            "",
            told(why),
            "",
            told(because)
        ));
    }
    out.push_str(&summary(rows));
    out
}

fn summary(rows: &[Row]) -> String {
    let count = |standing: Standing| rows.iter().filter(|row| row.standing() == standing).count();
    format!(
        "{} attacks: {} held, {} succeeded, {} prove nothing, {} skipped",
        rows.len(),
        count(Standing::Held),
        count(Standing::Fell),
        count(Standing::ProvesNothing),
        count(Standing::Skipped)
    )
}

/// Returns the page for docs/results.
pub(super) fn page(made_from: &str, rows: &[Row]) -> String {
    let mut out = format!(
        "# Attacks\n\n{made_from}\n\nWritten by `cargo xtask attack --write`. Every attack is tried twice in one run: on an \
         unprotected baseline, where it has to\nsucceed or the row proves nothing, and on Fairtrial. What is meant by each, \
         and what is not held, stands in\n[attacks.md](../attacks.md).\n\n{}.\n\n| | attack | without protection | here |\n\
         |---|---|---|---|\n",
        summary(rows)
    );
    for row in rows {
        let ((how, why), (here, because)) = (row.baseline.words(), row.cell.words());
        out.push_str(&format!(
            "| {} | {}: {} | {how}: {} | {here}: {} |\n",
            row.mark(),
            row.group,
            row.attack,
            told(why),
            told(because)
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(baseline: Fared, cell: Fared) -> Row {
        Row { group: "g".to_owned(), attack: "a".to_owned(), baseline, cell }
    }

    #[test]
    fn only_an_attack_that_succeeds_elsewhere_is_held() {
        let (yes, no, skip) = (
            || Fared::Succeeded("s".to_owned()),
            || Fared::Failed("f".to_owned()),
            || Fared::Skipped("n".to_owned()),
        );
        assert_eq!(row(yes(), no()).standing(), Standing::Held);
        assert_eq!(row(no(), no()).standing(), Standing::ProvesNothing);
        assert_eq!(row(skip(), no()).standing(), Standing::Skipped);
        for baseline in [yes(), no(), skip()] {
            assert_eq!(row(baseline, yes()).standing(), Standing::Fell);
        }
    }

    #[test]
    fn a_table_holds_nothing_that_breaks_it() {
        let page = page(
            "Commit.",
            &[row(Fared::Succeeded("a|b\u{1b}[2J\n`c`".to_owned()), Fared::Failed(String::new()))],
        );
        assert!(page.ends_with("| held | g: a | succeeded: a b [2J c | failed:  |\n"), "{page}");
        assert!(page.contains("1 attacks: 1 held, 0 succeeded, 0 prove nothing, 0 skipped."));
    }
}
