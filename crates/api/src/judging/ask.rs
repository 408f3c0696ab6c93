//! One question through a cell: an ordinary assistant works in a room that holds nothing, and says something.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fairtrial_backends::backend;
use fairtrial_domain::advice::{Asked, Judge, Reply};
use fairtrial_domain::assistant::{Assistant, BackendKind};
use fairtrial_domain::bundle::{TierChoice, WorkBundle};
use fairtrial_domain::event::EventKind;
use fairtrial_domain::id::TaskId;
use fairtrial_domain::outcome::Ending;
use fairtrial_domain::task::{Limits, Network, Repository, Task, TaskKind};
use fairtrial_domain::traffic::MeterOrder;
use fairtrial_domain::usage::{Cost, CostSource};
use fairtrial_judge::advice::{Question, read, unended};
use fairtrial_runner::result::WorkResult;
use fairtrial_store::Store;
use fairtrial_wire::families::family;
use fairtrial_wire::prices;

use super::panel::BY_USER;
use super::questions::Open;
use crate::audit::cells::{Cells, Lost};
use crate::error::{ApiError, describe};
use crate::plan::digest;
use crate::{assistants, base, rescore, trials};

/// Wall seconds that one question may take.
pub(super) const SECONDS: f64 = 300.0;
/// What an estimate of cost assumes.
pub(super) const ASSUMED: &str =
    "3 bytes of a question a token, 1,500 tokens around it, and 2,000 tokens of answer, in one request";
const BYTES_A_TOKEN: f64 = 3.0;
const TOKENS_AROUND: f64 = 1_500.0;
const TOKENS_OF_ANSWER: f64 = 2_000.0;
/// Requests to a model that one question may take: there is nothing to look into.
const REQUESTS: u64 = 10;
/// The only file that a judge finds.
const FILE: (&str, &str) = ("QUESTION.md", "Everything is in the question that you were asked.\n");

/// One who is asked.
pub(super) struct Seat {
    pub(super) judge: Judge,
    pub(super) assistant: Assistant,
    pub(super) program: PathBuf,
}

impl Seat {
    /// Returns where its questions go.
    pub(super) fn host(&self) -> Option<String> {
        let upstream = backend(self.assistant.backend).meter_point(&self.assistant)?.upstream;
        let rest = upstream.split_once("://").map_or(upstream.as_str(), |(_, rest)| rest);
        Some(rest.split('/').next().unwrap_or(rest).to_owned())
    }

    /// Returns the US dollars that a question may cost; `None` when its price is not known.
    pub(super) fn usd_each(&self, bytes: usize) -> Option<f64> {
        if self.assistant.sample {
            return Some(0.0);
        }
        // What a tool puts around a question is its own affair, and may be many times the question.
        if self.assistant.backend != BackendKind::Direct {
            return None;
        }
        let (input, output) = match &self.assistant.price {
            Some(price) => (price.input, price.output),
            None => {
                let rates = prices::table().row(&self.host()?, self.assistant.model.as_deref()?)?.rates;
                (rates.input, rates.output)
            }
        };
        let asked = bytes as f64 / BYTES_A_TOKEN + TOKENS_AROUND;
        Some((asked * input + TOKENS_OF_ANSWER * output) / 1e6)
    }
}

/// Returns the task whose base is a room with nothing in it.
pub(super) fn room(scratch: &Path) -> Result<Task, ApiError> {
    let folder = scratch.join("question");
    fs::create_dir_all(&folder).map_err(ApiError::access("make", &folder))?;
    let file = folder.join(FILE.0);
    fs::write(&file, FILE.1).map_err(ApiError::access("write", file))?;
    Ok(Task {
        id: TaskId::parse("question").map_err(|error| ApiError::Internal(error.to_string()))?,
        title: "A question".to_owned(),
        instruction: String::new(),
        kind: TaskKind::Other,
        language: None,
        repository: Repository::Folder { path: folder.clone() },
        setup: vec![],
        checks: vec![],
        protected: vec![],
        allowed: vec![],
        forbidden: vec![],
        dependencies: None,
        hidden: vec![],
        reference: None,
        requires: vec![],
        limits: Limits { agent_timeout_sec: SECONDS, requests: Some(REQUESTS), ..Limits::default() },
        network: Network::None,
        readable: vec![],
        tests_may_change: true,
        digest: digest(FILE.1.as_bytes()),
        directory: folder,
    })
}

/// A question that is over.
pub(super) struct Came {
    seat: Arc<Seat>,
    open: Open,
    stripped: u32,
    /// What was set aside for it.
    pub(super) expected_usd: Option<f64>,
    work: Result<(WorkResult, Vec<u8>), Lost>,
}

/// Asks one question.
pub(super) async fn ask(
    cells: &Cells,
    room: &Task,
    seat: Arc<Seat>,
    number: usize,
    open: Open,
    question: Question,
) -> Came {
    let (expected_usd, stripped) = (seat.usd_each(open.bytes), question.stripped);
    let work = match bundle(cells, room, &seat, number, question) {
        Ok((bundle, secrets)) => cells.work(room, &format!("ask-{number}"), bundle, secrets).await,
        Err(error) => Err(Lost(describe(&error))),
    };
    Came { seat, open, stripped, expected_usd, work }
}

type Secrets = std::collections::BTreeMap<String, String>;

fn bundle(
    cells: &Cells,
    room: &Task,
    seat: &Seat,
    number: usize,
    question: Question,
) -> Result<(WorkBundle, Secrets), ApiError> {
    let assistant = &seat.assistant;
    let metered = !assistant.sample && !assistant.unmetered;
    let bundle = WorkBundle {
        marker: cells.mark(&format!("ask-{number}")),
        base: base::folder(&cells.home, room)?,
        instruction: question.text,
        assistant: assistant.clone(),
        program: seat.program.clone(),
        env: assistants::passed(assistant),
        limits: room.limits.clone(),
        requires: vec![],
        readable: vec![],
        tier: TierChoice::Best,
        meter: metered.then(MeterOrder::default),
        instruction_files: vec![],
        keep: false,
        goes_on: None,
    };
    Ok((bundle, assistants::secrets(assistant)?))
}

impl Came {
    /// Returns what it is known to have cost.
    pub(super) fn spent_usd(&self) -> Option<f64> {
        self.cost().map(|cost| cost.usd)
    }

    fn cost(&self) -> Option<Cost> {
        let (work, _) = self.work.as_ref().ok()?;
        let priced = || {
            let usd = work.usage.priced(self.seat.assistant.price.as_ref()?)?;
            Some(Cost { usd, source: CostSource::Priced })
        };
        work.cost.clone().or_else(priced)
    }

    /// Returns what is to be stored, or why the question was lost.
    pub(super) fn into_asked(
        self,
        store: &Store,
        compared: &[String],
    ) -> Result<Result<Box<Asked>, String>, ApiError> {
        let cost = self.cost();
        let Came { seat, open, stripped, expected_usd: _, work } = self;
        let lost = |why: &str| format!("{} on {} {}: {why}", seat.judge.title, open.task, open.trial);
        let (work, journal) = match work {
            Ok(came) => came,
            Err(Lost(why)) => return Ok(Err(lost(&why))),
        };
        if let Some(why) = work.fault() {
            return Ok(Err(lost(why)));
        }
        let reply = reply(&work.ending, &said(&journal));
        Ok(Ok(Box::new(Asked {
            judge: served(&seat.judge, &work),
            task: open.task,
            trial: open.trial,
            one: open.one,
            two: open.two,
            compared: compared.to_vec(),
            reply,
            stripped,
            cost,
            seconds: work.seconds,
            journal: Some(store.put_blob(&journal)?),
            at: rescore::now(),
        })))
    }
}

/// Returns the judge with the model that served it, and that model's family, where the answers tell.
fn served(judge: &Judge, work: &WorkResult) -> Judge {
    let exchanges = work.traffic.as_ref().map(|traffic| traffic.exchanges.as_slice()).unwrap_or_default();
    let served = exchanges.iter().rev().find_map(|one| one.served.clone());
    let mut judge = judge.clone();
    if let Some(known) = served.as_deref().and_then(family).filter(|_| judge.family_source != BY_USER) {
        (judge.family, judge.family_source) = (Some(known.family.clone()), known.source.clone());
    }
    judge.model = served.or_else(|| work.model.clone()).or(judge.model);
    judge
}

/// Returns everything that was said, from a journal.
fn said(journal: &[u8]) -> String {
    let mut said = String::new();
    for event in trials::raw_events(&String::from_utf8_lossy(journal)) {
        if let EventKind::Text { text } = event.kind {
            said.push_str(&text);
            said.push('\n');
        }
    }
    said
}

fn reply(ending: &Ending, said: &str) -> Reply {
    let how = match ending {
        Ending::Finished => return read(said),
        Ending::TimedOut => "out of time",
        Ending::Stalled => "it fell silent",
        Ending::Budget => "out of its budget or its requests",
        Ending::Cancelled => "it was stopped",
        Ending::Crashed { reason } | Ending::Infra { reason, .. } => reason,
    };
    unended(how, said)
}
