//! Decides what happens next in a run: events in, requests out, no clock, no processes.
//!
//! **Invariant:** a trial is recorded at most once; nothing starts after a cancel, not even a round; `Done` is the last request
//! and comes once, when nothing is in flight.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fairtrial_domain::id::{AssistantId, TaskId, TrialKey};
use fairtrial_domain::plan::{Budget, Plan};
use fairtrial_domain::run::RunStatus;

use crate::order;

pub use crate::happening::{AttemptEnd, Happening, Request};

/// What a dispatcher starts from: the plan's part that matters here, and what earlier processes did of it.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Tasks in plan order.
    pub tasks: Vec<TaskId>,
    /// Who is compared.
    pub assistants: Vec<AssistantId>,
    /// Logins of users that assistants work with; of those that share one, one trial runs at a time.
    pub logins: BTreeMap<AssistantId, String>,
    /// Trials per task and assistant.
    pub trials: u32,
    /// Rounds in a trial at most; 0 is 1.
    pub rounds: u32,
    /// Decides the order inside each task.
    pub seed: u64,
    /// Trials that are recorded already.
    pub finished: BTreeSet<TrialKey>,
    /// Attempts that earlier processes made at trials that are not recorded.
    pub past: BTreeMap<TrialKey, Past>,
    /// Bounds on what runs at once.
    pub limits: DispatchLimits,
    /// Bounds on the whole run.
    pub budget: Budget,
    /// US dollars that earlier processes are known to have spent on it.
    pub spent_usd: f64,
}

/// Attempts that were made at a trial before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Past {
    /// The number of the newest attempt.
    pub attempts: u32,
    /// How many were lost by a fault that counts against `max_attempts`; the app's own end does not.
    pub faults: u32,
    /// True when the newest attempt's work is on disk, so that the attempt goes on instead of a new one.
    pub open: bool,
}

/// Bounds on what runs at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DispatchLimits {
    /// Trials and preparations at once; at least 1.
    pub jobs: u32,
    /// Bytes of free memory wanted for each trial beside the first; `None` looks at no memory.
    pub memory_per_trial: Option<u64>,
    /// Attempts that may be lost to faults before a trial is recorded as infrastructure; at least 1.
    pub max_attempts: u32,
}

impl Default for DispatchLimits {
    fn default() -> Self {
        DispatchLimits { jobs: 1, memory_per_trial: None, max_attempts: 3 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Preparation {
    Waiting,
    Asked,
    Ready,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Writing {
    Loss(u32),
    Record,
}

#[derive(Debug)]
struct Block {
    task: TaskId,
    preparation: Preparation,
    line: VecDeque<TrialKey>,
}

/// The state of a run.
#[derive(Debug)]
pub struct Dispatcher {
    blocks: Vec<Block>,
    logins: BTreeMap<AssistantId, String>,
    rounds: u32,
    past: BTreeMap<TrialKey, Past>,
    live: BTreeMap<TrialKey, u32>,
    /// What the shell was asked to store and has not confirmed.
    writing: BTreeSet<(TrialKey, Writing)>,
    limits: DispatchLimits,
    budget: Budget,
    spent_usd: f64,
    elapsed_sec: f64,
    memory: Option<u64>,
    paused: bool,
    cancelled: bool,
    done: bool,
}

impl Setup {
    /// Takes a plan's part that matters here; nothing is finished, one job.
    pub fn of_plan(plan: &Plan) -> Setup {
        Setup {
            tasks: plan.tasks.iter().map(|task| task.id.clone()).collect(),
            assistants: plan.assistants.iter().map(|assistant| assistant.id.clone()).collect(),
            logins: plan
                .assistants
                .iter()
                .filter_map(|assistant| Some((assistant.id.clone(), assistant.login()?.to_owned())))
                .collect(),
            trials: plan.trials,
            rounds: plan.rounds,
            seed: plan.seed,
            budget: plan.budget.clone(),
            ..Setup::default()
        }
    }
}

impl Dispatcher {
    /// Lays out every trial that is not recorded yet.
    pub fn new(setup: Setup) -> Self {
        let Setup {
            tasks,
            assistants,
            logins,
            trials,
            rounds,
            seed,
            finished,
            past,
            limits,
            budget,
            spent_usd,
        } = setup;
        let blocks = tasks.into_iter().map(|task| {
            let mut line: VecDeque<TrialKey> = order::block(seed, &task, &assistants, trials).into();
            line.retain(|key| !finished.contains(key));
            Block { task, preparation: Preparation::Waiting, line }
        });
        Dispatcher {
            blocks: blocks.filter(|block| !block.line.is_empty()).collect(),
            logins,
            rounds,
            past,
            live: BTreeMap::new(),
            writing: BTreeSet::new(),
            limits: DispatchLimits {
                jobs: limits.jobs.max(1),
                max_attempts: limits.max_attempts.max(1),
                ..limits
            },
            budget,
            spent_usd,
            elapsed_sec: 0.0,
            memory: None,
            paused: false,
            cancelled: false,
            done: false,
        }
    }

    /// Takes what happened and returns what is to be done, in order. Late or repeated news change nothing.
    pub fn handle(&mut self, happening: Happening) -> Vec<Request> {
        if self.done {
            return Vec::new();
        }
        let mut requests = match happening {
            Happening::Begin => Vec::new(),
            Happening::TaskReady { task } => self.task_ready(&task),
            Happening::TaskFailed { task, reason } => self.task_failed(&task, &reason),
            Happening::AttemptEnded { key, attempt, end } => self.attempt_ended(key, attempt, end),
            Happening::Recorded { key } => self.written(key, Writing::Record),
            Happening::Lost { key, attempt } => self.written(key, Writing::Loss(attempt)),
            Happening::CancelAsked => self.cancel(),
            Happening::PauseAsked => self.pause(true),
            Happening::ContinueAsked => self.pause(false),
            Happening::BudgetSpent { usd } => {
                self.spent_usd += usd.max(0.0);
                Vec::new()
            }
            Happening::Tick { elapsed_sec } => {
                self.elapsed_sec = elapsed_sec;
                Vec::new()
            }
            Happening::MemoryFree { bytes } => {
                self.memory = Some(bytes);
                Vec::new()
            }
        };
        self.fill(&mut requests);
        if let Some(status) = self.over() {
            self.done = true;
            requests.push(Request::Done { status });
        }
        requests
    }

    fn task_ready(&mut self, task: &TaskId) -> Vec<Request> {
        if let Some(block) = self.asked(task) {
            block.preparation = Preparation::Ready;
        }
        Vec::new()
    }

    fn task_failed(&mut self, task: &TaskId, reason: &str) -> Vec<Request> {
        let stopping = self.cancelled;
        let Some(block) = self.asked(task) else { return Vec::new() };
        block.preparation = Preparation::Failed;
        if stopping {
            // A preparation that we ended ourselves says nothing about the task.
            return Vec::new();
        }
        let line = std::mem::take(&mut block.line);
        line.into_iter().map(|key| self.void(key, reason.to_owned())).collect()
    }

    fn asked(&mut self, task: &TaskId) -> Option<&mut Block> {
        self.blocks.iter_mut().find(|b| b.task == *task && b.preparation == Preparation::Asked)
    }

    fn void(&mut self, key: TrialKey, reason: String) -> Request {
        let attempts = self.past.get(&key).map_or(0, |past| past.attempts);
        self.writing.insert((key.clone(), Writing::Record));
        Request::Void { key, attempts, reason }
    }

    fn attempt_ended(&mut self, key: TrialKey, attempt: u32, end: AttemptEnd) -> Vec<Request> {
        if self.live.get(&key) != Some(&attempt) {
            return Vec::new();
        }
        if let AttemptEnd::Unsolved { rounds } = end
            && rounds < self.rounds
            && !self.cancelled
            && !self.out_of_budget()
        {
            // The trial keeps its slot.
            return vec![Request::GoOn { key, attempt, round: rounds + 1 }];
        }
        self.live.remove(&key);
        if self.cancelled && matches!(end, AttemptEnd::Unsolved { rounds } if rounds < self.rounds) {
            // Its rounds are whole on disk: whoever resumes the run goes on with the next.
            return Vec::new();
        }
        let past = self.past.entry(key.clone()).or_default();
        past.open = false;
        if end == AttemptEnd::Infra {
            past.faults += 1;
            let again = past.faults < self.limits.max_attempts;
            if again && !self.cancelled {
                // The same place in the order: the next of its block to start.
                let block = self.blocks.iter_mut().find(|b| b.task == key.task);
                block.into_iter().for_each(|b| b.line.push_front(key.clone()));
            }
            if again || self.cancelled {
                self.writing.insert((key.clone(), Writing::Loss(attempt)));
                return vec![Request::Lose { key, attempt }];
            }
        }
        self.writing.insert((key.clone(), Writing::Record));
        vec![Request::Record { key, attempts: attempt }]
    }

    fn written(&mut self, key: TrialKey, what: Writing) -> Vec<Request> {
        self.writing.remove(&(key, what));
        Vec::new()
    }

    fn cancel(&mut self) -> Vec<Request> {
        if std::mem::replace(&mut self.cancelled, true) {
            return Vec::new();
        }
        let trials = self.live.keys().map(|key| Request::Cancel { key: key.clone() });
        let asked = self.blocks.iter().filter(|b| b.preparation == Preparation::Asked);
        let tasks = asked.map(|b| Request::CancelTask { task: b.task.clone() });
        trials.chain(tasks).collect()
    }

    fn pause(&mut self, paused: bool) -> Vec<Request> {
        if self.cancelled || self.paused == paused {
            return Vec::new();
        }
        self.paused = paused;
        let status = if paused { RunStatus::Paused } else { RunStatus::Running };
        vec![Request::Status { status }]
    }

    fn fill(&mut self, requests: &mut Vec<Request>) {
        while !self.paused && !self.cancelled && self.busy() < self.limits.jobs as usize {
            match self.next() {
                Some(request) => requests.push(request),
                None => return,
            }
        }
    }

    /// Returns the next request that takes a slot: the preparation of the first open block; that of the block
    /// behind it, once the first has no more trials left than there are slots; else a trial.
    fn next(&mut self) -> Option<Request> {
        if self.out_of_budget() {
            return None;
        }
        let mut open = (0..self.blocks.len()).filter(|at| !self.blocks[*at].line.is_empty());
        let (front, ahead) = (open.next()?, open.next());
        let nearly_through = self.blocks[front].line.len() <= self.limits.jobs as usize;
        for at in std::iter::once(front).chain(ahead.filter(|_| nearly_through)) {
            let block = &mut self.blocks[at];
            if block.preparation == Preparation::Waiting {
                block.preparation = Preparation::Asked;
                return Some(Request::PrepareTask { task: block.task.clone() });
            }
        }
        let ready = std::iter::once(front)
            .chain(ahead)
            .filter(|at| self.blocks[*at].preparation == Preparation::Ready);
        let (block, place) = ready
            .filter_map(|at| Some((at, self.blocks[at].line.iter().position(|key| self.login_is_free(key))?)))
            .next()?;
        let past = self.past.get(self.blocks[block].line.get(place)?).copied().unwrap_or_default();
        let worn_out = !past.open && past.faults >= self.limits.max_attempts;
        if !worn_out && !self.memory_allows() {
            return None;
        }
        let key = self.blocks[block].line.remove(place)?;
        if worn_out {
            return Some(
                self.void(key, "every attempt was lost before the run was taken up again".to_owned()),
            );
        }
        Some(self.start(key))
    }

    fn start(&mut self, key: TrialKey) -> Request {
        let past = self.past.entry(key.clone()).or_default();
        let goes_on = past.open;
        if !goes_on {
            past.attempts += 1;
        }
        let attempt = past.attempts;
        self.live.insert(key.clone(), attempt);
        if let (Some(free), Some(each)) = (self.memory.as_mut(), self.limits.memory_per_trial) {
            *free = free.saturating_sub(each);
        }
        Request::Start { key, attempt, goes_on }
    }

    /// A login that two programs renew at once is lost to both.
    fn login_is_free(&self, key: &TrialKey) -> bool {
        let login = |key: &TrialKey| self.logins.get(&key.assistant);
        login(key).is_none_or(|wanted| self.live.keys().all(|live| login(live) != Some(wanted)))
    }

    /// The first trial always may start, else a small machine would wait for ever.
    fn memory_allows(&self) -> bool {
        match (self.memory, self.limits.memory_per_trial) {
            (Some(free), Some(each)) => self.live.is_empty() || free >= each,
            (None, _) | (_, None) => true,
        }
    }

    fn busy(&self) -> usize {
        self.live.len() + self.preparing()
    }

    fn preparing(&self) -> usize {
        self.blocks.iter().filter(|b| b.preparation == Preparation::Asked).count()
    }

    fn out_of_budget(&self) -> bool {
        self.budget.usd.is_some_and(|usd| self.spent_usd >= usd)
            || self.budget.seconds.is_some_and(|seconds| self.elapsed_sec >= seconds)
    }

    fn over(&self) -> Option<RunStatus> {
        if self.busy() > 0 || !self.writing.is_empty() {
            return None;
        }
        if self.cancelled {
            return Some(RunStatus::Cancelled);
        }
        if self.blocks.iter().all(|b| b.line.is_empty()) {
            return Some(RunStatus::Finished);
        }
        self.out_of_budget().then_some(RunStatus::OutOfBudget)
    }
}

#[cfg(test)]
mod tests;
