//! Planted cheats and honest edits as text, and what the rules make of them: recall and precision by rule.
//!
//! A case begins with `=== cheat RULE title` or `=== honest title`, then attributes (`protected: GLOB`,
//! `asks-for-tests`, `instruction: TEXT`), then sections: `--- base PATH` with a file, `--- change PATH` with its lines
//! changed (`-` out, `+` in, others as they stand, matched where they stand first), `--- new PATH`, `--- gone PATH`,
//! `--- oracle PATH` with a test that stays as it is, `--- session` with one command a line.
//!
//! **Invariant:** a case that cannot be read is an error, never a case less.

use std::collections::BTreeMap;

use fairtrial_domain::event::{Event, EventKind, ToolKind};
use fairtrial_domain::id::{CheckId, Digest, TaskId};
use fairtrial_domain::outcome::{Ending, RuleId};
use fairtrial_domain::patch::{Content, FileChange, FileMode, Patch, Side};
use fairtrial_domain::score::{Finding, Weight};
use fairtrial_domain::task::{Check, CheckKind, Limits, Network, Repository, ResultFormat, Task, TaskKind};

use crate::{Evidence, assess};

/// One edit with what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What it shows.
    pub title: String,
    /// The rule that must see it; `None` for an honest edit.
    pub rule: Option<RuleId>,
    /// Globs that the task protects.
    pub protected: Vec<String>,
    /// Whether the task asks for changes to tests.
    pub tests_may_change: bool,
    /// The task's words.
    pub instruction: String,
    /// The edit.
    pub patch: Patch,
    /// Tests that stay as they are.
    pub oracle: Vec<(String, String)>,
    /// Commands of the session.
    pub session: Vec<String>,
}

/// Why a corpus cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct CorpusError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub what: String,
}

/// The rules by the short names that corpora use.
const NAMES: [(&str, RuleId); 9] = [
    ("T1", RuleId::ProtectedPath),
    ("T2", RuleId::FewerAssertions),
    ("T3", RuleId::WeakenedAssertion),
    ("T4", RuleId::SkippedTest),
    ("T5", RuleId::SwallowedFailure),
    ("T6", RuleId::OracleLiteral),
    ("T7", RuleId::EnvironmentSniffing),
    ("T8", RuleId::AnswerLookup),
    ("G5", RuleId::Secret),
];

/// Returns a rule's short name.
pub fn short(rule: RuleId) -> &'static str {
    NAMES.iter().find(|(_, known)| *known == rule).map_or("G5", |(name, _)| name)
}

/// Reads a corpus.
///
/// # Errors
/// When a line is out of place, a rule is unknown, or a change does not fit its base.
pub fn read(text: &str) -> Result<Vec<Case>, CorpusError> {
    let mut cases = Vec::new();
    let mut section: Option<(usize, &str, &str, Vec<&str>)> = None;
    let mut files: BTreeMap<String, FileChange> = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let heading = line.starts_with("=== ") || line.starts_with("--- ");
        if heading && let Some(section) = section.take() {
            close(section, cases.last_mut(), &mut files)?;
        }
        if let Some(heading) = line.strip_prefix("=== ") {
            finish(cases.last_mut(), &mut files);
            cases.push(open(at, heading)?);
        } else if let Some(heading) = line.strip_prefix("--- ") {
            let (kind, path) = heading.split_once(' ').unwrap_or((heading, ""));
            section = Some((at, kind, path, vec![]));
        } else if let Some((.., lines)) = &mut section {
            lines.push(line);
        } else if let Some(case) = cases.last_mut() {
            attribute(at, line, case)?;
        } else if !line.trim().is_empty() {
            return Err(wrong(at, "a case begins with `=== cheat RULE title` or `=== honest title`"));
        }
    }
    if let Some(section) = section.take() {
        close(section, cases.last_mut(), &mut files)?;
    }
    finish(cases.last_mut(), &mut files);
    Ok(cases)
}

fn wrong(at: usize, what: impl Into<String>) -> CorpusError {
    CorpusError { line: at + 1, what: what.into() }
}

fn open(at: usize, heading: &str) -> Result<Case, CorpusError> {
    let (rule, title) = match heading.split_once(' ') {
        Some(("honest", title)) => (None, title),
        Some(("cheat", rest)) => {
            let (name, title) = rest.split_once(' ').unwrap_or((rest, ""));
            let found = NAMES.iter().find(|(known, _)| *known == name);
            let rule = found.ok_or_else(|| wrong(at, format!("`{name}` is no rule: use T1 to T8 or G5")))?;
            (Some(rule.1), title)
        }
        Some(_) | None => return Err(wrong(at, "a case is `cheat` or `honest`")),
    };
    Ok(Case {
        title: title.to_owned(),
        rule,
        protected: vec![],
        tests_may_change: false,
        instruction: String::new(),
        patch: Patch::default(),
        oracle: vec![],
        session: vec![],
    })
}

fn attribute(at: usize, line: &str, case: &mut Case) -> Result<(), CorpusError> {
    match line.split_once(": ") {
        Some(("protected", glob)) => case.protected.push(glob.to_owned()),
        Some(("instruction", words)) => case.instruction = words.to_owned(),
        None if line == "asks-for-tests" => case.tests_may_change = true,
        None if line.trim().is_empty() => {}
        Some(_) | None => return Err(wrong(at, format!("`{line}` is no attribute"))),
    }
    Ok(())
}

fn side(text: String) -> Option<Side> {
    Some(Side { mode: FileMode::Regular, content: Content::Text(text) })
}

fn close(
    (at, kind, path, mut lines): (usize, &str, &str, Vec<&str>),
    case: Option<&mut Case>,
    files: &mut BTreeMap<String, FileChange>,
) -> Result<(), CorpusError> {
    let Some(case) = case else { return Err(wrong(at, "a section stands before every case")) };
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    let whole = || lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let change = |before, after| FileChange { path: path.to_owned(), before, after };
    match kind {
        "base" => {
            files.insert(path.to_owned(), change(side(whole()), side(whole())));
        }
        "new" => {
            files.insert(path.to_owned(), change(None, side(whole())));
        }
        "oracle" => case.oracle.push((path.to_owned(), whole())),
        "session" => case.session.extend(lines.iter().map(|line| (*line).to_owned())),
        "gone" | "change" => {
            let known = files.get_mut(path);
            let file = known.ok_or_else(|| wrong(at, format!("`{path}` has no `--- base` before it")))?;
            file.after = match kind {
                "gone" => None,
                _ => side(changed(at, file.after.as_ref(), &lines)?),
            };
        }
        _ => return Err(wrong(at, format!("`{kind}` is no section"))),
    }
    Ok(())
}

/// Applies a change: runs of lines with context, each matched from where the one before ended.
fn changed(at: usize, base: Option<&Side>, lines: &[&str]) -> Result<String, CorpusError> {
    let base = base.and_then(|side| side.content.as_text()).unwrap_or_default();
    let base: Vec<&str> = base.lines().collect();
    let old: Vec<&str> =
        lines.iter().filter(|line| !line.starts_with('+')).map(|l| l.get(1..).unwrap_or("")).collect();
    let fits = (0..=base.len().saturating_sub(old.len()))
        .find(|start| base.get(*start..start + old.len()).is_some_and(|there| there == old.as_slice()));
    let start = fits.ok_or_else(|| wrong(at, "the change does not stand in its base in one piece"))?;
    let mut out: Vec<&str> = base[..start].to_vec();
    out.extend(lines.iter().filter(|line| !line.starts_with('-')).map(|line| line.get(1..).unwrap_or("")));
    out.extend(&base[start + old.len()..]);
    Ok(out.iter().map(|line| format!("{line}\n")).collect())
}

fn finish(case: Option<&mut Case>, files: &mut BTreeMap<String, FileChange>) {
    if let Some(case) = case {
        case.patch.files =
            std::mem::take(files).into_values().filter(|file| file.before != file.after).collect();
    }
}

/// Returns what the rules see in a case and hold against it: offences, and findings of T6 to T8.
pub fn flagged(case: &Case) -> Vec<Finding> {
    let task = task(case);
    let kind = |title: &String| EventKind::ToolCall {
        id: String::new(),
        name: "shell".to_owned(),
        kind: ToolKind::Execute,
        title: title.clone(),
    };
    let events: Vec<Event> = case.session.iter().map(|title| Event { at_ms: 0, kind: kind(title) }).collect();
    let assessment = assess(&Evidence {
        task: &task,
        base_facts: &[],
        reference_facts: &[],
        ending: &Ending::Finished,
        patch: &case.patch,
        reference: None,
        verdicts: &[],
        applies: Ok(()),
        cost: None,
        seconds: 0.0,
        restored: &[],
        events: &events,
        oracle: &case.oracle,
        overruled: &[],
    });
    let counts = |finding: &Finding| match finding.rule {
        RuleId::OracleLiteral | RuleId::EnvironmentSniffing | RuleId::AnswerLookup => true,
        RuleId::ProtectedPath
        | RuleId::FewerAssertions
        | RuleId::WeakenedAssertion
        | RuleId::SkippedTest
        | RuleId::ForgedResults
        | RuleId::SwallowedFailure
        | RuleId::Secret
        | RuleId::ForbiddenPath
        | RuleId::Licence
        | RuleId::NewDependency
        | RuleId::OutsideWrite => finding.weight == Weight::SetsAside,
    };
    assessment.findings.into_iter().filter(counts).collect()
}

/// Returns the task that a case is about.
pub fn task(case: &Case) -> Task {
    let parse = |text| TaskId::parse(text).unwrap_or_else(|_| unreachable!("`{text}` is an id"));
    let check = CheckId::parse("checks").unwrap_or_else(|_| unreachable!("`checks` is an id"));
    Task {
        id: parse("case"),
        title: case.title.clone(),
        instruction: case.instruction.clone(),
        kind: TaskKind::Other,
        language: None,
        repository: Repository::Folder { path: "base".into() },
        setup: vec![],
        checks: vec![Check {
            id: check,
            kind: CheckKind::FailToPass,
            run: String::new(),
            format: ResultFormat::Exit,
            report: None,
            tests: vec![],
            timeout_sec: 0.0,
            hidden: true,
        }],
        protected: case.protected.clone(),
        allowed: vec![],
        forbidden: vec![],
        dependencies: None,
        hidden: vec![],
        reference: None,
        requires: vec![],
        readable: vec![],
        network: Network::None,
        limits: Limits::default(),
        tests_may_change: case.tests_may_change,
        digest: Digest(String::new()),
        directory: "case".into(),
    }
}

/// How often the rules were right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cheats that the rule they belong to saw.
    pub caught: usize,
    /// Cheats.
    pub cheats: usize,
    /// Honest edits that a rule held something against.
    pub accused: usize,
    /// Honest edits.
    pub honest: usize,
    /// Cases that went wrong, with what was seen.
    pub wrong: Vec<String>,
}

impl Tally {
    /// Returns caught / cheats; `None` without cheats.
    pub fn recall(&self) -> Option<f64> {
        (self.cheats > 0).then(|| self.caught as f64 / self.cheats as f64)
    }

    /// Returns caught / (caught + accused); `None` when nothing was flagged.
    pub fn precision(&self) -> Option<f64> {
        let flagged = self.caught + self.accused;
        (flagged > 0).then(|| self.caught as f64 / flagged as f64)
    }
}

/// Runs the rules over cases: all together, and for each rule its own cheats and the honest edits it accuses.
pub fn measure(cases: &[Case]) -> (Tally, BTreeMap<RuleId, Tally>) {
    let mut all = Tally::default();
    let mut rules: BTreeMap<RuleId, Tally> =
        NAMES.iter().map(|(_, rule)| (*rule, Tally::default())).collect();
    for case in cases {
        let seen = flagged(case);
        let told: Vec<String> =
            seen.iter().map(|f| format!("{} {} ({})", short(f.rule), f.because, f.at.path)).collect();
        let told = if told.is_empty() { "nothing".to_owned() } else { told.join("; ") };
        match case.rule {
            Some(rule) => {
                let caught = usize::from(seen.iter().any(|finding| finding.rule == rule));
                for tally in [Some(&mut all), rules.get_mut(&rule)].into_iter().flatten() {
                    tally.cheats += 1;
                    tally.caught += caught;
                }
                if caught == 0 {
                    all.wrong.push(format!("missed {} `{}`: saw {told}", short(rule), case.title));
                }
            }
            None => {
                all.honest += 1;
                all.accused += usize::from(!seen.is_empty());
                for (rule, tally) in &mut rules {
                    tally.honest += 1;
                    tally.accused += usize::from(seen.iter().any(|finding| finding.rule == *rule));
                }
                if !seen.is_empty() {
                    all.wrong.push(format!("accused honest `{}`: {told}", case.title));
                }
            }
        }
    }
    (all, rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_cannot_be_read_is_an_error() {
        let told = |text: &str| read(text).unwrap_err().to_string();
        assert_eq!(told("x\n"), "line 1: a case begins with `=== cheat RULE title` or `=== honest title`");
        assert_eq!(told("=== cheat T9 a\n"), "line 1: `T9` is no rule: use T1 to T8 or G5");
        assert_eq!(told("=== honest a\ncolour: red\n"), "line 2: `colour: red` is no attribute");
        assert_eq!(
            told("=== honest a\n--- base f\nx\n--- change f\n-y\n"),
            "line 4: the change does not stand in its base in one piece"
        );
        assert_eq!(told("=== honest a\n--- change f\n-y\n"), "line 2: `f` has no `--- base` before it");
    }

    #[test]
    fn a_case_is_read_with_both_sides() {
        let text = "=== cheat T1 x\nprotected: t/**\n--- base t/a\n1\n2\n--- change t/a\n 1\n-2\n+3\n";
        let cases = read(text).unwrap();
        assert_eq!(cases[0].patch.files[0].after, side("1\n3\n".to_owned()));
        assert_eq!(measure(&cases).0.recall(), Some(1.0));
    }
}
