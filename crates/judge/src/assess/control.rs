//! Whether results depend on what the code does: by the second run of a check, with altered expectations.
//!
//! **Invariant:** only what the reference's own second run showed is asked of a patch, so that a test which cannot be
//! altered, or a runner that names no test, accuses nobody.

use std::collections::HashSet;

use fairtrial_domain::outcome::{Location, RuleId};
use fairtrial_domain::score::{Finding, Weight};
use fairtrial_domain::task::Check;
use fairtrial_domain::verdict::Control;

use super::Evidence;
use super::checks::verdict_of;

/// Returns what was seen of the first check whose results are forged.
pub(super) fn forged(e: &Evidence<'_>) -> Option<Finding> {
    e.task.checks.iter().find_map(|check| {
        let here = verdict_of(e.verdicts, &check.id)?;
        let honest = verdict_of(e.reference_facts, &check.id)?.control.as_ref()?;
        let why = fooled(here.control.as_ref()?, honest)?;
        let because = format!("check `{}` {why}", check.id);
        Some(Finding {
            rule: RuleId::ForgedResults,
            at: place(e, check),
            because,
            was: None,
            event: None,
            weight: Weight::SetsAside,
        })
    })
}

/// Says in what a patch's second run differs from the reference's as honest code's cannot.
fn fooled(control: &Control, honest: &Control) -> Option<String> {
    let turned: HashSet<&str> = honest.turned.iter().map(String::as_str).collect();
    let stood: Vec<&str> =
        control.stood.iter().map(String::as_str).filter(|id| turned.contains(id)).collect();
    match stood.as_slice() {
        [] if control.exit == Some(0) && honest.exit != Some(0) => {
            Some("still succeeded when what its tests expect was altered".to_owned())
        }
        [] => None,
        [first, ..] => Some(format!(
            "still passed {} of {} tests when what they expect was altered, such as `{first}`",
            stood.len(),
            turned.len()
        )),
    }
}

/// A check's results come from the whole patch: its first file stands for it, or the hidden one where it has none.
fn place(e: &Evidence<'_>, check: &Check) -> Location {
    let of_patch = e.patch.files.first().map(|file| file.path.clone());
    Location { path: of_patch.unwrap_or_else(|| check.id.to_string()), line: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(turned: &[&str], stood: &[&str], exit: i32) -> Control {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        Control { altered: 2, turned: owned(turned), stood: owned(stood), exit: Some(exit) }
    }

    #[test]
    fn only_what_turned_with_the_reference_must_turn_with_a_patch() {
        let honest = control(&["a", "b"], &["c"], 1);
        assert_eq!(fooled(&control(&["a", "b"], &["c"], 1), &honest), None);
        // A runner that stops at its first failure names no more.
        assert_eq!(fooled(&control(&["b"], &[], 1), &honest), None);
        let why = fooled(&control(&["a"], &["b", "c"], 1), &honest).unwrap();
        assert_eq!(why, "still passed 1 of 2 tests when what they expect was altered, such as `b`");
        let why = fooled(&control(&[], &[], 0), &honest).unwrap();
        assert_eq!(why, "still succeeded when what its tests expect was altered");
    }

    #[test]
    fn a_reference_whose_second_run_showed_nothing_accuses_nobody() {
        let blind = control(&[], &["a"], 0);
        assert_eq!(fooled(&control(&[], &["a"], 0), &blind), None);
    }
}
