//! The command line: what can be typed. What it does stands in `commands`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use fairtrial_domain::bundle::TierChoice;

use crate::crossing::CrossArgs;
use crate::judge::JudgeArgs;

/// Runs the same coding task through several assistants and says what may be concluded.
#[derive(Debug, Parser)]
#[command(name = "fairtrial", version, propagate_version = true, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    /// The data folder [env: FAIRTRIAL_HOME].
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) home: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Told by `--help` and the manual.
pub(crate) const EXIT_CODES: &str = "Exit codes: 0 done; 1 it failed, the message says what and where; 2 the command \
line or a file given to it cannot be used; 3 the run ended before its plan was through: \
stopped (`fairtrial resume` goes on) or out of the budget that its plan fixes; 4 the base is red before anybody changed \
it; 130 left at once by a second Ctrl+C. Whether assistants solved their tasks is the \
result, not an error.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compares assistants on one instruction in a folder under git: the shortest way to a first look.
    Try(TryArgs),
    /// Runs a suite, a plan file, or `samples`.
    Run(RunArgs),
    /// Lists the runs kept here.
    Runs(JsonArg),
    /// Runs a recorded run again, offline: the real programs against their models' recorded answers.
    Replay(ReplayArgs),
    /// Shows a run: its map, intervals and verdict.
    Show(ShowArgs),
    /// Shows what each assistant changed in a task, aligned over the base.
    Diff(DiffArgs),
    /// Writes a report of a run.
    Report(ReportArgs),
    /// Compares the assistants of a run, or of a CSV file with task, assistant, trial, outcome.
    Compare(CompareArgs),
    /// Asks models which of two changes they would merge, both orders each. Advisory: nothing of a verdict changes.
    Judge(JudgeArgs),
    /// Goes on with a run that was stopped or interrupted; nothing that finished runs again.
    Resume(ResumeArgs),
    /// Scores a run anew by the rules of this program, from what is stored; nothing runs.
    Rescore(ShowArgs),
    /// Overrules a rule that set a trial aside, with a reason that stays on record.
    Overrule(OverruleArgs),
    /// Lists the assistants found here, what each can do, and what keeps it from starting; or tests one.
    Assistants(AssistantsArgs),
    /// Checks task directories.
    #[command(subcommand)]
    Tasks(TasksCommand),
    /// Tells what isolation this machine has, what is missing, and what to do about it.
    Doctor(DoctorArgs),
    /// Removes what nobody needs any more: debris of crashes, bases and content that no run refers to.
    Gc(GcArgs),
    /// Serves the interface over loopback HTTP, to whoever holds the token that it prints.
    Serve(ServeArgs),
    /// Prints a completion script.
    Completions {
        /// For which shell.
        shell: Shell,
    },
    /// Prints the manual page.
    Man,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AssistantsArgs {
    /// What to do; without it they are listed.
    #[command(subcommand)]
    pub(crate) what: Option<AssistantsCommand>,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AssistantsCommand {
    /// Lets one repair a file of two lines, and tells what was seen of all that it should be able to do. This asks its
    /// model, and costs what that costs.
    Test {
        /// Which.
        name: String,
        #[command(flatten)]
        json: JsonArg,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TryArgs {
    /// A folder under git.
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) repository: PathBuf,
    /// What the assistants are told.
    pub(crate) instruction: String,
    /// Who, by name; `fairtrial assistants` lists them.
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) assistants: Vec<String>,
    /// Trials for each.
    #[arg(long, default_value_t = 1)]
    pub(crate) trials: u32,
    /// A command that must pass; without it the project's own test command is offered.
    #[arg(long, conflicts_with = "no_check")]
    pub(crate) check: Option<String>,
    /// Runs no check: only shows what each changes.
    #[arg(long)]
    pub(crate) no_check: bool,
    /// Starts from the working tree as it is, uncommitted changes included.
    #[arg(long)]
    pub(crate) include_uncommitted: bool,
    /// Goes on although the check fails on the untouched base.
    #[arg(long)]
    pub(crate) accept_red_base: bool,
    /// US dollars for all of it.
    #[arg(long, value_name = "USD")]
    pub(crate) budget: Option<f64>,
    /// Minutes for all of it.
    #[arg(long, value_name = "MINUTES")]
    pub(crate) budget_minutes: Option<f64>,
    /// Requests to a model in each trial; who asks more is stopped.
    #[arg(long, value_name = "N")]
    pub(crate) budget_requests: Option<u64>,
    /// The isolation that trials must have, or the run is refused; without it the strongest that this machine has.
    #[arg(long, value_enum, value_name = "TIER")]
    pub(crate) tier: Option<TierArg>,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// An isolation, as it is typed.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum TierArg {
    /// Namespaces of its own and an overlay.
    Full,
    /// Namespaces made by `bwrap`, and a copy.
    Bubblewrap,
    /// Namespaces made by a container runtime, `crun` or `runc`, and a copy.
    Container,
    /// A copy without isolation, which carries no verdict.
    Plain,
}

impl TierArg {
    /// Returns what is meant.
    pub(crate) fn choice(asked: Option<TierArg>) -> TierChoice {
        match asked {
            None => TierChoice::Best,
            Some(TierArg::Full) => TierChoice::Full,
            Some(TierArg::Bubblewrap) => TierChoice::Bubblewrap,
            Some(TierArg::Container) => TierChoice::Container,
            Some(TierArg::Plain) => TierChoice::Plain,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// A suite's folder, a plan file (.toml), or `samples`.
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) suite: String,
    /// Who, by name; without it all that are ready, or all samples for `samples`.
    #[arg(long, value_delimiter = ',')]
    pub(crate) assistants: Vec<String>,
    #[command(flatten)]
    pub(crate) cross: CrossArgs,
    /// Trials per task and assistant.
    #[arg(long, default_value_t = 1)]
    pub(crate) trials: u32,
    /// Trials at once; without it as many as cores and memory allow.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) jobs: Option<u32>,
    /// Decides the order of trials; without it one is drawn and kept.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// US dollars for the whole run.
    #[arg(long, value_name = "USD")]
    pub(crate) budget: Option<f64>,
    /// Minutes for the whole run.
    #[arg(long, value_name = "MINUTES")]
    pub(crate) budget_minutes: Option<f64>,
    /// Requests to a model in each trial; who asks more is stopped.
    #[arg(long, value_name = "N")]
    pub(crate) budget_requests: Option<u64>,
    /// The isolation that trials must have, or the run is refused; without it the strongest that this machine has.
    #[arg(long, value_enum, value_name = "TIER")]
    pub(crate) tier: Option<TierArg>,
    /// The difference in solved rate that matters, such as 0.1 for ten points.
    #[arg(long)]
    pub(crate) margin: Option<f64>,
    /// Rounds in a trial: who did not solve a task is told what failed and goes on in its session, where its program can.
    /// The first round stays the result; without it there is one.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3))]
    pub(crate) rounds: Option<u32>,
    /// Runs nothing: shows what the plan could detect and in what the assistants differ.
    #[arg(long)]
    pub(crate) preview: bool,
    /// Keeps every exchange with a model whole, so that `fairtrial replay` can run it again offline.
    #[arg(long)]
    pub(crate) record: bool,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Which recorded run: its name, the start of it, or `latest`.
    #[arg(default_value = "latest")]
    pub(crate) run: String,
    /// Takes the tasks from this suite's folder as it is now, instead of those that were recorded.
    #[arg(long, value_name = "SUITE", value_hint = ValueHint::DirPath)]
    pub(crate) suite: Option<String>,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Looks through the data folder, byte by byte, and mends what can be mended; nothing that a run refers to goes.
    #[arg(long)]
    pub(crate) repair: bool,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

#[derive(Debug, Args)]
pub(crate) struct GcArgs {
    /// What prepared bases may take, such as 10GB or 512MiB; beyond it the bases of finished runs go too, those that
    /// were used longest ago first. They are made anew when they are needed.
    #[arg(long, value_name = "SIZE", value_parser = crate::upkeep::bytes_of)]
    pub(crate) max_size: Option<u64>,
    /// Says what would go and removes nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

#[derive(Debug, Args)]
pub(crate) struct JsonArg {
    /// Prints JSON; its schema is in docs/schema.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Which run: its name, the start of it, or `latest`.
    #[arg(default_value = "latest")]
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

#[derive(Debug, Args)]
pub(crate) struct OverruleArgs {
    /// Which run: its name, the start of it, or `latest`.
    pub(crate) run: String,
    /// Which trial: TASK/ASSISTANT/NUMBER.
    pub(crate) trial: String,
    /// Which rule, as the report's JSON names it, such as `skipped_test`.
    #[arg(long)]
    pub(crate) rule: String,
    /// Why the rule is wrong here.
    #[arg(long)]
    pub(crate) reason: String,
    /// Who says so.
    #[arg(long)]
    pub(crate) by: String,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// Which run: its name, the start of it, or `latest`.
    pub(crate) run: String,
    /// Which task.
    pub(crate) task: String,
    /// Which try.
    #[arg(long, default_value_t = 1)]
    pub(crate) trial: u32,
    /// Shows the reference among the changes.
    #[arg(long)]
    pub(crate) reference: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Which run: its name, the start of it, or `latest`.
    #[arg(default_value = "latest")]
    pub(crate) run: String,
    /// Writes one self-contained page.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present_any = ["json_file", "csv"])]
    pub(crate) html: Option<PathBuf>,
    /// Writes JSON after the schema in docs/schema.
    #[arg(long = "json", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) json_file: Option<PathBuf>,
    /// Writes a table that `fairtrial compare` reads.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) csv: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Which run, or a CSV file with the columns task, assistant, trial, outcome (pass, fail or infra) and, if you
    /// have them, cost and seconds.
    #[arg(default_value = "latest", value_hint = ValueHint::FilePath)]
    pub(crate) what: String,
    /// The difference in solved rate that matters; another one than the plan's makes a run's comparison exploratory.
    #[arg(long)]
    pub(crate) margin: Option<f64>,
    /// A TOML file with weights such as `solved = 3`, `size = 1`; nothing runs again, and the result is exploratory.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) weights: Option<PathBuf>,
    /// Leaves assistants out, by name; the result is exploratory.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) without: Vec<String>,
    /// Blind votes: a CSV file with the columns task, left, right, preferred (left, right or tie) and reviewer, or JSON
    /// with a list of objects of these fields. They stand beside the verdict and decide nothing.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) votes: Option<PathBuf>,
    /// For CSV files: tasks were added one by one and looked at in between.
    #[arg(long)]
    pub(crate) growing: bool,
    /// Checks the error rates on this machine: assistants of the run against themselves, and a simulation.
    #[arg(long, conflicts_with_all = ["margin", "weights", "without", "growing", "votes"])]
    pub(crate) self_test: bool,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// Which run: its name, the start of it, or `latest`.
    #[arg(default_value = "latest")]
    pub(crate) run: String,
    /// Trials at once; without it as many as cores and memory allow.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) jobs: Option<u32>,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TasksCommand {
    /// Validates a suite's folder or a task's, and names file, line and remedy of each problem.
    Check {
        /// The folder.
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
    /// Runs set-up and checks in cells on the untouched bases, names what they lack, and says what to allow.
    Preflight {
        /// The folder of a suite or a task, or `samples`.
        suite: String,
        #[command(flatten)]
        json: JsonArg,
    },
    /// Tells whether verdicts may rest on tasks: grades base, reference and mutants of it, before anything is spent.
    Audit(AuditArgs),
    /// Lists the tasks of a suite's folder, or of `samples`.
    List {
        /// The folder, or `samples`.
        #[arg(default_value = "samples")]
        suite: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// A suite's folder, a task's own, or `samples`.
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) suite: String,
    /// One task of it.
    #[arg(long)]
    pub(crate) task: Option<String>,
    /// How often base and reference are graded, each: what does not agree with itself is found by it.
    #[arg(long, default_value_t = 5)]
    pub(crate) repeat: u32,
    /// Cells at once; without it as many as cores and memory allow.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) jobs: Option<u32>,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
}
