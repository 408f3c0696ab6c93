//! The evidence, trial by trial: how it ended, what it is worth, every test, every score, and the change itself.

use fairtrial_domain::bundle::Tier;
use fairtrial_domain::diff::{Span, StackedRow};
use fairtrial_domain::id::Digest;
use fairtrial_domain::patch::Patch;
use fairtrial_domain::run::TrialRecord;
use fairtrial_domain::verdict::TestStatus;
use fairtrial_patch::stacked_of;

use super::{heads, who};
use crate::markup::Markup;
use crate::{ReportInput, State, contacts, left, rounds, words};

/// Rows shown of one file; the rest is counted.
const ROWS: usize = 1500;

/// What paper leaves out.
const PAPER: &str = "On paper each trial has its outcome and its reasons. Its tests, scores with their formulas, and its \
change are on screen in this same file, and in the JSON report.";

/// Writes a section for each trial, in the plan's order of tasks and assistants.
pub(super) fn trials(m: &mut Markup, input: &ReportInput<'_>) {
    m.leaf("h2", &[], "Trial by trial");
    m.leaf("p", &[("class", "paper soft")], PAPER);
    let plan = &input.run.plan;
    for task in &plan.tasks {
        for assistant in &plan.assistants {
            input
                .cell(&task.id, &assistant.id)
                .into_iter()
                .flatten()
                .for_each(|record| trial(m, input, record));
        }
    }
}

fn trial(m: &mut Markup, input: &ReportInput<'_>, record: &TrialRecord) {
    let state = State::of(Some(record));
    m.inside("section", &[("class", "card"), ("id", &format!("trial/{}", record.key))], |m| {
        m.inside("h3", &[], |m| {
            who(m, input, &record.key.assistant);
            m.text(": ");
            m.leaf("bdi", &[], input.task_title(&record.key.task));
            m.text(&format!(", trial {} ", record.key.trial));
            let class = format!("tag {}", state.class());
            m.leaf("span", &[("class", &class)], &format!("{} {}", state.glyph(), state.words()));
        });
        let reasons = words::reasons(record);
        if !reasons.is_empty() {
            m.inside("ul", &[], |m| {
                reasons.iter().for_each(|reason| m.leaf("li", &[("dir", "auto")], reason))
            });
        }
        figures(m, input, record);
        m.inside("div", &[("class", "screen")], |m| {
            verdicts(m, record);
            scores(m, record);
            change(m, input.patches.get(&record.key), record);
        });
    });
}

fn figures(m: &mut Markup, input: &ReportInput<'_>, record: &TrialRecord) {
    let mut rows = vec![
        ("Ending", words::ending(&record.ending)),
        ("Result", words::result(record.outcome.as_ref()).to_owned()),
        ("Attempts", record.attempts.to_string()),
        ("Time", words::seconds(record.seconds)),
        ("Cost", words::cost(record.cost.as_ref())),
        ("Usage", words::usage(&record.usage)),
        ("Isolation", words::tier(record.tier).to_owned()),
        ("Memory", words::memory(record).to_owned()),
        ("Version", record.version.clone().unwrap_or_else(|| words::UNKNOWN.to_owned())),
        ("Configuration", record.configuration.as_ref().map_or(words::UNKNOWN, Digest::short).to_owned()),
        ("Model", record.model.clone().unwrap_or_else(|| words::UNKNOWN.to_owned())),
    ];
    rows.extend(record.limit.iter().map(|limit| ("Limit reached", limit.clone())));
    for finding in &record.findings {
        let said =
            format!("{}: {}, at {}", words::rule(finding.rule), finding.because, words::place(&finding.at));
        rows.push(("Finding", said));
    }
    for flag in &record.flags {
        rows.push(("Left out", format!("{}: {}", flag.path, words::flag(flag.reason))));
    }
    for leftover in &record.leftovers {
        rows.push(("Outlived it", leftover.clone()));
    }
    if let Some(reason) = &record.tier_reason {
        let walls = record.tier.is_some_and(Tier::carries_verdict);
        rows.push((if walls { "Not in full because" } else { "Not isolated because" }, reason.clone()));
    }
    rows.extend(steering(record));
    if record.not_understood() > 0 {
        rows.push((
            "Not understood",
            words::count(record.not_understood() as usize, "line") + " of its stream, kept as written",
        ));
    }
    if record.bad_lines > 0 {
        rows.push(("Unreadable", words::count(record.bad_lines as usize, "line") + " of its journal"));
    }
    rows.extend(network(record).into_iter().map(|said| ("Network", said)));
    rows.extend(rounds::of_trial(record));
    rows.extend(left::of_trial(input, record).into_iter().map(|said| ("Left the machine", said)));
    m.inside("dl", &[], |m| {
        for (name, value) in &rows {
            m.leaf("dt", &[], name);
            m.leaf("dd", &[("dir", "auto")], value);
        }
    });
}

/// Tells which hosts were asked for, of a further round with its number. Where a meter stood, `left` tells of them.
fn network(record: &TrialRecord) -> Vec<String> {
    let mut said = vec![];
    if record.traffic.is_none() {
        said.extend(record.contacts.iter().map(contacts::one));
    }
    for round in record.more.iter().filter(|round| round.traffic.is_none()) {
        let of = |contact| format!("round {}: {}", round.round, contacts::one(contact));
        said.extend(round.contacts.iter().map(of));
    }
    said
}

/// Tells which instruction files are there and which of them it reads, and what turns its extensions on.
fn steering(record: &TrialRecord) -> Vec<(&'static str, String)> {
    let there = &record.instruction_files;
    let Some(steered) = &record.steered else {
        let told = format!("{}; which of them it reads is not known", there.join(", "));
        return if there.is_empty() { vec![] } else { vec![("Instruction files", told)] };
    };
    let mut rows = vec![];
    if !there.is_empty() {
        let reads = match steered.instructions.as_slice() {
            [] => "none of them".to_owned(),
            read => read.join(", "),
        };
        rows.push(("Instruction files", format!("{}; it reads {reads}", there.join(", "))));
    }
    let turned_on = [&steered.arguments[..], &steered.extensions[..]].concat();
    if !turned_on.is_empty() {
        rows.push(("Extensions", turned_on.join(", ")));
    }
    rows
}

fn verdicts(m: &mut Markup, record: &TrialRecord) {
    if record.verdicts.is_empty() {
        return;
    }
    m.leaf("h4", &[], "Checks");
    for verdict in &record.verdicts {
        let passed = verdict.tests.iter().filter(|test| test.status == TestStatus::Passed).count();
        let said = format!(
            "{} ({}): {}, {passed} of {} pass, exit {}, {}",
            verdict.check,
            words::check_kind(verdict.kind),
            words::verdict(&verdict.status),
            words::count(verdict.tests.len(), "test"),
            verdict.exit.map_or_else(|| "by a signal or the limit".to_owned(), |code| code.to_string()),
            words::seconds(verdict.seconds)
        );
        // What did not pass is open, on paper as well.
        let open: &[_] = if verdict.status.passed() { &[] } else { &[("open", "open")] };
        m.inside("details", open, |m| {
            m.leaf("summary", &[], &said);
            if !verdict.tests.is_empty() {
                m.inside("table", &[], |m| {
                    heads(m, &["Test", "Result", "Message"]);
                    m.inside("tbody", &[], |m| {
                        for test in &verdict.tests {
                            m.inside("tr", &[], |m| {
                                m.inside("td", &[], |m| m.leaf("code", &[("dir", "ltr")], &test.id));
                                m.leaf("td", &[], status(test.status));
                                m.inside("td", &[], |m| m.leaf("code", &[("dir", "ltr")], &test.message));
                            });
                        }
                    });
                });
            }
            if !verdict.output.is_empty() {
                m.leaf("pre", &[("dir", "ltr")], &verdict.output);
            }
        });
    }
}

fn status(status: TestStatus) -> &'static str {
    match status {
        TestStatus::Passed => "passed",
        TestStatus::Failed => "failed",
        TestStatus::Skipped => "skipped",
    }
}

fn scores(m: &mut Markup, record: &TrialRecord) {
    if record.scores.is_empty() {
        return;
    }
    m.leaf("h4", &[], "Scores");
    m.inside("table", &[], |m| {
        heads(m, &["Dimension", "Value", "Formula", "Evidence"]);
        m.inside("tbody", &[], |m| {
            for score in &record.scores {
                m.inside("tr", &[], |m| {
                    m.leaf("th", &[("scope", "row")], words::score_name(score.id));
                    m.leaf("td", &[], &words::score_value(score));
                    m.leaf("td", &[("dir", "ltr")], &score.formula);
                    let places: Vec<String> = score.evidence.iter().map(words::place).collect();
                    m.leaf("td", &[("dir", "ltr")], &places.join(", "));
                });
            }
        });
    });
}

fn change(m: &mut Markup, patch: Option<&Patch>, record: &TrialRecord) {
    let Some(known) = &record.patch else {
        m.leaf("p", &[("class", "soft")], "No change was captured.");
        return;
    };
    let said = format!(
        "The change: {}, +{} −{} lines, digest {}",
        words::count(known.counts.files as usize, "file"),
        known.counts.added,
        known.counts.removed,
        known.digest.short()
    );
    let Some(patch) = patch else {
        m.leaf("p", &[("class", "soft")], &format!("{said}. It is not in this report."));
        return;
    };
    m.inside("details", &[], |m| {
        m.leaf("summary", &[], &said);
        for file in &patch.files {
            m.inside("div", &[("class", "diff"), ("dir", "ltr")], |m| {
                let stacked = stacked_of(&file.path, &[patch]);
                m.leaf("div", &[("class", "path")], &stacked.path);
                if let Some(note) = &stacked.note {
                    m.leaf("div", &[("class", "gap")], note);
                }
                stacked.rows.iter().take(ROWS).for_each(|one| row(m, one));
                if let Some(more) = stacked.rows.len().checked_sub(ROWS).filter(|more| *more > 0) {
                    m.leaf("div", &[("class", "gap")], &format!("{more} more rows are not shown"));
                }
            });
        }
    });
}

fn row(m: &mut Markup, row: &StackedRow) {
    let (class, number, sign) = match row {
        StackedRow::Base { line, .. } => ("same", line.to_string(), " "),
        StackedRow::Removed { line, .. } => ("del", line.to_string(), "−"),
        StackedRow::Added { .. } => ("add", String::new(), "+"),
        StackedRow::Gap { from, lines } => {
            let said = format!("{} unchanged, from line {from}", words::count(*lines as usize, "line"));
            return m.leaf("div", &[("class", "gap")], &said);
        }
        StackedRow::Authors { .. } => return,
    };
    m.inside("div", &[("class", class)], |m| {
        m.leaf("span", &[("class", "no")], &format!("{number} {sign}"));
        match row {
            StackedRow::Base { text, .. } => m.text(text),
            StackedRow::Removed { spans, .. } | StackedRow::Added { spans, .. } => spans_of(m, spans),
            StackedRow::Gap { .. } | StackedRow::Authors { .. } => {}
        }
    });
}

fn spans_of(m: &mut Markup, spans: &[Span]) {
    for span in spans {
        if span.changed {
            m.leaf("b", &[], &span.text);
        } else {
            m.text(&span.text);
        }
    }
}
