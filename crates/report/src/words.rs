//! Values in plain words and figures with their units. Unknown is "unknown".

use fairtrial_domain::bundle::Tier;
use fairtrial_domain::comparison::{Arm, Interval};
use fairtrial_domain::event::FaultKind;
use fairtrial_domain::outcome::{Ending, FailedTest, InfraFault, Location, Outcome, RuleId};
use fairtrial_domain::patch::FlagReason;
use fairtrial_domain::run::{RunStatus, TrialRecord, Validity};
use fairtrial_domain::score::{Score, ScoreId};
use fairtrial_domain::task::{CheckKind, TaskKind};
use fairtrial_domain::usage::{Cost, CostSource, Usage, UsageSource};
use fairtrial_domain::verdict::VerdictStatus;

/// Where nothing is known.
pub(crate) const UNKNOWN: &str = "unknown";

/// Share in [0, 1] as percent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// Difference in [-1, 1] as points with its sign.
pub(crate) fn points(difference: f64) -> String {
    let points = (difference * 100.0).round();
    if points == 0.0 { "0 points".to_owned() } else { minus(format!("{points:+.0} points")) }
}

/// Puts a real minus for the hyphen that numbers are printed with.
fn minus(text: String) -> String {
    text.replace('-', "\u{2212}")
}

/// "46 to 82%".
pub(crate) fn bounds(interval: &Interval) -> String {
    format!("{:.0} to {:.0}%", interval.low * 100.0, interval.high * 100.0)
}

/// "−37 to +14 points".
pub(crate) fn point_bounds(interval: &Interval) -> String {
    minus(format!("{:+.0} to {:+.0} points", interval.low * 100.0, interval.high * 100.0))
}

/// Dollars, finer when small; what is not zero never reads as zero.
pub(crate) fn dollars(usd: f64) -> String {
    match usd.abs() {
        0.0 | 0.1.. => format!("${usd:.2}"),
        0.000_05.. => format!("${usd:.4}"),
        small if small > 0.0 => "under $0.0001".to_owned(),
        _no_number => UNKNOWN.to_owned(),
    }
}

/// A moment to the second: `2026-11-22T17:00:00Z`.
pub(crate) fn moment(rfc3339: &str) -> String {
    match rfc3339.split_once('.') {
        Some((whole, rest)) => {
            format!("{whole}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => rfc3339.to_owned(),
    }
}

/// Seconds, or minutes and seconds.
pub(crate) fn seconds(seconds: f64) -> String {
    if !seconds.is_finite() {
        return UNKNOWN.to_owned();
    }
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    format!("{:.0} min {:02.0} s", (seconds / 60.0).floor(), (seconds % 60.0).floor())
}

/// "1 trial", "2 trials".
pub(crate) fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

pub(crate) fn cost(cost: Option<&Cost>) -> String {
    let Some(cost) = cost else { return UNKNOWN.to_owned() };
    let source = match cost.source {
        CostSource::Reported => "reported by the assistant",
        CostSource::Priced => "from tokens and the price entered",
        CostSource::Listed => "from tokens and public list prices",
        CostSource::Simulated => "simulated",
    };
    format!("{} ({source})", dollars(cost.usd))
}

pub(crate) fn usage(usage: &Usage) -> String {
    let parts = [
        (usage.input_uncached, "input"),
        (usage.cache_read, "read from cache"),
        (usage.cache_write, "written to cache"),
        (usage.output, "output"),
        (usage.reasoning, "reasoning"),
    ];
    let mut said: Vec<String> =
        parts.iter().filter_map(|(tokens, what)| tokens.map(|n| format!("{n} {what}"))).collect();
    if said.is_empty() {
        said.push("tokens unknown".to_owned());
    } else {
        said[0] = format!("tokens: {}", said[0]);
    }
    said.push(usage.requests.map_or_else(|| "requests unknown".to_owned(), |n| count(n as usize, "request")));
    said.push(
        match usage.source {
            UsageSource::Unknown => "counted by nobody",
            UsageSource::Stream => "counted by the assistant",
            UsageSource::Metered => "counted by our meter",
            UsageSource::Rounded => "counted by the assistant, rounded",
            UsageSource::Simulated => "simulated",
        }
        .to_owned(),
    );
    said.join(", ")
}

/// Known dollars of an arm and how many trials have none.
pub(crate) fn arm_cost(arm: &Arm) -> String {
    let simulated = if arm.cost.simulated { ", simulated" } else { "" };
    match arm.cost.unknown {
        0 if arm.trials == 0 => UNKNOWN.to_owned(),
        0 => format!("{}{simulated}", dollars(arm.cost.usd)),
        n if n >= arm.trials => UNKNOWN.to_owned(),
        n => format!("{} known, {} unknown{simulated}", dollars(arm.cost.usd), count(n as usize, "trial")),
    }
}

/// Dollars for each resolved trial, or why there is no such figure.
pub(crate) fn cost_per_resolved(arm: &Arm) -> String {
    match arm.cost_per_resolved {
        Some(usd) => dollars(usd),
        None if arm.resolved == 0 => "none resolved".to_owned(),
        None => UNKNOWN.to_owned(),
    }
}

pub(crate) fn tier(tier: Option<Tier>) -> &'static str {
    match tier {
        Some(Tier::Full) => "own namespaces",
        Some(Tier::Bubblewrap) => "namespaces made by bwrap",
        Some(Tier::Container) => "namespaces made by a container runtime",
        Some(Tier::Plain) => "not isolated",
        None => "no cell came up",
    }
}

/// Returns what kept a trial's memory within its task's limit.
pub(crate) fn memory(record: &TrialRecord) -> &'static str {
    match (record.tier, record.fenced) {
        (None, _) => UNKNOWN,
        (Some(_), true) => "bounded by a control group",
        (Some(_), false) => "watched where the task limits it, not bounded",
    }
}

pub(crate) fn status(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Running => "running",
        RunStatus::Paused => "paused",
        RunStatus::Finished => "finished",
        RunStatus::Cancelled => "stopped by a person",
        RunStatus::OutOfBudget => "stopped by its budget",
    }
}

pub(crate) fn ending(ending: &Ending) -> String {
    match ending {
        Ending::Finished => "finished".to_owned(),
        Ending::TimedOut => "out of time".to_owned(),
        Ending::Stalled => "stalled".to_owned(),
        Ending::Budget => "out of budget".to_owned(),
        Ending::Cancelled => "stopped by a person".to_owned(),
        Ending::Crashed { reason } => format!("crashed: {reason}"),
        Ending::Infra { fault, reason } => format!("{}: {reason}", infra(*fault)),
    }
}

fn infra(fault: InfraFault) -> &'static str {
    match fault {
        InfraFault::Cell => "the cell, disk or machine failed",
        InfraFault::Vendor(fault) => match fault {
            FaultKind::Auth => "the vendor refused the account",
            FaultKind::RateLimit => "the vendor's rate limit or quota",
            FaultKind::Server => "the vendor's server failed",
            FaultKind::Network => "the vendor could not be reached",
            FaultKind::Assistant => "the assistant failed by itself",
        },
    }
}

pub(crate) fn result(outcome: Option<&Outcome>) -> &'static str {
    match outcome {
        None => "no evidence",
        Some(Outcome::Resolved) => "resolved",
        Some(Outcome::Unresolved { .. }) => "not resolved",
        Some(Outcome::SetAside { .. }) => "set aside",
        Some(Outcome::NoDiff) => "nothing changed",
        Some(Outcome::Ungraded { .. }) => "no hidden check",
        Some(Outcome::Invalid { .. }) => "the task is at fault",
    }
}

pub(crate) fn rule(rule: RuleId) -> &'static str {
    match rule {
        RuleId::ProtectedPath => "T1, a protected path was changed",
        RuleId::FewerAssertions => "T2, an existing test asserts less",
        RuleId::WeakenedAssertion => "T3, an existing assertion was weakened",
        RuleId::SkippedTest => "T4, a skip marker was put on a test",
        RuleId::ForgedResults => "its results do not depend on what the code does",
        RuleId::SwallowedFailure => "T5, a failure in a test is swallowed",
        RuleId::Secret => "G5, a secret was put into the tree",
        RuleId::OutsideWrite => "G5, something leads out of the workspace",
        RuleId::OracleLiteral => "T6, code holds what a test expects",
        RuleId::EnvironmentSniffing => "T7, code asks whether it is being tested",
        RuleId::AnswerLookup => "T8, the answer was looked for",
        RuleId::ForbiddenPath => "G5, a path that the task forbids was touched",
        RuleId::Licence => "G5, a licence was changed",
        RuleId::NewDependency => "P, a dependency that the task does not allow was added",
    }
}

pub(crate) fn place(at: &Location) -> String {
    at.line.map_or_else(|| at.path.clone(), |line| format!("{}:{line}", at.path))
}

fn failed(test: &FailedTest) -> String {
    test.test
        .as_ref()
        .map_or_else(|| format!("{} as a whole", test.check), |id| format!("{id} ({})", test.check))
}

/// Why a trial is not resolved, in plain fragments; empty when it is.
pub(crate) fn reasons(record: &TrialRecord) -> Vec<String> {
    let mut said = Vec::new();
    if !record.ending.is_evidence() {
        said.push(format!("not evidence: {}", ending(&record.ending)));
    } else if record.ending != Ending::Finished {
        said.push(format!("counts as not solved: {}", ending(&record.ending)));
    }
    match &record.outcome {
        None | Some(Outcome::Resolved) => {}
        Some(Outcome::Unresolved { failed: tests }) => {
            said.extend(tests.iter().map(|test| format!("failed: {}", failed(test))));
        }
        Some(Outcome::SetAside { rule: broken, at, because }) => {
            said.push(format!("set aside by {}: {}, at {}", rule(*broken), because, place(at)));
        }
        Some(Outcome::NoDiff) => said.push("nothing was changed".to_owned()),
        Some(Outcome::Ungraded { broke }) => {
            said.push("no hidden check says whether it is solved".to_owned());
            said.extend(broke.iter().map(|test| format!("broke: {}", failed(test))));
        }
        Some(Outcome::Invalid { reason }) => said.push(format!("the task is at fault: {reason}")),
    }
    said
}

pub(crate) fn validity(validity: &Validity) -> String {
    match validity {
        Validity::Valid => "counts".to_owned(),
        Validity::Weak { reasons } => format!("counts, with a doubt: {}", reasons.join("; ")),
        Validity::Invalid { reasons } => format!("does not count: {}", reasons.join("; ")),
    }
}

pub(crate) fn verdict(status: &VerdictStatus) -> String {
    match status {
        VerdictStatus::Passed => "passed".to_owned(),
        VerdictStatus::Failed => "failed".to_owned(),
        VerdictStatus::TimedOut => "out of time".to_owned(),
        VerdictStatus::Invalid { reason } => format!("cannot be trusted: {reason}"),
    }
}

pub(crate) fn check_kind(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::FailToPass => "fails before, must pass",
        CheckKind::PassToPass => "passes before, must still pass",
        CheckKind::Build => "builds",
        CheckKind::Lint => "lint",
        CheckKind::Custom => "own check",
    }
}

pub(crate) fn task_kind(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::BugFix => "bug fix",
        TaskKind::Feature => "feature",
        TaskKind::Refactoring => "refactoring",
        TaskKind::Performance => "performance",
        TaskKind::Tests => "tests",
        TaskKind::Canary => "canary",
        TaskKind::Other => "other",
    }
}

pub(crate) fn score_name(id: ScoreId) -> &'static str {
    match id {
        ScoreId::Applies => "Applies to the base",
        ScoreId::FailToPass => "New behaviour",
        ScoreId::PassToPass => "Old behaviour kept",
        ScoreId::Integrity => "Integrity",
        ScoreId::Safety => "Safety",
        ScoreId::Builds => "Builds",
        ScoreId::Size => "Size",
        ScoreId::Similarity => "Similarity to the reference, lines",
        ScoreId::TokenSimilarity => "Similarity to the reference, tokens",
        ScoreId::FileSimilarity => "Similarity to the reference, files",
        ScoreId::LineOverlap => "Same lines as the reference",
        ScoreId::HunkLocality => "Same places as the reference",
        ScoreId::DefinitionLocality => "Same definitions as the reference",
        ScoreId::Scope => "Scope",
        ScoreId::Noise => "Free of noise",
        ScoreId::Lint => "Lint",
        ScoreId::Complexity => "Complexity",
        ScoreId::Duplication => "Free of duplication",
        ScoreId::Dependencies => "New dependencies",
        ScoreId::OwnTests => "Useful own tests",
        ScoreId::Review => "Blind review",
        ScoreId::Judge => "Model as judge",
        ScoreId::Cost => "Cost",
        ScoreId::Time => "Time",
    }
}

pub(crate) fn score_value(score: &Score) -> String {
    let Some(value) = score.value else {
        return format!("missing: {}", score.missing.as_deref().unwrap_or("no reason given"));
    };
    match score.id {
        ScoreId::Cost => dollars(value),
        ScoreId::Time => seconds(value),
        ScoreId::Applies
        | ScoreId::FailToPass
        | ScoreId::PassToPass
        | ScoreId::Integrity
        | ScoreId::Safety
        | ScoreId::Builds
        | ScoreId::Size
        | ScoreId::Similarity
        | ScoreId::TokenSimilarity
        | ScoreId::FileSimilarity
        | ScoreId::LineOverlap
        | ScoreId::HunkLocality
        | ScoreId::DefinitionLocality
        | ScoreId::Scope
        | ScoreId::Noise
        | ScoreId::Lint
        | ScoreId::Complexity
        | ScoreId::Duplication
        | ScoreId::Dependencies
        | ScoreId::OwnTests
        | ScoreId::Review
        | ScoreId::Judge => format!("{value:.2}"),
    }
}

pub(crate) fn flag(reason: FlagReason) -> &'static str {
    match reason {
        FlagReason::SpecialFile => "a device, FIFO or socket",
        FlagReason::SetId => "its setuid or setgid bit was left out",
        FlagReason::Ignored => "ignored by the base's rules",
        FlagReason::NestedGit => "inside a nested repository's own files",
        FlagReason::NotUtf8Name => "its name is not valid UTF-8",
        FlagReason::TooLarge => "too large",
        FlagReason::CaseCollision => "its name differs from another by case only",
        FlagReason::EscapingSymlink => "a symlink that leads out of the workspace",
        FlagReason::Unreadable => "it could not be read",
        FlagReason::VeiledSecret => "it held a secret of the trial's, which is named and not kept",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_units_and_unknown_is_said() {
        assert_eq!(
            (percent(0.666), points(-0.004), points(0.31)),
            ("67%".into(), "0 points".into(), "+31 points".into())
        );
        assert_eq!(
            (dollars(0.0), dollars(0.0421), dollars(1.2)),
            ("$0.00".into(), "$0.0421".into(), "$1.20".into())
        );
        assert_eq!((dollars(0.000_01), dollars(f64::NAN)), ("under $0.0001".into(), "unknown".into()));
        assert_eq!(points(-0.31), "\u{2212}31 points");
        assert_eq!(moment("2026-11-22T16:57:52.32894254Z"), "2026-11-22T16:57:52Z");
        assert_eq!(moment("2026-11-22T16:57:52+01:00"), "2026-11-22T16:57:52+01:00");
        assert_eq!(
            (seconds(59.94), seconds(185.0), seconds(f64::NAN)),
            ("59.9 s".into(), "3 min 05 s".into(), "unknown".into())
        );
        assert_eq!(cost(None), "unknown");
        assert_eq!(usage(&Usage::default()), "tokens unknown, requests unknown, counted by nobody");
    }
}
