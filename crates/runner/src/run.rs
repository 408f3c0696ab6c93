//! The waiting around the dispatcher: does what it requests and tells it what happened.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fairtrial_domain::id::{TaskId, TrialKey};
use fairtrial_domain::run::{RunEvent, RunStatus};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::dispatch::{AttemptEnd, Dispatcher, Happening, Request, Setup};
use crate::harvest::{Harvest, Left};
use crate::launch::Launcher;
use crate::machine;
use crate::result::{Round, WorkResult};
use crate::steps::{StepError, Steps};
use crate::trial::{self, Surroundings};

/// What to run.
#[derive(Debug)]
pub struct Job {
    /// The plan's part that matters here, and what earlier processes did of it.
    pub setup: Setup,
    /// Work of earlier processes that lies on disk (`harvest::resume`).
    pub harvested: BTreeMap<TrialKey, Left>,
    /// Wall seconds that earlier processes spent on the run.
    pub elapsed_sec: f64,
    /// Between asking a cell to end and killing it. Longer than the tasks' own grace, so that a cell can end its assistant first.
    pub grace: Duration,
}

/// What a person may ask of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Start no new trials.
    Pause,
    /// Start trials again.
    Continue,
    /// End what is in flight and start nothing more.
    Cancel,
}

/// Why a run could not go on. Trials in flight were ended; what was recorded stays; the run can be resumed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A step failed in a way that concerns the whole run.
    #[error("the run cannot go on")]
    Step(#[source] StepError),
    /// A part of ours broke.
    #[error("the run cannot go on: a part of the program broke; please report it")]
    Broken(#[source] tokio::task::JoinError),
}

/// What a task of the shell came back with.
enum Back {
    Happened(Happening),
    Attempt { key: TrialKey, attempt: u32, rounds: Vec<Round>, end: AttemptEnd, no_more: Option<String> },
}

/// What an attempt brought so far.
#[derive(Default)]
struct Brought {
    rounds: Vec<Round>,
    no_more: Option<String>,
}

struct Shell {
    around: Arc<Surroundings>,
    dispatcher: Dispatcher,
    harvested: BTreeMap<TrialKey, Left>,
    brought: BTreeMap<TrialKey, Brought>,
    stops: BTreeMap<TrialKey, watch::Sender<bool>>,
    task_stops: BTreeMap<TaskId, watch::Sender<bool>>,
    work: JoinSet<Result<Back, StepError>>,
    status: Option<RunStatus>,
}

/// Runs everything that is left of a run and returns how it ended. Dropping the future kills its cells.
pub async fn drive(
    mut job: Job,
    steps: Arc<dyn Steps>,
    launcher: Arc<dyn Launcher>,
    mut control: mpsc::Receiver<Control>,
) -> Result<RunStatus, RunError> {
    let look_at_memory = job.setup.limits.memory_per_trial.is_some();
    // What earlier processes spent on rounds of trials that go on.
    for (key, left) in &mut job.harvested {
        for round in &mut left.before {
            round.work.cost = round.work.cost.take().or_else(|| steps.priced(key, &round.work.usage));
            job.setup.spent_usd += round.work.cost.as_ref().map_or(0.0, |cost| cost.usd);
        }
    }
    let (max_tries, rounds) = (job.setup.limits.max_attempts, job.setup.rounds);
    let mut shell = Shell {
        around: Arc::new(Surroundings { steps, launcher, grace: job.grace, max_tries, rounds }),
        dispatcher: Dispatcher::new(job.setup),
        harvested: job.harvested,
        brought: BTreeMap::new(),
        stops: BTreeMap::new(),
        task_stops: BTreeMap::new(),
        work: JoinSet::new(),
        status: None,
    };
    let started = Instant::now();
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut listening = true;
    if look_at_memory && let Some(bytes) = machine::free_memory() {
        shell.happened(Happening::MemoryFree { bytes });
    }
    // What earlier processes spent of the run's time counts before the first trial starts.
    shell.happened(Happening::Tick { elapsed_sec: job.elapsed_sec });
    shell.happened(Happening::Begin);
    while shell.status.is_none() {
        tokio::select! {
            Some(back) = shell.work.join_next() => match back {
                Ok(Ok(back)) => shell.back(back),
                Ok(Err(error)) => return Err(shell.give_up(RunError::Step(error)).await),
                Err(error) => return Err(shell.give_up(RunError::Broken(error)).await),
            },
            asked = control.recv(), if listening => match asked {
                Some(Control::Pause) => shell.happened(Happening::PauseAsked),
                Some(Control::Continue) => shell.happened(Happening::ContinueAsked),
                Some(Control::Cancel) => shell.happened(Happening::CancelAsked),
                None => listening = false,
            },
            _ = ticks.tick() => {
                if look_at_memory && let Some(bytes) = machine::free_memory() {
                    shell.happened(Happening::MemoryFree { bytes });
                }
                let elapsed_sec = job.elapsed_sec + started.elapsed().as_secs_f64();
                shell.happened(Happening::Tick { elapsed_sec });
            }
        }
    }
    Ok(shell.status.unwrap_or(RunStatus::Cancelled))
}

impl Shell {
    fn happened(&mut self, happening: Happening) {
        for request in self.dispatcher.handle(happening) {
            self.act(request);
        }
    }

    fn back(&mut self, back: Back) {
        match back {
            Back::Happened(happening) => {
                if let Happening::TaskReady { task } | Happening::TaskFailed { task, .. } = &happening {
                    self.task_stops.remove(task);
                }
                self.happened(happening);
            }
            Back::Attempt { key, attempt, rounds, end, no_more } => {
                self.stops.remove(&key);
                if let Some(cost) = rounds.last().and_then(|round| round.work.cost.as_ref()) {
                    self.happened(Happening::BudgetSpent { usd: cost.usd });
                }
                let brought = self.brought.entry(key.clone()).or_default();
                brought.rounds = rounds;
                brought.no_more = match end {
                    // Should it be recorded all the same, then this is why.
                    AttemptEnd::Unsolved { rounds } if rounds < self.around.rounds => {
                        Some("the run's budget was spent before another round".to_owned())
                    }
                    AttemptEnd::Unsolved { .. } | AttemptEnd::Over | AttemptEnd::Infra => no_more,
                };
                self.happened(Happening::AttemptEnded { key, attempt, end });
            }
        }
    }

    fn act(&mut self, request: Request) {
        match request {
            Request::PrepareTask { task } => self.prepare(task),
            Request::Start { key, attempt, goes_on } => self.start(key, attempt, goes_on),
            Request::GoOn { key, attempt, round: _ } => {
                let before = self.brought.get(&key).map(|brought| brought.rounds.clone());
                self.round(key, attempt, before.unwrap_or_default(), None);
            }
            Request::Cancel { key } => {
                self.stops.get(&key).into_iter().for_each(ask);
            }
            Request::CancelTask { task } => {
                self.task_stops.get(&task).into_iter().for_each(ask);
            }
            Request::Lose { key, attempt } => {
                let round = self.brought.remove(&key).and_then(|mut brought| brought.rounds.pop());
                self.lose(key, attempt, round.map_or_else(|| nothing("it was lost"), |round| round.work));
            }
            Request::Record { key, attempts } => {
                let brought = self.brought.remove(&key);
                self.record(key, attempts, brought.unwrap_or_default(), "it brought nothing");
            }
            Request::Void { key, attempts, reason } => {
                self.record(key, attempts, Brought::default(), &reason);
            }
            Request::Status { status } => self.tell_status(status),
            Request::Done { status } => {
                self.tell_status(status);
                self.status = Some(status);
            }
        }
    }

    fn tell_status(&self, status: RunStatus) {
        self.around.steps.told(RunEvent::StatusChanged { status });
    }

    fn prepare(&mut self, task: TaskId) {
        let (stop, stopped) = watch::channel(false);
        self.task_stops.insert(task.clone(), stop);
        let around = self.around.clone();
        self.work.spawn(async move { around.prepare(task, stopped).await.map(Back::Happened) });
    }

    fn start(&mut self, key: TrialKey, attempt: u32, goes_on: bool) {
        let left = self.harvested.remove(&key).filter(|_| goes_on);
        let (before, last) = left.map_or((Vec::new(), None), |left| (left.before, Some(left.last)));
        self.brought.insert(key.clone(), Brought { rounds: before.clone(), no_more: None });
        self.round(key, attempt, before, last);
    }

    fn round(&mut self, key: TrialKey, attempt: u32, before: Vec<Round>, left: Option<Harvest>) {
        let (stop, stopped) = watch::channel(false);
        self.stops.insert(key.clone(), stop);
        let around = self.around.clone();
        self.work.spawn(async move {
            let trial::Done { before: mut rounds, round, end, no_more } =
                around.round(&key, attempt, before, left, stopped).await?;
            rounds.push(round);
            Ok(Back::Attempt { key, attempt, rounds, end, no_more })
        });
    }

    /// The trial's next attempt does not wait for this: it has another number.
    fn lose(&mut self, key: TrialKey, attempt: u32, work: WorkResult) {
        let around = self.around.clone();
        let reason = work.fault().unwrap_or("it was lost").to_owned();
        self.work.spawn(async move {
            let of = key.clone();
            around.blocking(move |steps| steps.attempt_lost(&of, attempt, &work)).await?;
            around.steps.told(RunEvent::AttemptLost { key: key.clone(), reason });
            Ok(Back::Happened(Happening::Lost { key, attempt }))
        });
    }

    /// Records what an attempt brought; where that is nothing, `none` says why.
    fn record(&mut self, key: TrialKey, attempts: u32, brought: Brought, none: &str) {
        let Brought { mut rounds, no_more } = brought;
        if rounds.is_empty() {
            rounds.push(Round { work: nothing(none), grade: None });
        }
        let around = self.around.clone();
        self.work.spawn(async move {
            let of = key.clone();
            around.blocking(move |steps| steps.finished(&of, attempts, rounds, no_more)).await?;
            Ok(Back::Happened(Happening::Recorded { key }))
        });
    }

    /// Ends everything in flight in order, so that no cell is left behind.
    async fn give_up(&mut self, error: RunError) -> RunError {
        let all = self.stops.values().chain(self.task_stops.values());
        all.for_each(ask);
        while self.work.join_next().await.is_some() {}
        error
    }
}

/// Asks a cell to end. Nobody listens when it is over already.
fn ask(stop: &watch::Sender<bool>) {
    stop.send_replace(true);
}

fn nothing(reason: &str) -> WorkResult {
    WorkResult::none(Path::new(""), reason)
}
