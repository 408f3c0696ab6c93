//! Attacks that are one script, the same on both sides.

use std::fs;

use super::AttackError;
use super::ground::{Ground, limits};
use super::row::{Fared, Row};

/// An attack that is one script.
///
/// In its texts `{host}`, `{home}`, `{repo}`, `{base}` and `{witness}` stand for paths of the host, `{journal}` for
/// the file that the harness at hand writes.
pub(super) struct Probe {
    pub(super) attack: &'static str,
    /// What the assistant does.
    pub(super) script: &'static str,
    /// What the host does afterwards with the tree, where harnesses do it.
    pub(super) after: &'static str,
    pub(super) wins: Win,
}

/// What shows that an attack succeeded.
pub(super) enum Win {
    /// This was said or carried out in the patch.
    Said(&'static str),
    /// The file `{witness}` exists on the host.
    Witness,
    /// This file of the host holds a line of `PWNED`.
    Holds(&'static str),
}

/// Lines that nobody writes but a probe; a journal may tell of them inside its own.
const PWNED: [&str; 3] = ["pwned", "pwned = yes", "{\"pwned\":1}"];

/// Tries probes on both sides.
pub(super) fn rows(ground: &Ground, group: &str, probes: &[Probe]) -> Result<Vec<Row>, AttackError> {
    probes.iter().map(|probe| row(ground, group, probe)).collect()
}

fn row(ground: &Ground, group: &str, probe: &Probe) -> Result<Row, AttackError> {
    let host = ground.fresh("witness")?;
    let fill = |text: &str, journal: &str| {
        let path = |name: &str| ground.path(name).display().to_string();
        text.replace("{witness}", &host.join("pwned").display().to_string())
            .replace("{journal}", journal)
            .replace("{host}", &path("host"))
            .replace("{home}", &path("host/home"))
            .replace("{repo}", &path("repo"))
            .replace("{base}", &path("base"))
    };
    let own = host.join("journal.jsonl");
    fs::write(&own, "{}\n").map_err(|source| AttackError::Access { path: own.clone(), source })?;
    let tree = ground.worktree()?;
    let journal = own.display().to_string();
    let mut said = output(&ground.plain(&tree, &fill(probe.script, &journal))?);
    if !probe.after.is_empty() {
        said.push_str(&output(&ground.plain(&tree, &fill(probe.after, &journal))?));
    }
    let baseline = won(probe, &said, &|text| fill(text, &journal));
    // What the baseline left must not count against the cell, nor for it.
    restore(ground)?;
    let _ = fs::remove_file(host.join("pwned"));
    let worked = ground.work(&fill(probe.script, "{bundle}/journal.jsonl"), limits())?;
    let journal = worked.dir.join("journal.jsonl").display().to_string();
    let mut cell = won(probe, &worked.told(), &|text| fill(text, &journal));
    if let (Fared::Failed(why), false) = (&cell, worked.closed()) {
        cell = Fared::Succeeded(format!("the journal is not whole; {why}"));
    }
    restore(ground)?;
    Ok(Row { group: group.to_owned(), attack: probe.attack.to_owned(), baseline, cell })
}

fn output(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn won(probe: &Probe, said: &str, fill: &dyn Fn(&str) -> String) -> Fared {
    match probe.wins {
        Win::Said(word) => {
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing was said");
            match said.lines().find(|line| line.contains(word)) {
                Some(line) => Fared::Succeeded(format!("it said: {line}")),
                None => Fared::Failed(format!("its last words: {last}")),
            }
        }
        Win::Witness => {
            let there = std::path::Path::new(&fill("{witness}")).exists();
            Fared::when(
                there,
                if there { "the host ran the planted program" } else { "the host ran nothing" },
            )
        }
        Win::Holds(file) => {
            let text = fs::read_to_string(fill(file)).unwrap_or_default();
            let holds = text.lines().any(|line| PWNED.contains(&line.trim()));
            Fared::when(holds, if holds { "the file was changed" } else { "the file is as it was" })
        }
    }
}

/// Puts the user's repository and home back.
fn restore(ground: &Ground) -> Result<(), AttackError> {
    let script = "rm -rf .git/hooks .git/pwn; cp ../config .git/config; echo true > ../host/home/.profile; git worktree prune";
    ground.plain(&ground.path("repo"), script).map(drop)
}
