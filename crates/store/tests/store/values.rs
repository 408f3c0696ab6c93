//! Small valid values to store.

use fairtrial_domain::advice::{Asked, Judge, Reply};
use fairtrial_domain::assistant::{Assistant, BackendKind};
use fairtrial_domain::id::{AssistantId, Digest, RunId, SuiteId, TaskId, TrialKey};
use fairtrial_domain::outcome::{Ending, Outcome};
use fairtrial_domain::plan::{Budget, Plan, PlannedTask, Recording};
use fairtrial_domain::run::{RunRecord, RunStatus, TaskFacts, TrialRecord, Validity};
use fairtrial_domain::task::{HiddenFile, Limits, Repository, Task, TaskKind};
use fairtrial_domain::usage::{Cost, CostSource, Usage};

pub(crate) fn id(text: &str) -> RunId {
    RunId::parse(text).unwrap()
}

pub(crate) fn key(task: &str, assistant: &str, trial: u32) -> TrialKey {
    TrialKey { task: TaskId::parse(task).unwrap(), assistant: AssistantId::parse(assistant).unwrap(), trial }
}

fn assistant(id: &str) -> Assistant {
    Assistant { sample: true, ..Assistant::new(AssistantId::parse(id).unwrap(), id, BackendKind::Sample) }
}

pub(crate) fn run(name: &str, started: &str) -> RunRecord {
    let planned = |id: &str| PlannedTask { id: TaskId::parse(id).unwrap(), digest: Digest("d".to_owned()) };
    RunRecord {
        id: id(name),
        plan: Plan {
            suite: SuiteId::parse("samples").unwrap(),
            title: "Samples".to_owned(),
            suite_version: "1".to_owned(),
            tasks: vec![planned("t"), planned("u")],
            assistants: vec![assistant("aster"), assistant("birch")],
            trials: 3,
            seed: u64::MAX,
            margin: 0.1,
            budget: Budget { usd: Some(2.5), seconds: None, requests: None },
            looks: Default::default(),
            weights: None,
            rules: 0,
            recording: Recording::None,
            attempts: None,
            rounds: 1,
            tier: fairtrial_domain::bundle::TierChoice::Best,
            left_out: vec![],
        },
        plan_hash: Digest("p".to_owned()),
        started: started.to_owned(),
        ended: None,
        status: RunStatus::Running,
        app_version: "0.1.0".to_owned(),
    }
}

pub(crate) fn task(name: &str) -> Task {
    Task {
        id: TaskId::parse(name).unwrap(),
        title: "Fix it".to_owned(),
        instruction: "Fix <img onerror=x> \u{202e} '; DROP TABLE runs; --".to_owned(),
        kind: TaskKind::BugFix,
        language: None,
        repository: Repository::Folder { path: "/r".into() },
        setup: vec![],
        checks: vec![],
        protected: vec![],
        allowed: vec![],
        forbidden: vec![],
        dependencies: None,
        hidden: vec![HiddenFile { path: "h".to_owned(), content: vec![0, 255], executable: false }],
        reference: None,
        requires: vec![],
        limits: Limits::default(),
        network: fairtrial_domain::task::Network::None,
        readable: vec![],
        tests_may_change: false,
        digest: Digest("d".to_owned()),
        directory: "/s/t".into(),
    }
}

pub(crate) fn facts(task: &str, validity: Validity) -> TaskFacts {
    TaskFacts {
        task: TaskId::parse(task).unwrap(),
        base: vec![],
        reference: None,
        validity,
        audit: None,
        steering: None,
    }
}

pub(crate) fn trial(key: TrialKey, attempts: u32) -> TrialRecord {
    TrialRecord {
        key,
        attempts,
        ending: Ending::Finished,
        outcome: Some(Outcome::Resolved),
        verdicts: vec![],
        scores: vec![],
        findings: vec![],
        patch: None,
        flags: vec![],
        usage: Usage::default(),
        cost: Some(Cost { usd: 0.25, source: CostSource::Simulated }),
        seconds: 1.5,
        tier: None,
        version: None,
        model: None,
        leftovers: vec![],
        journals: vec![],
        traffic: None,
        contacts: vec![],
        tier_reason: None,
        fenced: false,
        instruction_files: vec![],
        configuration: None,
        steered: None,
        bad_lines: 0,
        rules: 1,
        reference: None,
        overruled: vec![],
        earlier: vec![],
        unparsed: 0,
        limit: None,
        more: vec![],
        no_more: None,
    }
}

/// A question about two changes, with a reply that could not be read.
pub(crate) fn asked(one: &str, two: &str, said: &str) -> Asked {
    let who = |id: &str| AssistantId::parse(id).unwrap();
    Asked {
        judge: Judge {
            id: who("judge"),
            title: "Judge".to_owned(),
            model: None,
            family: None,
            family_source: "named by the user".to_owned(),
            sample: false,
        },
        task: TaskId::parse("t").unwrap(),
        trial: 1,
        one: who(one),
        two: who(two),
        compared: vec![],
        reply: Reply::Unread { why: "no answer".to_owned(), said: said.to_owned() },
        stripped: 0,
        cost: None,
        seconds: 1.5,
        journal: None,
        at: "2026-01-01T00:00:00Z".to_owned(),
    }
}
