//! Folds a cell's records into what the rest of the product needs of it. Pure.
//!
//! **Invariant:** a journal without `Closed`, or with `Failed`, is a fault of ours and never evidence.

use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::{BaseInfo, Tier};
use fairtrial_domain::event::EventKind;
use fairtrial_domain::journal::Record;
use fairtrial_domain::network::{Contact, ContactVerdict};
use fairtrial_domain::outcome::{Ending, InfraFault};
use fairtrial_domain::patch::{CaptureFlag, PatchRef};
use fairtrial_domain::traffic::Traffic;
use fairtrial_domain::usage::{Cost, Usage};
use fairtrial_domain::verdict::Verdict;

/// What a work cell brought.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkResult {
    /// Its bundle, with journal, stream and patch.
    pub dir: PathBuf,
    /// The isolation it had; `None` when it died before it said so.
    pub tier: Option<Tier>,
    /// Why that is not more, where it is not.
    pub tier_reason: Option<String>,
    /// Whether a control group bounded its memory.
    pub fenced: bool,
    /// How it ended.
    pub ending: Ending,
    /// True when it was lost to something of ours that would be there at another try too.
    pub lasting: bool,
    /// Wall seconds of the assistant.
    pub seconds: f64,
    /// CPU seconds of the assistant's tree, where known.
    pub cpu_seconds: Option<f64>,
    /// Peak memory in bytes, where known.
    pub peak_memory: Option<u64>,
    /// Tokens and requests.
    pub usage: Usage,
    /// Money, where known.
    pub cost: Option<Cost>,
    /// Processes that outlived the assistant.
    pub leftovers: Vec<String>,
    /// What our meter saw; `None` when it did not run.
    pub traffic: Option<Box<Traffic>>,
    /// The patch in `dir`, where one was captured.
    pub patch: Option<PatchRef>,
    /// What capture left out.
    pub flags: Vec<CaptureFlag>,
    /// The program's version, where it said so.
    pub version: Option<String>,
    /// The model that served it, where it said so.
    pub model: Option<String>,
    /// Its session's name, where it said so.
    pub session: Option<String>,
    /// Instruction files of assistants that the base holds.
    pub instruction_files: Vec<String>,
    /// The limit that was reached, where one was.
    pub limit: Option<String>,
    /// Events in the journal.
    pub events: u64,
    /// Lines of the journal that could not be read.
    pub bad_lines: u64,
    /// Lines of the assistant's stream that could not be read.
    pub unparsed: u64,
    /// Hosts that were asked for.
    pub contacts: Vec<Contact>,
}

/// What a grade cell brought.
#[derive(Debug, Clone, PartialEq)]
pub struct GradeResult {
    /// Its bundle, with the journal.
    pub dir: PathBuf,
    /// The isolation it had.
    pub tier: Option<Tier>,
    /// Why that is not more, where it is not.
    pub tier_reason: Option<String>,
    /// Whether a control group bounded its memory.
    pub fenced: bool,
    /// Protected files that were put back.
    pub restored: Vec<String>,
    /// Every check, in order.
    pub verdicts: Vec<Verdict>,
    /// The first file that differs, when the patch does not fit the base.
    pub does_not_apply: Option<String>,
}

/// One round of a trial: work, and its grade where there was one.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// What the assistant did.
    pub work: WorkResult,
    /// What it is worth; `None` when there was nothing to judge, or no way to.
    pub grade: Option<GradeResult>,
}

/// A cell that brought nothing: our fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct CellLost {
    /// What, in a sentence fragment.
    pub reason: String,
    /// True when another try would be lost alike.
    pub lasting: bool,
}

/// Everything that a cell said so far, as far as results need it.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    tier: Option<Tier>,
    tier_reason: Option<String>,
    fenced: bool,
    ended: Option<Record>,
    traffic: Option<Box<Traffic>>,
    patch: Option<(PatchRef, Vec<CaptureFlag>)>,
    version: Option<String>,
    model: Option<String>,
    session: Option<String>,
    instruction_files: Vec<String>,
    limit: Option<String>,
    events: u64,
    usage: Usage,
    cost: Option<Cost>,
    restored: Vec<String>,
    verdicts: Vec<Verdict>,
    does_not_apply: Option<String>,
    base: Option<BaseInfo>,
    failed: Option<String>,
    lasting: bool,
    closed: bool,
    bad_lines: u64,
    unparsed: u64,
    contacts: Vec<Contact>,
}

impl Fold {
    /// Folds all of `records`.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Fold {
        let mut fold = Fold::default();
        records.into_iter().for_each(|record| fold.take(record));
        fold
    }

    /// Counts lines that could not be read.
    pub fn take_bad(&mut self, lines: u64) {
        self.bad_lines += lines;
    }

    /// Takes the next record.
    pub fn take(&mut self, record: &Record) {
        match record {
            Record::Opened { tier, tier_reason, fenced, unix: _, cell: _ } => {
                self.fenced = *fenced;
                self.tier = Some(*tier);
                self.tier_reason.clone_from(tier_reason);
            }
            Record::Launched { instruction_files, argv: _ } => {
                self.instruction_files.clone_from(instruction_files);
            }
            Record::Event { kind } => self.event(kind),
            Record::LimitReached { limit } => self.limit = Some(limit.clone()),
            Record::Metered { traffic } => self.traffic = Some(traffic.clone()),
            Record::Ended { .. } => self.ended = Some(record.clone()),
            Record::Captured { patch, flags } => self.patch = Some((patch.clone(), flags.clone())),
            Record::Contact { contact } => self.contacts.push(contact.clone()),
            Record::Restored { path } => self.restored.push(path.clone()),
            Record::Verdict { verdict } => self.verdicts.push(verdict.clone()),
            Record::DoesNotApply { path } => self.does_not_apply = Some(path.clone()),
            Record::BaseReady { info } => self.base = Some(info.clone()),
            Record::Failed { reason, lasting } => {
                self.failed = Some(reason.clone());
                self.lasting = *lasting;
            }
            Record::Closed => self.closed = true,
            Record::Phase { .. } | Record::CheckStarted { .. } => {}
        }
    }

    fn event(&mut self, kind: &EventKind) {
        self.events += 1;
        match kind {
            EventKind::Started { model, version, session } => {
                self.session = session.clone().or(self.session.take());
                self.model = model.clone().or(self.model.take());
                self.version = version.clone().or(self.version.take());
            }
            EventKind::Usage { usage, cost } => {
                self.usage = usage.clone();
                self.cost = cost.clone().or(self.cost.take());
            }
            EventKind::Text { .. }
            | EventKind::Thinking { .. }
            | EventKind::ToolCall { .. }
            | EventKind::ToolResult { .. }
            | EventKind::Retry { .. }
            | EventKind::Notice { .. }
            | EventKind::Stderr { .. }
            | EventKind::Ended { .. }
            | EventKind::Dropped { .. } => {}
            EventKind::Unparsed { .. } => self.unparsed += 1,
        }
    }

    /// Returns whether the journal is whole.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Returns what a work cell brought. `died` says how its process ended, for a journal that is not whole.
    pub fn work(self, dir: &Path, died: &str) -> WorkResult {
        let fault = self.fault(died);
        let (patch, flags) = self.patch.map_or((None, Vec::new()), |(p, f)| (Some(p), f));
        let mut work = WorkResult {
            dir: dir.to_owned(),
            tier: self.tier,
            tier_reason: self.tier_reason,
            fenced: self.fenced,
            ending: infra(
                fault.clone().unwrap_or_else(|| "the journal does not say how it ended".to_owned()),
            ),
            lasting: self.lasting,
            seconds: 0.0,
            cpu_seconds: None,
            peak_memory: None,
            usage: self.usage,
            cost: self.cost,
            leftovers: Vec::new(),
            traffic: self.traffic,
            patch,
            flags,
            version: self.version,
            model: self.model,
            session: self.session,
            instruction_files: self.instruction_files,
            limit: self.limit,
            events: self.events,
            bad_lines: self.bad_lines,
            unparsed: self.unparsed,
            contacts: self.contacts,
        };
        if let Some(Record::Ended { ending, seconds, cpu_seconds, peak_memory, usage, cost, leftovers }) =
            self.ended
        {
            work.seconds = seconds;
            work.cpu_seconds = cpu_seconds;
            work.peak_memory = peak_memory;
            work.usage = usage;
            work.cost = cost;
            work.leftovers = leftovers;
            if fault.is_none() {
                work.ending = ending;
            }
        }
        work
    }

    /// Returns what a grade cell brought, or why it brought nothing.
    pub fn grade(self, dir: &Path, died: &str) -> Result<GradeResult, CellLost> {
        match self.fault(died) {
            Some(reason) => Err(CellLost { reason, lasting: self.lasting }),
            None => Ok(GradeResult {
                dir: dir.to_owned(),
                tier: self.tier,
                tier_reason: self.tier_reason,
                fenced: self.fenced,
                restored: self.restored,
                verdicts: self.verdicts,
                does_not_apply: self.does_not_apply,
            }),
        }
    }

    /// Returns what a base cell brought, or why it brought nothing.
    pub fn base(self, died: &str) -> Result<BaseInfo, CellLost> {
        if let Some(reason) = self.fault(died) {
            return Err(CellLost { reason: reason + &self.refused(), lasting: self.lasting });
        }
        self.base
            .ok_or_else(|| CellLost { reason: "the cell ended without a base".to_owned(), lasting: false })
    }

    /// Names the hosts that the proxy refused, to stand behind a reason.
    fn refused(&self) -> String {
        let refused = |contact: &&Contact| matches!(contact.verdict, ContactVerdict::Refused { .. });
        let refused = self.contacts.iter().filter(refused);
        refused.map(|contact| format!("\nthe proxy refused {}:{}", contact.host, contact.port)).collect()
    }

    fn fault(&self, died: &str) -> Option<String> {
        match (&self.failed, self.closed) {
            (Some(reason), _) => Some(reason.clone()),
            (None, false) => Some(format!("the cell died before its journal was whole: {died}")),
            (None, true) => None,
        }
    }
}

impl WorkResult {
    /// Returns the result of an attempt that never had a cell.
    pub fn none(dir: &Path, reason: &str) -> WorkResult {
        let mut work = Fold::default().work(dir, reason);
        work.ending = infra(reason.to_owned());
        work
    }

    /// Returns why the attempt is no evidence though nobody cancelled it, or `None` when it is.
    pub fn fault(&self) -> Option<&str> {
        match &self.ending {
            Ending::Infra { reason, .. } => Some(reason),
            Ending::Finished
            | Ending::TimedOut
            | Ending::Stalled
            | Ending::Budget
            | Ending::Cancelled
            | Ending::Crashed { .. } => None,
        }
    }
}

/// A fault of our cell or machine.
pub fn infra(reason: String) -> Ending {
    Ending::Infra { fault: InfraFault::Cell, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairtrial_domain::id::Digest;
    use fairtrial_domain::patch::PatchCounts;

    fn records(names: &str) -> Fold {
        let record = |name: &str| match name {
            "opened" => Record::Opened {
                unix: 1,
                tier: Tier::Plain,
                tier_reason: Some("why".into()),
                fenced: false,
                cell: "1".into(),
            },
            "ended" => Record::Ended {
                ending: Ending::TimedOut,
                seconds: 2.5,
                cpu_seconds: None,
                peak_memory: Some(7),
                usage: Usage::default(),
                cost: None,
                leftovers: vec!["sleep".into()],
            },
            "captured" => Record::Captured {
                patch: PatchRef { digest: Digest("d".into()), counts: PatchCounts::default() },
                flags: vec![],
            },
            "failed" => Record::Failed { reason: "no space".into(), lasting: false },
            "missing" => Record::Failed { reason: "no program".into(), lasting: true },
            "closed" => Record::Closed,
            "started" => Record::Event {
                kind: EventKind::Started { session: None, model: Some("m".into()), version: None },
            },
            "version" => Record::Event {
                kind: EventKind::Started { session: None, model: None, version: Some("9".into()) },
            },
            "not-applying" => Record::DoesNotApply { path: "a.py".into() },
            odd => panic!("{odd}"),
        };
        Fold::of(names.split(' ').map(record).collect::<Vec<_>>().iter())
    }

    /// Says how a work cell with these records ended.
    fn ending(names: &str) -> String {
        let work = records(names).work(Path::new("/b"), "signal 9");
        match work.fault() {
            Some(reason) => format!("infra: {reason}"),
            None => format!("{:?}", work.ending),
        }
    }

    #[test]
    fn only_a_whole_journal_says_how_a_trial_ended() {
        assert_eq!(ending("opened ended captured closed"), "TimedOut");
        let died = "infra: the cell died before its journal was whole: signal 9";
        assert_eq!(ending("opened ended captured"), died);
        assert_eq!(ending("opened"), died);
        assert_eq!(ending("opened closed"), "infra: the journal does not say how it ended");
    }

    #[test]
    fn a_cell_that_failed_is_no_evidence_whatever_else_it_says() {
        assert_eq!(ending("opened ended failed closed"), "infra: no space");
        assert_eq!(ending("failed"), "infra: no space");
        let lost = records("opened failed closed").grade(Path::new("/g"), "").unwrap_err();
        assert_eq!(lost.to_string(), "no space");
    }

    #[test]
    fn what_would_fail_again_is_said_to() {
        let lasting = |names: &str| {
            let grade = records(names).grade(Path::new("/g"), "").unwrap_err();
            let base = records(names).base("").unwrap_err();
            (records(names).work(Path::new("/b"), "").lasting, grade.lasting, base.lasting)
        };
        assert_eq!(lasting("opened missing closed"), (true, true, true));
        assert_eq!(lasting("opened failed closed"), (false, false, false));
        let old: Record = serde_json::from_str(r#"{"record":"failed","reason":"no space"}"#).unwrap();
        assert_eq!(old, Record::Failed { reason: "no space".into(), lasting: false });
    }

    #[test]
    fn work_carries_what_was_said() {
        let work = records("opened started version ended captured closed").work(Path::new("/b"), "");
        assert_eq!(
            (work.model.as_deref(), work.version.as_deref(), work.tier, work.seconds, work.events),
            (Some("m"), Some("9"), Some(Tier::Plain), 2.5, 2)
        );
        assert_eq!((work.leftovers, work.peak_memory), (vec!["sleep".to_owned()], Some(7)));
        assert_eq!(work.patch.map(|p| p.digest.0), Some("d".to_owned()));
    }

    #[test]
    fn a_grade_needs_a_whole_journal_and_a_base_needs_to_be_there() {
        let grade = records("opened not-applying closed").grade(Path::new("/g"), "").unwrap();
        assert_eq!(grade.does_not_apply.as_deref(), Some("a.py"));
        assert!(records("opened not-applying").grade(Path::new("/g"), "signal 9").is_err());
        let lost = records("opened closed").base("").unwrap_err();
        assert_eq!(lost.to_string(), "the cell ended without a base");
    }
}
