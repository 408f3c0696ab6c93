//! The rules on tests and harness, and T1: protected paths.
//!
//! **Invariant:** an honest addition is only noted; what weakens, removes or steers a check is an offence with its
//! file and line. The patch is read as text and nothing of it is run.

use std::collections::HashMap;

use fairtrial_domain::outcome::{Location, RuleId};
use fairtrial_domain::patch::{FileChange, Side};
use fairtrial_domain::score::{Finding, Weight};
use fairtrial_patch::Paths;

use super::barred::{barred, is_danger};
use super::lookup::lookups;
use super::paths::{is_test, name};
use super::secrets::dangers;
use super::sniff::{oracle, sniffing};
use super::soften::softened;
use super::weaken::weakened;
use super::{Evidence, harness};
use crate::features::Sources;

/// Returns all that the rules see, offences first, by rule and then in the patch's order.
pub(crate) fn look<'a>(e: &Evidence<'a>, sources: &Sources<'a>) -> Vec<Finding> {
    let (task, patch) = (e.task, e.patch);
    let protected = Paths::of(&task.protected);
    let allowed = Paths::of(&task.allowed);
    let mut seen: Vec<Finding> = Vec::new();
    for change in &patch.files {
        if protected.has(&change.path) {
            seen.push(protected_path(change));
        } else if !allowed.has(&change.path) && is_recorded(&change.path) && lost_line(change).is_some() {
            let because = "what a test expects was recorded anew".to_owned();
            seen.push(self::seen(RuleId::WeakenedAssertion, &change.path, lost_line(change), because, true));
        } else if let Some(mut found) = harness_edit(change) {
            if allowed.has(&change.path) {
                // A task that is about this file asks for its change.
                found.weight = Weight::Noted;
            }
            seen.push(found);
        }
    }
    seen.extend(weakened(patch, sources));
    seen.extend(softened(patch, sources));
    seen.extend(dangers(patch, sources));
    seen.extend(barred(e));
    seen.extend(oracle(task, patch, e.oracle, sources));
    seen.extend(sniffing(patch, sources));
    seen.extend(lookups(e.events));
    for one in &mut seen {
        // What is dangerous stays so, whatever the task asks for.
        let waived = task.tests_may_change && !protected.has(&one.at.path) && !is_danger(one.rule);
        let overruled = e
            .overruled
            .iter()
            .any(|word| word.rule == one.rule && word.path.as_ref().is_none_or(|path| *path == one.at.path));
        if waived && one.weight == Weight::SetsAside {
            one.weight = Weight::Waived;
        }
        if overruled && one.weight == Weight::SetsAside {
            one.weight = Weight::Overruled;
        }
    }
    seen.sort_by_key(|seen| (seen.weight, seen.rule));
    seen
}

pub(super) fn seen(rule: RuleId, path: &str, line: Option<usize>, because: String, offence: bool) -> Finding {
    let weight = if offence { Weight::SetsAside } else { Weight::Noted };
    Finding { rule, at: place(path, line), because, was: None, event: None, weight }
}

/// A line, counted from 0, as people count.
pub(super) fn place(path: &str, line: Option<usize>) -> Location {
    let line = line.map(|line| u32::try_from(line + 1).unwrap_or(u32::MAX));
    Location { path: path.to_owned(), line }
}

pub(super) fn text(side: Option<&Side>) -> Option<&str> {
    side.and_then(|side| side.content.as_text())
}

/// A line as it appears in a sentence: at most 80 characters.
pub(super) fn quote(line: &str) -> String {
    let line = line.trim();
    let mut short: String = line.chars().take(80).collect();
    if line.chars().nth(80).is_some() {
        short.push('…');
    }
    format!("`{short}`")
}

/// Returns whether a file holds what tests expect, as a runner or a person recorded it.
fn is_recorded(path: &str) -> bool {
    let name = name(path);
    let ending = [".snap", ".ambr", ".golden", ".approved"].iter().any(|end| name.ends_with(end));
    let named = ["expected", "golden", "snapshot"].iter().any(|word| name.contains(word));
    ending
        || name.contains(".approved.")
        || named && is_test(path) && super::tests_in::language(path).is_none()
}

/// Returns the first line, from 0, that is not as it was; `None` when lines were only added.
fn lost_line(change: &FileChange) -> Option<usize> {
    let (old, new) = (text(change.before.as_ref())?, text(change.after.as_ref())?);
    match first_change(old, new)? {
        Edit::Changed { line, .. } | Edit::Removed { line, .. } => Some(line),
    }
}

/// T1 on a path that the task protects.
fn protected_path(change: &FileChange) -> Finding {
    let path = &change.path;
    let rule = RuleId::ProtectedPath;
    let whole = |because: &str| seen(rule, path, None, because.to_owned(), true);
    match (&change.before, &change.after) {
        (_, None) => whole("a protected file was removed"),
        (None, Some(_)) => match harness::whole_file(path) {
            Some(why) => whole(&format!("a file was put in a protected place: {why}")),
            None => seen(rule, path, None, "a file was added in a protected place".to_owned(), false),
        },
        (Some(before), Some(after)) => match (text(Some(before)), text(Some(after))) {
            (Some(_), Some(_)) if before.mode != after.mode => whole("a protected file changed its kind"),
            (Some(old), Some(new)) => protected_text(path, old, new),
            (None, _) | (_, None) => whole("a protected binary file was changed"),
        },
    }
}

fn protected_text(path: &str, old: &str, new: &str) -> Finding {
    let rule = RuleId::ProtectedPath;
    match first_change(old, new) {
        Some(Edit::Changed { line, was }) => seen(
            rule,
            path,
            Some(line),
            format!("a line of a protected file was changed: {}", quote(&was)),
            true,
        ),
        Some(Edit::Removed { line, was }) => seen(
            rule,
            path,
            Some(line),
            format!("a line of a protected file was removed: {}", quote(&was)),
            true,
        ),
        None => {
            let line = old.lines().zip(new.lines()).position(|(a, b)| a != b).or(Some(old.lines().count()));
            let steers = harness::is_settings(path);
            let what = if steers {
                "a setting was added to a protected file"
            } else {
                "lines were added to a protected file"
            };
            seen(rule, path, line, what.to_owned(), steers)
        }
    }
}

/// What happened to a line that stood in the old text. Lines count from 0.
enum Edit {
    /// Something else stands there; the line in the new text.
    Changed { line: usize, was: String },
    /// Nothing stands there; the line in the old text.
    Removed { line: usize, was: String },
}

/// Returns the first old line that is not kept; `None` when the new text only adds. White space at line ends does
/// not count, nor does an import that names more than before.
fn first_change(old: &str, new: &str) -> Option<Edit> {
    let old: Vec<&str> = old.lines().map(str::trim_end).collect();
    let new: Vec<&str> = new.lines().map(str::trim_end).collect();
    let mut rest = new.iter();
    if old.iter().all(|line| rest.any(|other| kept(line, other))) {
        return None;
    }
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_part, new_part) = (&old[start..old.len() - tail], &new[start..new.len() - tail]);
    let gone = first_only_in(old_part, new_part).unwrap_or(0);
    let was = old_part.get(gone).map_or(String::new(), |line| (*line).to_owned());
    Some(match first_only_in(new_part, old_part) {
        Some(line) => Edit::Changed { line: start + line, was },
        None => Edit::Removed { line: start + gone, was },
    })
}

/// Returns the first line of `these` that stands less often in `those`.
fn first_only_in(these: &[&str], those: &[&str]) -> Option<usize> {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for line in those {
        *left.entry(line).or_default() += 1;
    }
    these.iter().position(|line| match left.get_mut(line) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        Some(_) | None => true,
    })
}

/// Returns whether a line is still there: the same, or an import that names at least as much.
fn kept(old: &str, new: &str) -> bool {
    let import = |line: &str| ["import ", "from ", "use "].iter().any(|start| line.starts_with(start));
    let words = |line: &str| -> Vec<String> {
        line.split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect()
    };
    // A second statement, an assignment or another meaning for a name is more than an import.
    let steers = |line: &str| line.contains(" as ") || line.trim_end_matches(';').contains([';', '=']);
    old == new
        || import(old)
            && import(new)
            && !steers(new)
            && {
                let there = words(new);
                words(old).iter().all(|word| there.contains(word))
            }
            && words(old).get(..2) == words(new).get(..2)
}

/// T1 on files that steer tests although the task does not list them.
fn harness_edit(change: &FileChange) -> Option<Finding> {
    let path = &change.path;
    let rule = RuleId::ProtectedPath;
    if let Some(why) = harness::whole_file(path) {
        return Some(seen(rule, path, None, format!("the test harness was changed: {why}"), true));
    }
    let settings = |side| harness::test_settings(path, text(side).unwrap_or(""));
    let (before, after) = (settings(change.before.as_ref()), settings(change.after.as_ref()));
    let lines = |found: &[(usize, String)]| found.iter().map(|(_, line)| line.clone()).collect::<Vec<_>>();
    if lines(&before) == lines(&after) {
        return None;
    }
    let put = after.iter().find(|(_, line)| !before.iter().any(|(_, other)| other == line));
    let gone = before.iter().find(|(_, line)| !after.iter().any(|(_, other)| other == line));
    let (at, line) = put.or(gone).or(before.first())?;
    let because = format!("a setting that says how tests run was changed: {}", quote(line));
    // A new file cannot weaken tests that were there without it.
    Some(seen(rule, path, Some(*at), because, change.before.is_some()))
}
