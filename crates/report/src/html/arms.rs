//! What was compared and how: every difference between the assistants, the tasks, the methods.

use std::collections::BTreeSet;

use fairtrial_domain::assistant::{Assistant, BackendKind};
use fairtrial_domain::id::Digest;

use super::{heads, who};
use crate::markup::Markup;
use crate::notes::{MAKERS, NO_POLICY};
use crate::{ReportInput, words};

/// Settings side by side; a row whose cells differ is marked.
pub(super) fn arms(m: &mut Markup, input: &ReportInput<'_>) {
    let assistants = &input.run.plan.assistants;
    m.leaf("h2", &[], "What was compared");
    m.inside("table", &[], |m| {
        m.leaf("caption", &[], "Every setting of every assistant; ≠ marks those that differ");
        m.inside("thead", &[], |m| {
            m.inside("tr", &[], |m| {
                m.leaf("th", &[("scope", "col")], "Setting");
                for assistant in assistants {
                    m.inside("th", &[("scope", "col")], |m| who(m, input, &assistant.id));
                }
            });
        });
        m.inside("tbody", &[], |m| {
            for (name, of) in settings() {
                let cells: Vec<String> = assistants.iter().map(|a| of(input, a)).collect();
                let class = if cells.windows(2).any(|two| two[0] != two[1]) { "differs" } else { "alike" };
                m.inside("tr", &[("class", class)], |m| {
                    m.leaf("th", &[("scope", "row")], name);
                    cells.iter().for_each(|cell| m.leaf("td", &[], cell));
                });
            }
        });
    });
}

type Setting = fn(&ReportInput<'_>, &Assistant) -> String;

fn settings() -> [(&'static str, Setting); 15] {
    [
        ("Tool", |_, a| backend(a.backend).to_owned()),
        ("Program", |_, a| or(a.program.as_deref(), "the tool's own name")),
        ("Version asked", |_, a| or(a.version.as_deref(), "any")),
        ("Version seen", |i, a| seen(i, a, |trial| trial.version.as_deref())),
        ("Configuration, digest", |i, a| seen(i, a, |trial| trial.configuration.as_ref().map(Digest::short))),
        ("Model asked", |_, a| or(a.model.as_deref(), "the tool's choice")),
        ("Model seen", |i, a| seen(i, a, |trial| trial.model.as_deref())),
        ("Effort", |_, a| or(a.effort.as_deref(), "the tool's choice")),
        ("Network", |_, a| a.network.to_string()),
        ("Arguments", |_, a| list(a.args.iter())),
        ("Variables set or passed", |_, a| list(a.env.keys().chain(&a.env_allow))),
        ("Secrets, by name", |_, a| list(a.secrets.keys())),
        ("Account", |_, a| or(a.account.as_deref(), "not said")),
        ("Own login", |_, a| own_login(a)),
        ("Address", |_, a| or(a.base_url.as_deref(), "the vendor's")),
    ]
}

fn own_login(assistant: &Assistant) -> String {
    match &assistant.own_login {
        Some(login) => format!("yes, less isolated: {}", login.places.join(" ")),
        None => "no".to_owned(),
    }
}

fn or(value: Option<&str>, absent: &str) -> String {
    value.unwrap_or(absent).to_owned()
}

fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(" ") }
}

fn seen(
    input: &ReportInput<'_>,
    assistant: &Assistant,
    of: fn(&fairtrial_domain::run::TrialRecord) -> Option<&str>,
) -> String {
    let trials = input.trials.iter().filter(|trial| trial.key.assistant == assistant.id);
    let found: BTreeSet<&str> = trials.filter_map(of).collect();
    if found.is_empty() {
        words::UNKNOWN.to_owned()
    } else {
        found.into_iter().collect::<Vec<_>>().join(", ")
    }
}

fn backend(kind: BackendKind) -> &'static str {
    if kind == BackendKind::Sample { "sample: simulated" } else { kind.title() }
}

/// The tasks and whether verdicts may rest on them.
pub(super) fn tasks(m: &mut Markup, input: &ReportInput<'_>) {
    m.leaf("h2", &[], "Tasks");
    m.inside("table", &[], |m| {
        heads(m, &["Task", "Kind", "Language", "Does it count?", "Digest"]);
        m.inside("tbody", &[], |m| {
            for planned in &input.run.plan.tasks {
                let brief = input.tasks.iter().find(|task| task.id == planned.id);
                let facts = input.facts.iter().find(|facts| facts.task == planned.id);
                m.inside("tr", &[], |m| {
                    m.inside("th", &[("scope", "row")], |m| {
                        m.leaf("bdi", &[], input.task_title(&planned.id));
                        if let Some(brief) = brief {
                            m.inside("details", &[], |m| {
                                m.leaf("summary", &[], "What the assistants were told");
                                m.leaf("pre", &[("dir", "auto")], &brief.instruction);
                            });
                        }
                    });
                    m.leaf("td", &[], brief.map_or(words::UNKNOWN, |brief| words::task_kind(brief.kind)));
                    let language = brief.and_then(|brief| brief.language.as_deref());
                    m.leaf("td", &[], language.unwrap_or("not said"));
                    let counts =
                        facts.map_or_else(|| words::UNKNOWN.to_owned(), |f| words::validity(&f.validity));
                    m.leaf("td", &[("dir", "auto")], &counts);
                    m.inside("td", &[], |m| m.leaf("code", &[], planned.digest.short()));
                });
            }
        });
    });
}

/// How figures are worked out, and what identifies the run.
pub(super) fn method(m: &mut Markup, input: &ReportInput<'_>) {
    let (run, plan) = (input.run, &input.run.plan);
    m.leaf("h2", &[], "How it was worked out");
    let arms = input.comparison.arms.iter().filter_map(|arm| arm.rate.as_ref());
    let differences = input.comparison.pairs.iter().filter_map(|pair| pair.difference.as_ref());
    let methods: BTreeSet<String> = arms
        .chain(differences)
        .map(|interval| format!("{} at {}", interval.method, words::percent(interval.level)))
        .collect();
    m.inside("ul", &[], |m| {
        let methods = methods.into_iter().collect::<Vec<_>>().join("; ");
        m.leaf("li", &[], &format!("Intervals: {}.", if methods.is_empty() { "none" } else { &methods }));
        m.leaf("li", &[], &format!("Tasks that count: {}. Tasks weigh alike; trials of one task are not independent.", input.comparison.tasks));
        m.leaf("li", &[], "A trial that ended for our or a vendor's reasons is no evidence: it is counted and shown, and never a zero. What is missing is listed, not filled in.");
        m.leaf("li", &[], "Checks ran on the base with the captured change in a fresh copy, protected files put back. What an assistant says of itself counts for nothing.");
    });
    m.inside("footer", &[], |m| {
        m.inside("dl", &[], |m| {
            for (name, value) in [
                ("Plan hash", run.plan_hash.0.clone()),
                ("Seed", plan.seed.to_string()),
                ("Margin that matters", words::points(plan.margin).replace('+', "")),
                ("Budget", budget(input)),
                ("Run", run.id.to_string()),
                ("Ended", run.ended.as_deref().map_or_else(|| "not yet".to_owned(), words::moment)),
                ("Made by", format!("{} {}", fairtrial_domain::PRODUCT, run.app_version)),
                ("Report made", words::moment(input.generated)),
            ] {
                m.leaf("dt", &[], name);
                m.leaf("dd", &[], &value);
            }
        });
        m.leaf("p", &[], &format!("{NO_POLICY} {MAKERS}"));
    });
}

fn budget(input: &ReportInput<'_>) -> String {
    let budget = &input.run.plan.budget;
    let usd = budget.usd.map(words::dollars);
    let seconds = budget.seconds.map(words::seconds);
    let said: Vec<String> = usd.into_iter().chain(seconds).collect();
    if said.is_empty() { "none".to_owned() } else { said.join(", ") }
}
