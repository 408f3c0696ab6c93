//! A run's surroundings for tests: bundles hold a shell script, and everything that is asked is written down.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fairtrial_domain::id::{AssistantId, TaskId, TrialKey};
use fairtrial_domain::run::{RunEvent, RunStatus, Validity};
use fairtrial_domain::usage::{Cost, CostSource, Usage};
use fairtrial_runner::dispatch::{DispatchLimits, Setup};
use fairtrial_runner::harvest::Left;
use fairtrial_runner::launch::LocalLauncher;
use fairtrial_runner::prepare::{PrepareStep, Prepared};
use fairtrial_runner::result::{Round, WorkResult};
use fairtrial_runner::run::{Control, Job, RunError, drive};
use fairtrial_runner::steps::{After, PreparedCell, StepError, Steps};
use tokio::sync::mpsc;

/// Writes a journal line; `$n` counts.
const PRELUDE: &str = r#"
n=0
say() { printf '{"v":1,"seq":%s,"at_ms":%s,"record":{%s}}\n' $n $n "$1" >> journal.jsonl; n=$((n+1)); }
opened() { say '"record":"opened","unix":1,"tier":"plain","tier_reason":null,"cell":"test"'; }
working() { say '"record":"phase","phase":"working"'; }
ended() { say '"record":"ended","ending":{"ending":"'$1'"},"seconds":1.0,"cpu_seconds":null,"peak_memory":null,"usage":{"input_uncached":null,"cache_read":null,"cache_write":null,"output":null,"reasoning":null,"requests":null,"source":"unknown"},"cost":'${2:-null}',"leftovers":[]'; }
closed() { say '"record":"closed"'; }
rm -f journal.jsonl
echo $$ > pid
opened
"#;
pub(crate) const WORK: &str = "working; ended finished; closed";
pub(crate) const GRADE: &str = "closed";
pub(crate) const BASE: &str =
    r#"say '"record":"base_ready","info":{"digest":"d","files":1,"bytes":1}'; closed"#;
/// Says that it works, then waits for ever without a child of its own.
pub(crate) const HANG: &str = "working; exec tail -f /dev/null";

/// Picks the script of `work t/a1#1`, `grade t/a1#1`, `base t`; `None` takes the usual one.
pub(crate) type Pick = fn(&str) -> Option<&'static str>;

pub(crate) type Hear = Box<dyn Fn(&Scripted, &str) + Send + Sync>;

pub(crate) struct Scripted {
    pub(crate) root: PathBuf,
    pub(crate) pick: Pick,
    pub(crate) said: Mutex<Vec<String>>,
    /// Called with what is told, as text.
    pub(crate) hear: Hear,
    pub(crate) control: mpsc::Sender<Control>,
    pub(crate) secrets: BTreeMap<String, String>,
}

pub(crate) fn name(key: &TrialKey) -> String {
    format!("{}/{}{}", key.task, key.assistant, key.trial)
}

/// Names an attempt; a later round of it too.
fn round_of(key: &TrialKey, attempt: u32, round: usize) -> String {
    let later = if round > 1 { format!(" round {round}") } else { String::new() };
    format!("{}#{attempt}{later}", name(key))
}

impl Scripted {
    pub(crate) fn note(&self, line: String) {
        self.said.lock().unwrap().push(line);
    }

    pub(crate) fn count(&self, start: &str) -> usize {
        self.said.lock().unwrap().iter().filter(|line| line.starts_with(start)).count()
    }

    pub(crate) fn lines(&self, start: &str) -> Vec<String> {
        let mut lines: Vec<String> =
            self.said.lock().unwrap().iter().filter(|line| line.starts_with(start)).cloned().collect();
        lines.sort();
        lines
    }

    pub(crate) fn dir(&self, what: &str) -> PathBuf {
        self.root.join(what.replace([' ', '/', '#'], "-"))
    }

    pub(crate) fn bundle_for_test(&self, mode: &str, of: &str, script: &str) -> PathBuf {
        self.bundle(mode, of, script).dir
    }

    fn bundle(&self, mode: &str, of: &str, usual: &str) -> PreparedCell {
        let what = format!("{mode} {of}");
        let dir = self.dir(&what);
        std::fs::create_dir_all(&dir).unwrap();
        let script = (self.pick)(&what).unwrap_or(usual);
        // What an earlier try left.
        let _ = std::fs::remove_file(dir.join("journal.jsonl"));
        std::fs::write(dir.join(mode), format!("{PRELUDE}{script}\n")).unwrap();
        self.note(what);
        PreparedCell { dir, secrets: self.secrets.clone() }
    }
}

fn refused(script: Option<&str>) -> Result<(), StepError> {
    match script {
        Some("HERE") => Err(StepError::Here { reason: "the program is missing".to_owned() }),
        Some("EVERYWHERE") => {
            Err(StepError::Everywhere { reason: "the disk is full".to_owned(), source: None })
        }
        Some(_) | None => Ok(()),
    }
}

impl Steps for Scripted {
    fn prepare_cell(&self, task: &TaskId, step: PrepareStep) -> Result<Option<PreparedCell>, StepError> {
        match step {
            PrepareStep::Base => Ok(Some(self.bundle("base", task.as_str(), BASE))),
            PrepareStep::Untouched => Ok(Some(self.bundle("grade", task.as_str(), GRADE))),
            PrepareStep::Reference => Ok(None),
        }
    }

    fn task_prepared(&self, task: &TaskId, prepared: Prepared) -> Result<Validity, StepError> {
        assert!(prepared.base.is_some() && prepared.untouched.is_some() && prepared.reference.is_none());
        self.note(format!("prepared {task}"));
        Ok(Validity::Valid)
    }

    fn attempt_started(&self, key: &TrialKey, attempt: u32) -> Result<(), StepError> {
        self.note(format!("started {}#{attempt}", name(key)));
        Ok(())
    }

    fn work_bundle(&self, key: &TrialKey, attempt: u32, before: &[Round]) -> Result<PreparedCell, StepError> {
        let of = round_of(key, attempt, before.len() + 1);
        refused((self.pick)(&format!("work {of}")))?;
        Ok(self.bundle("work", &of, WORK))
    }

    fn grade_bundle(
        &self,
        key: &TrialKey,
        attempt: u32,
        round: u32,
        work: &WorkResult,
    ) -> Result<Option<PreparedCell>, StepError> {
        let pid = std::fs::read_to_string(work.dir.join("pid")).unwrap_or_default();
        assert!(!alive(&pid), "the work cell lives while its grade bundle is made");
        let of = round_of(key, attempt, round as usize);
        refused((self.pick)(&format!("grade {of}")))?;
        Ok(Some(self.bundle("grade", &of, GRADE)))
    }

    /// The trial is solved when the newest grade put a file back that is named `solved`.
    fn after(&self, key: &TrialKey, attempt: u32, rounds: &[Round]) -> Result<After, StepError> {
        self.note(format!("after {}", round_of(key, attempt, rounds.len())));
        let grade = rounds.last().and_then(|round| round.grade.as_ref());
        let solved = grade.is_some_and(|grade| grade.restored == ["solved"]);
        Ok(if solved { After::Over { why: None } } else { After::Again })
    }

    fn priced(&self, _: &TrialKey, usage: &Usage) -> Option<Cost> {
        Some(Cost { usd: usage.output? as f64, source: CostSource::Priced })
    }

    fn attempt_lost(&self, key: &TrialKey, attempt: u32, work: &WorkResult) -> Result<(), StepError> {
        self.note(format!("lost {}#{attempt}: {}", name(key), work.fault().unwrap_or_default()));
        Ok(())
    }

    fn finished(
        &self,
        key: &TrialKey,
        attempts: u32,
        rounds: Vec<Round>,
        no_more: Option<String>,
    ) -> Result<(), StepError> {
        let of = name(key);
        let more = if rounds.len() > 1 { format!(" in {} rounds", rounds.len()) } else { String::new() };
        let why = no_more.map(|why| format!(" ({why})")).unwrap_or_default();
        let said = |Round { work, grade }: &Round| {
            let ending = match work.fault() {
                Some(reason) => format!("infra ({reason})"),
                None => format!("{:?}", work.ending).to_lowercase(),
            };
            format!("{ending}{}", if grade.is_some() { " graded" } else { "" })
        };
        let each: Vec<String> = rounds.iter().map(said).collect();
        refused((self.pick)(&format!("finish {of}")))?;
        self.note(format!("rounds {of}: {}", each.join(", ")));
        self.note(format!("finished {of} after {attempts}: {}{more}{why}", each.last().unwrap()));
        Ok(())
    }

    fn told(&self, event: RunEvent) {
        let text = match event {
            RunEvent::TrialPhase { key, phase } => format!("told {} {phase:?}", name(&key)),
            RunEvent::TrialStarted { key, attempt } => format!("told {} started #{attempt}", name(&key)),
            RunEvent::RoundStarted { key, round } => format!("told {} round {round}", name(&key)),
            RunEvent::AttemptLost { key, .. } => format!("told {} lost", name(&key)),
            RunEvent::StatusChanged { status } => format!("told status {status:?}"),
            RunEvent::TaskReady { task, .. } => format!("told {task} ready"),
            RunEvent::TaskPreparing { task } => format!("told {task} preparing"),
            RunEvent::TrialEvent { .. } | RunEvent::TrialFinished { .. } => return,
        };
        self.note(text.clone());
        (self.hear)(self, &text);
    }
}

pub(crate) struct Stage {
    pub(crate) tasks: &'static str,
    pub(crate) assistants: &'static str,
    pub(crate) jobs: u32,
    pub(crate) pick: Pick,
    pub(crate) hear: Hear,
    pub(crate) setup: fn(Setup) -> Setup,
    pub(crate) harvested: BTreeMap<TrialKey, Left>,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) grace: Duration,
    pub(crate) elapsed_sec: f64,
    pub(crate) root: tempfile::TempDir,
}

impl Default for Stage {
    fn default() -> Self {
        Stage {
            tasks: "t",
            assistants: "a",
            jobs: 2,
            pick: |_| None,
            hear: Box::new(|_, _| ()),
            setup: |setup| setup,
            harvested: BTreeMap::new(),
            secrets: BTreeMap::new(),
            grace: Duration::from_millis(300),
            elapsed_sec: 0.0,
            root: tempfile::tempdir().unwrap(),
        }
    }
}

pub(crate) fn launcher() -> LocalLauncher {
    let path = std::env::var_os("PATH").unwrap();
    // `sh work DIR` in the bundle's folder runs the script `work` there.
    LocalLauncher::new("/bin/sh".into(), [("PATH".into(), path)].into()).unwrap()
}

impl Stage {
    pub(crate) async fn play(self) -> (Result<RunStatus, RunError>, Arc<Scripted>, tempfile::TempDir) {
        let (control, asked) = mpsc::channel(8);
        let setup = Setup {
            tasks: self.tasks.split(' ').map(|t| TaskId::parse(t).unwrap()).collect(),
            assistants: self.assistants.split(' ').map(|a| AssistantId::parse(a).unwrap()).collect(),
            trials: 1,
            seed: 1,
            limits: DispatchLimits { jobs: self.jobs, ..DispatchLimits::default() },
            ..Setup::default()
        };
        let job = Job {
            setup: (self.setup)(setup),
            harvested: self.harvested,
            elapsed_sec: self.elapsed_sec,
            grace: self.grace,
        };
        let steps = Arc::new(Scripted {
            root: self.root.path().to_owned(),
            pick: self.pick,
            said: Mutex::default(),
            hear: self.hear,
            control,
            secrets: self.secrets,
        });
        let driven = drive(job, steps.clone(), Arc::new(launcher()), asked);
        let status = tokio::time::timeout(Duration::from_secs(60), driven).await.expect("the run hangs");
        (status, steps, self.root)
    }
}

/// Reads a process id that a script wrote.
pub(crate) fn pid(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("pid")).unwrap().trim().to_owned()
}

/// Returns whether a process lives; a zombie does not.
pub(crate) fn alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

/// Waits until `met`, at most ten seconds.
pub(crate) fn until(what: &str, met: impl Fn() -> bool) {
    for _ in 0..1000 {
        if met() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("never: {what}");
}

pub(crate) fn kill(pid: &str) {
    let raw = pid.trim().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(raw).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
