//! How much of what linters and type checkers report a patch adds.
//!
//! **Invariant:** only findings on changed lines count, and each is weighed by the lines added.

use std::collections::{BTreeMap, HashMap};

use fairtrial_domain::verdict::{FindingLevel, ToolFinding};
use fairtrial_patch::hunks::Hunk;

/// One finding of a linter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LintFinding {
    /// The file, relative and with `/`, as far as the tool says.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The tool's name of the rule.
    pub rule: String,
    /// True for an error, false for a warning. Notes are left out.
    pub error: bool,
}

impl LintFinding {
    /// Takes what a tool reported; `None` for notes, and for what names no line.
    pub fn of(found: &ToolFinding) -> Option<LintFinding> {
        let error = match found.level {
            FindingLevel::Error => true,
            FindingLevel::Warning => false,
            FindingLevel::Note => return None,
        };
        Some(LintFinding { path: found.path.clone(), line: found.line?, rule: found.rule.clone(), error })
    }
}

/// New findings on changed lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LintDelta {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Where.
    pub places: Vec<(String, u32)>,
}

/// Returns the findings of `after` that stand on lines which the patch added and that `before` does not explain: of
/// each rule in each file as many are old as were reported there before on lines that are gone.
pub fn delta(before: &[LintFinding], after: &[LintFinding], hunks: &BTreeMap<&str, &[Hunk]>) -> LintDelta {
    let hunks_of = |path: &str| {
        let named = hunks.iter().find(|(known, _)| path == **known || path.ends_with(&format!("/{known}")));
        named.map(|(_, hunks)| *hunks).unwrap_or_default()
    };
    let on = |line: u32, range: &std::ops::Range<usize>| range.contains(&(line.saturating_sub(1) as usize));
    let mut gone: HashMap<(&str, &str), usize> = HashMap::new();
    for finding in before.iter().filter(|f| hunks_of(&f.path).iter().any(|hunk| on(f.line, &hunk.old))) {
        *gone.entry((&finding.path, &finding.rule)).or_default() += 1;
    }
    let mut delta = LintDelta::default();
    for finding in after.iter().filter(|f| hunks_of(&f.path).iter().any(|hunk| on(f.line, &hunk.new))) {
        let old = gone.entry((&finding.path, &finding.rule)).or_default();
        if *old > 0 {
            *old -= 1;
            continue;
        }
        delta.errors += usize::from(finding.error);
        delta.warnings += usize::from(!finding.error);
        delta.places.push((finding.path.clone(), finding.line));
    }
    delta
}

/// Returns exp(−w / 5) with w = (3 · errors + warnings) / added · 100; `None` when no line was added.
pub fn score(delta: &LintDelta, added: u64) -> Option<f64> {
    let weight = (3 * delta.errors + delta.warnings) as f64;
    (added > 0).then(|| (-weight / added as f64 * 100.0 / 5.0).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_findings_on_changed_lines_count() {
        let finding =
            |line, rule: &str| LintFinding { path: "a.py".into(), line, rule: rule.into(), error: false };
        let hunks = [Hunk { old: 4..6, new: 4..8 }];
        let hunks = BTreeMap::from([("a.py", hunks.as_slice())]);
        let before = [finding(5, "x"), finding(50, "y")];
        let after = [finding(5, "x"), finding(6, "x"), finding(7, "z"), finding(52, "y")];
        let got = delta(&before, &after, &hunks);
        assert_eq!((got.errors, got.warnings, got.places.len()), (0, 2, 2));
        assert!((score(&got, 100).unwrap() - (-0.4f64).exp()).abs() < 1e-12);
        assert_eq!(score(&got, 0), None);
    }
}
