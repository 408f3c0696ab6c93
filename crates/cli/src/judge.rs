//! `fairtrial judge`: what models would merge, after it was told how many questions that is and what they may cost.

use std::sync::Arc;

use clap::Args;
use fairtrial_api::{Api, ApiError, JudgePlan, JudgeRequest, JudgeTold, MOST_QUESTIONS};
use fairtrial_domain::comparison::Advice;
use fairtrial_domain::id::RunId;

use crate::args::JsonArg;
use crate::commands::{aside, say, say_json};

#[derive(Debug, Args)]
pub(crate) struct JudgeArgs {
    /// Which run: its name, the start of it, or `latest`.
    pub(crate) run: String,
    /// Who judges, by name in assistants.toml; nobody who is compared in the run.
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) with: Vec<String>,
    /// Asks only about the first tasks of the plan.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) tasks: Option<u32>,
    /// Asks no more questions than these; each order of a pair is one.
    #[arg(long, value_name = "N", default_value_t = MOST_QUESTIONS)]
    pub(crate) most: u32,
    /// US dollars for all of it.
    #[arg(long, value_name = "USD")]
    pub(crate) budget: Option<f64>,
    /// Names the family of somebody's model, where no table knows it: `--family NAME=FAMILY`, or `NAME=none`.
    #[arg(long, value_name = "NAME=FAMILY", value_parser = family)]
    pub(crate) family: Vec<(String, String)>,
    /// Questions at once; without it as many as cores and memory allow.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) jobs: Option<u32>,
    /// Asks nothing: tells how many questions there are, and what they may cost.
    #[arg(long)]
    pub(crate) preview: bool,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

fn family(text: &str) -> Result<(String, String), &'static str> {
    let halves = text.split_once('=').map(|(name, family)| (name.trim(), family.trim()));
    let whole = halves.filter(|(name, family)| !name.is_empty() && !family.is_empty());
    let told = "write NAME=FAMILY, such as mine=gpt or mine=none";
    whole.map(|(name, family)| (name.to_owned(), family.to_owned())).ok_or(told)
}

pub(crate) async fn judge(api: &Arc<Api>, args: JudgeArgs) -> Result<(), ApiError> {
    let (json, run) = (args.json.json, api.find_run(&args.run)?);
    let request = JudgeRequest {
        run: run.clone(),
        with: args.with,
        tasks: args.tasks,
        most: args.most,
        budget_usd: args.budget,
        families: args.family.into_iter().collect(),
        jobs: args.jobs,
    };
    if args.preview {
        let plan = api.judge_plan(&request)?;
        if json {
            return say_json(&plan);
        }
        lines(&plan).iter().for_each(|line| say(line));
        return Ok(());
    }
    let told = |told: JudgeTold| match told {
        JudgeTold::Plan(plan) => lines(&plan).iter().for_each(|line| aside(line)),
        JudgeTold::Progress(over, all) => aside(&format!("{over} of {all}")),
    };
    let result = api.judge(request, told).await?;
    for lost in &result.lost {
        aside(&format!("lost, and asked again next time: {lost}"));
    }
    if let Some(usd) = result.lost_usd {
        aside(&format!("what was lost cost at least ${usd:.4}"));
    }
    if result.unaffordable > 0 {
        aside(&format!("{} not asked: the budget left no room", result.unaffordable));
    }
    if json {
        return say_json(&result);
    }
    show(api, &run, result.advice.as_ref())
}

fn show(api: &Api, run: &RunId, advice: Option<&Advice>) -> Result<(), ApiError> {
    match advice {
        Some(advice) => api.advice_lines(run, advice)?.iter().for_each(|line| say(line)),
        None => say("Nothing was asked."),
    }
    Ok(())
}

/// Says how many questions there are, what is sent where, and what it may cost.
fn lines(plan: &JudgePlan) -> Vec<String> {
    let mut lines = vec![format!(
        "{} questions about {} pairs of changes, both orders each ({} pairs are solved by both); {} answered before.",
        plan.questions, plan.pairs, plan.both_solved, plan.answered
    )];
    let left = [
        (plan.equal, "of equal changes"),
        (plan.too_long, "too long for a question"),
        (plan.beyond, "beyond the bound of --most"),
    ];
    let left: Vec<String> =
        left.iter().filter(|(n, _)| *n > 0).map(|(n, why)| format!("{n} pairs {why}")).collect();
    if !left.is_empty() {
        lines.push(format!("Not asked: {}.", left.join(", ")));
    }
    for one in &plan.judges {
        let judge = &one.judge;
        let model = judge.model.as_deref().unwrap_or("no model");
        let family = judge.family.as_deref().unwrap_or("no family");
        let host = one.host.as_deref().unwrap_or("wherever its program sends it");
        let cost =
            one.usd.map_or("at a price that is not known".to_owned(), |usd| format!("for about ${usd:.4}"));
        lines
            .push(format!("{} ({model}, {family}, {}) at {host}, {cost}.", judge.title, judge.family_source));
    }
    lines.push(format!(
        "{} KiB leave the machine: instructions and changes, names taken out. Cost assumes {}; each question may take {} s.",
        plan.bytes.div_ceil(1024),
        plan.assumed,
        plan.seconds_each
    ));
    lines
}
