//! What each command does: calls `api`, prints, returns.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::CommandFactory as _;
use fairtrial_api::view::{PlanRequest, RepositoryView, RunSummary, TryRequest};
use fairtrial_api::{Api, ApiError, Home, visible};
use fairtrial_domain::bundle::{CaptureBy, Promise, TierReport};
use fairtrial_domain::id::{RunId, TaskId};
use fairtrial_domain::run::RunStatus;
use serde::Serialize;

use crate::args::{
    AssistantsArgs, AssistantsCommand, Cli, Command, DiffArgs, ReportArgs, RunArgs, TasksCommand, TierArg,
    TryArgs,
};
use crate::{assistants, audit, compare, crossing, judge, progress, rescore, serve, upkeep};

/// Carries a command out and returns the exit code of its success.
pub(crate) async fn run(cli: Cli) -> Result<ExitCode, ApiError> {
    if let Command::Completions { shell } = cli.command {
        clap_complete::generate(shell, &mut Cli::command(), "fairtrial", &mut io::stdout());
        return Ok(ExitCode::SUCCESS);
    }
    if let Command::Man = cli.command {
        let page = clap_mangen::Man::new(Cli::command());
        return page.render(&mut io::stdout()).map(|()| ExitCode::SUCCESS).map_err(written);
    }
    let api = Api::open(Home::find(cli.home)?)?;
    match cli.command {
        Command::Try(args) => try_it(&api, args).await,
        Command::Run(args) => run_suite(&api, args).await,
        Command::Replay(args) => {
            let recorded = api.find_run(&args.run)?;
            let replayed = api.replay(&recorded, args.suite).await?;
            for assistant in replayed.left_out {
                aside(&format!("{assistant} is left out: not every trial of it was recorded"));
            }
            follow(&api, &replayed.run, args.json.json).await
        }
        Command::Runs(args) => done(runs(&api, args.json)),
        Command::Show(args) => done(api.find_run(&args.run).and_then(|run| show(&api, &run, args.json.json))),
        Command::Diff(args) => done(diff(&api, &args)),
        Command::Report(args) => done(report(&api, &args)),
        Command::Compare(args) => done(compare::compare(&api, &args)),
        Command::Rescore(args) => {
            done(api.find_run(&args.run).and_then(|run| rescore::rescore(&api, &run, args.json.json)))
        }
        Command::Judge(args) => done(judge::judge(&api, args).await),
        Command::Overrule(args) => done(rescore::overrule(&api, &args)),
        Command::Resume(args) => {
            let run = api.find_run(&args.run)?;
            api.resume(&run, args.jobs).await?;
            follow(&api, &run, args.json.json).await
        }
        Command::Assistants(AssistantsArgs { what: None, json }) => done(assistants::list(&api, json.json)),
        Command::Assistants(AssistantsArgs {
            what: Some(AssistantsCommand::Test { name, json }), ..
        }) => assistants::test(&api, &name, json.json).await,
        Command::Tasks(TasksCommand::Check { folder }) => done(check_tasks(&api, &folder)),
        Command::Tasks(TasksCommand::Preflight { suite, json }) => {
            upkeep::preflight(&api, &suite, json.json).await
        }
        Command::Tasks(TasksCommand::Audit(args)) => done(audit::audit(&api, args).await),
        Command::Tasks(TasksCommand::List { suite }) => done(list_tasks(&api, &suite)),
        Command::Doctor(args) if args.repair => done(upkeep::repair(&api, args.json.json)),
        Command::Doctor(args) => done(doctor(&api, args.json.json)),
        Command::Gc(args) => done(upkeep::gc(&api, &args)),
        Command::Serve(args) => serve::serve(api, args.port).await.map(|()| ExitCode::SUCCESS),
        Command::Completions { .. } | Command::Man => Ok(ExitCode::SUCCESS),
    }
}

/// Returns the exit code of a failure; `--help` tells them.
pub(crate) fn exit_code(error: &ApiError) -> u8 {
    match error.code() {
        "bad_request" | "tasks" | "config" | "csv" | "no_run" | "no_trial" | "dirty" | "git" => 2,
        "red_base" => 4,
        _ => 1,
    }
}

fn done(outcome: Result<(), ApiError>) -> Result<ExitCode, ApiError> {
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Prints a line to standard output, with what a terminal would obey made visible. A reader that went away ends the
/// output, not the work.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{}", visible(line));
}

/// Prints text that is made for a terminal already, colours and all.
pub(crate) fn say_styled(text: &str) {
    let _ = writeln!(io::stdout(), "{}", text.trim_end());
}

/// Prints a line to standard error, beside the result; like `say` in all else.
pub(crate) fn aside(line: &str) {
    let _ = writeln!(io::stderr(), "{}", visible(line));
}

pub(crate) fn say_json(value: &impl Serialize) -> Result<(), ApiError> {
    say_styled(&serde_json::to_string_pretty(value)?);
    Ok(())
}

fn written(source: io::Error) -> ApiError {
    ApiError::Access { doing: "write to", path: "standard output".into(), source }
}

pub(crate) fn width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    told.unwrap_or(80).clamp(40, 200)
}

pub(crate) fn colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

async fn run_suite(api: &Arc<Api>, args: RunArgs) -> Result<ExitCode, ApiError> {
    let request = PlanRequest {
        suite: args.suite,
        assistants: args.assistants,
        tools: args.cross.tools,
        models: args.cross.models,
        trials: args.trials,
        seed: args.seed,
        jobs: args.jobs,
        budget_usd: args.budget,
        budget_sec: args.budget_minutes.map(|minutes| minutes * 60.0),
        budget_requests: args.budget_requests,
        margin: args.margin,
        rounds: args.rounds,
        tier: TierArg::choice(args.tier),
    };
    if args.preview {
        return done(compare::preview(api, &request, args.json.json));
    }
    let run =
        if args.record { api.start_recorded_run(request).await? } else { api.start_run(request).await? };
    crossing::tell(&api.left_out(&run)?);
    follow(api, &run, args.json.json).await
}

async fn try_it(api: &Arc<Api>, args: TryArgs) -> Result<ExitCode, ApiError> {
    let seen = api.repository(&args.repository)?;
    let check = match (args.check, args.no_check) {
        (Some(check), _) => Some(check),
        (None, true) => None,
        // Refused for its changes before any question is asked.
        (None, false) if !seen.changed.is_empty() && !args.include_uncommitted => None,
        (None, false) => offered(&seen)?,
    };
    let mut request = TryRequest {
        repository: args.repository.to_string_lossy().into_owned(),
        instruction: args.instruction,
        assistants: args.assistants,
        trials: args.trials,
        check,
        include_uncommitted: args.include_uncommitted,
        accept_red_base: args.accept_red_base,
        budget_usd: args.budget,
        budget_sec: args.budget_minutes.map(|minutes| minutes * 60.0),
        budget_requests: args.budget_requests,
        tier: TierArg::choice(args.tier),
    };
    match &request.check {
        Some(check)
            if !request.accept_red_base && (seen.changed.is_empty() || request.include_uncommitted) =>
        {
            aside(&format!("Trying `{check}` on the untouched base first; nothing is spent on it."));
        }
        Some(_) | None => {}
    }
    let run = match api.start_try(request.clone()).await {
        Err(red @ ApiError::RedBase(_)) if io::stdin().is_terminal() => {
            aside(&red.to_string());
            if !agreed("Go on all the same? [y/N] ", false)? {
                return Err(red);
            }
            request.accept_red_base = true;
            api.start_try(request).await?
        }
        other => other?,
    };
    follow(api, &run, args.json.json).await
}

/// Asks on the terminal; an empty answer takes `usual`.
fn agreed(question: &str, usual: bool) -> Result<bool, ApiError> {
    let _ = write!(io::stderr(), "{}", visible(question));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(ApiError::access("read", "standard input"))?;
    Ok(match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => true,
        "" => usual,
        _ => false,
    })
}

/// Offers the project's own test command: asks on a terminal, else takes it and says so.
fn offered(seen: &RepositoryView) -> Result<Option<String>, ApiError> {
    let Some(offer) = seen.checks.first() else {
        aside("No test command was found in this project: what the assistants change is shown, not checked.");
        return Ok(None);
    };
    if !io::stdin().is_terminal() {
        aside(&format!(
            "Check: `{}` ({}); another with --check, none with --no-check.",
            offer.run, offer.because
        ));
        return Ok(Some(offer.run.clone()));
    }
    let question = format!("Check with `{}` ({})? [Y/n] ", offer.run, offer.because);
    Ok(agreed(&question, true)?.then(|| offer.run.clone()))
}

/// Follows a run to its end and prints what came of it. Ctrl+C ends it in order; a second one ends the program.
async fn follow(api: &Arc<Api>, run: &RunId, json: bool) -> Result<ExitCode, ApiError> {
    aside(&format!("Run {run}"));
    let stopping = Arc::clone(api);
    let id = run.clone();
    let watch = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            aside("Ending the trials at work; once more to leave at once.");
            if let Err(error) = stopping.cancel(&id).await {
                aside(&format!("fairtrial: {error}"));
            }
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
    progress::follow(api, run).await?;
    let status = api.wait(run).await;
    watch.abort();
    let status = status?;
    show(api, run, json)?;
    Ok(match status {
        RunStatus::Finished => ExitCode::SUCCESS,
        RunStatus::Running | RunStatus::Paused | RunStatus::Cancelled | RunStatus::OutOfBudget => {
            ExitCode::from(3)
        }
    })
}

fn show(api: &Api, run: &RunId, json: bool) -> Result<(), ApiError> {
    if json {
        return say_json(&api.report_json(run)?);
    }
    say_styled(&api.report_terminal(run, width(), colour())?);
    say(&format!("Disk: {}.", upkeep::size(api.run_bytes(run)?)));
    Ok(())
}

fn runs(api: &Api, json: bool) -> Result<(), ApiError> {
    let runs = api.runs_with_bytes()?;
    if json {
        return say_json(&runs);
    }
    if runs.is_empty() {
        say("No runs yet. `fairtrial run samples` makes one.");
    }
    for run in &runs {
        let size = run.bytes.map(upkeep::size).unwrap_or_default();
        let (id, standing) = (&run.id, standing(run));
        say(&format!("{id}  {standing:<11} {:>4}/{:<4} {size:>8}  {}", run.done, run.planned, run.title));
        if let Some(headline) = &run.headline {
            say(&format!("    {headline}"));
        }
    }
    Ok(())
}

fn standing(run: &RunSummary) -> &'static str {
    match run.status {
        RunStatus::Running if run.live => "running",
        RunStatus::Running => "interrupted",
        RunStatus::Paused => "paused",
        RunStatus::Finished => "finished",
        RunStatus::Cancelled => "stopped",
        RunStatus::OutOfBudget => "no budget",
    }
}

fn diff(api: &Api, args: &DiffArgs) -> Result<(), ApiError> {
    let run = api.find_run(&args.run)?;
    let task = TaskId::parse(&args.task).map_err(|error| ApiError::BadRequest(error.to_string()))?;
    say_styled(&api.diff_terminal(&run, &task, args.trial, args.reference, width(), colour())?);
    Ok(())
}

fn report(api: &Api, args: &ReportArgs) -> Result<(), ApiError> {
    let run = api.find_run(&args.run)?;
    let write = |path: &Path, text: String| -> Result<(), ApiError> {
        fs::write(path, text).map_err(|source| ApiError::Access {
            doing: "write",
            path: path.to_path_buf(),
            source,
        })?;
        say(&path.display().to_string());
        Ok(())
    };
    if let Some(path) = &args.html {
        write(path, api.report_html(&run)?)?;
    }
    if let Some(path) = &args.json_file {
        write(path, serde_json::to_string_pretty(&api.report_json(&run)?)? + "\n")?;
    }
    if let Some(path) = &args.csv {
        write(path, api.report_csv(&run)?)?;
    }
    Ok(())
}

fn check_tasks(api: &Api, folder: &Path) -> Result<(), ApiError> {
    let tasks = api.check_tasks(folder)?;
    say(&format!("{} tasks, no problems", tasks.len()));
    Ok(())
}

fn list_tasks(api: &Api, suite: &str) -> Result<(), ApiError> {
    for task in api.tasks(suite)? {
        let graded = if task.graded { "graded" } else { "not graded" };
        let audit = task.audit.map_or("", |audit| audit.status.words());
        say(&format!(
            "{:<24} {:<12} {graded:<11} {audit:<8} {}",
            task.id,
            task.language.unwrap_or_default(),
            task.title
        ));
    }
    Ok(())
}

/// Tells of one isolation: whether it can be had, what it keeps and what it does not.
fn tier_lines(tier: &TierReport) -> Vec<String> {
    let listed = |all: &[Promise]| all.iter().map(|one| one.words()).collect::<Vec<_>>().join(", ");
    let here = tier.missing.as_ref().map_or("can be had".to_owned(), |why| format!("cannot be had: {why}"));
    let capture = match tier.capture {
        CaptureBy::Overlay => "changes are read from an overlay",
        CaptureBy::Copy => "changes are found by comparing a copy",
    };
    let mut lines = vec![format!("{} - {here}", tier.tier.words())];
    if !tier.keeps.is_empty() {
        lines.push(format!("  keeps: {}", listed(&tier.keeps)));
    }
    if !tier.lacks.is_empty() {
        lines.push(format!("  lacks: {}", listed(&tier.lacks)));
    }
    let verdict = if tier.carries_verdict { "" } else { "; carries no verdict" };
    lines.push(format!("  {capture}{verdict}"));
    lines
}

fn doctor(api: &Api, json: bool) -> Result<(), ApiError> {
    let found = api.doctor()?;
    if json {
        return say_json(&found);
    }
    say(&format!("Fairtrial {}\ndata folder  {}", found.version, found.data));
    say(&format!("isolation    {}", found.tier.tier.words()));
    for tier in &found.tiers {
        for line in tier_lines(tier) {
            say(&format!("             {line}"));
        }
    }
    for note in &found.notes {
        say(&format!("             {note}"));
    }
    for tool in &found.tools {
        say(&format!("{:<12} {}", tool.name, tool.path.as_deref().unwrap_or("missing")));
    }
    say(&format!("ready        {}", found.ready.join(", ")));
    if found.remedies.is_empty() {
        say("Nothing is amiss.");
    }
    for remedy in &found.remedies {
        say(&format!("- {remedy}"));
    }
    Ok(())
}
