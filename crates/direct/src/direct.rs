//! `fairtrial-direct`: a small assistant for models that come without one: it reads, edits, searches and runs in the
//! current folder until the model is done, and tells it as a stream of JSON lines.
//!
//! **Invariant:** it stops at its limits; every step is saved before the next; what the model runs has its key neither
//! in its environment nor, on Linux, in this process's, so that it is in no line it writes.

#[path = "direct/ask.rs"]
mod ask;
#[path = "direct/limits.rs"]
mod limits;
#[path = "direct/options.rs"]
mod options;
#[path = "direct/session.rs"]
mod session;
#[path = "direct/tools.rs"]
mod tools;

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use fairtrial_domain::event::{EventKind, FaultKind, StreamEnd};
use fairtrial_domain::usage::{Usage, UsageSource};
use fairtrial_wire::read::{self, Answer};
use fairtrial_wire::talk::{Output, Talk, Turn};

use ask::Asker;
use limits::Limits;
use options::Options;
use session::Session;

const SYSTEM: &str = "You are a careful programmer at work in one folder, which is your current directory. Read before \
you edit. Make the smallest change that does what is asked, run the tests that there are, and end with one sentence on \
what you changed. Nobody answers questions.";

/// Writes an event of the stream.
fn tell(event: &EventKind) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{}", serde_json::to_string(event)?)?;
    out.flush()
}

fn main() -> ExitCode {
    hide();
    let options = match Options::read(std::env::args().skip(1), &|name| std::env::var(name).ok()) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("fairtrial-direct: {error}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(session(&options)) {
        Ok(end) => match end {
            StreamEnd::Completed => ExitCode::SUCCESS,
            StreamEnd::TurnLimit | StreamEnd::BudgetLimit | StreamEnd::Error { .. } => ExitCode::FAILURE,
        },
        Err(error) => failed(&error),
    }
}

/// Keeps other processes of the same user from reading this one's environment.
fn hide() {
    #[cfg(target_os = "linux")]
    let _no_matter = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

fn failed(error: &io::Error) -> ExitCode {
    eprintln!("fairtrial-direct: {error}");
    ExitCode::FAILURE
}

async fn session(options: &Options) -> io::Result<StreamEnd> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let mut session = match &options.resume {
        Some(name) => Session::resume(home.as_deref(), name)?,
        None => Session::begin(home.as_deref()),
    };
    let mut told = String::new();
    io::stdin().read_to_string(&mut told)?;
    session.user(told)?;
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    tell(&EventKind::Started { session: session.name(), model: Some(options.model.clone()), version })?;
    let end = converse(options, &mut session).await?;
    tell(&EventKind::Ended { end: end.clone() })?;
    Ok(end)
}

async fn converse(options: &Options, session: &mut Session) -> io::Result<StreamEnd> {
    let asker = match Asker::new(options) {
        Ok(asker) => asker,
        Err(message) => {
            return Ok(StreamEnd::Error { fault: FaultKind::Network, message: message.to_string() });
        }
    };
    let tools = tools::tools();
    let mut usage = Usage { source: UsageSource::Stream, ..Usage::default() };
    let (mut limits, mut untold) = (Limits::new(options, Instant::now()), false);
    loop {
        if let Some(end) = limits.reached(Instant::now(), &usage, untold) {
            return Ok(end);
        }
        let talk = Talk {
            model: &options.model,
            system: SYSTEM,
            tools: &tools,
            turns: &session.turns,
            max_tokens: options.max_tokens,
        };
        let asked = asker.ask(&talk, &limits, &mut |retry| tell(&retry)).await?;
        for answer in &asked.answers {
            read::add(&mut usage, &Usage { requests: Some(1), ..answer.usage.clone() });
        }
        // What was refused used nothing; what answered says what it used, or sums are too low.
        let silent = |answer: &Answer| answer.usage.input_uncached.is_none() || answer.usage.output.is_none();
        untold |= asked.answers.iter().any(|answer| answer.fault.is_none() && silent(answer));
        let cost = limits.cost(&usage).filter(|_| !untold);
        tell(&EventKind::Usage { usage: usage.clone(), cost })?;
        let reply = match asked.reply {
            Ok(reply) => reply,
            Err(_) if limits.left(Instant::now()).is_zero() => return Ok(StreamEnd::TurnLimit),
            Err(why) => return Ok(StreamEnd::Error { fault: why.fault, message: why.message }),
        };
        session.model(reply.own, &usage)?;
        if !reply.thinking.is_empty() {
            tell(&EventKind::Thinking { text: reply.thinking })?;
        }
        if !reply.text.is_empty() {
            tell(&EventKind::Text { text: reply.text })?;
        }
        if reply.calls.is_empty() {
            return Ok(StreamEnd::Completed);
        }
        let mut outputs = vec![];
        for call in reply.calls {
            let (kind, title) = tools::shown(&call);
            tell(&EventKind::ToolCall { id: call.id.clone(), name: call.name.clone(), kind, title })?;
            let (ok, text) = tools::call(&call, limits.left(Instant::now()));
            tell(&EventKind::ToolResult { id: call.id.clone(), ok: Some(ok), output: text.clone() })?;
            let output = Output { id: call.id, name: call.name, text, ok };
            session.save_output(&output)?;
            outputs.push(output);
        }
        session.turns.push(Turn::Outputs(outputs));
    }
}
