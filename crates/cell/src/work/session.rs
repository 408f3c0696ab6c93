//! One session on its way into the journal: chunks to lines, lines to events, events to records.
//!
//! **Invariant:** after a record that could not be written, the assistant is stopped and no other is written.

use std::path::Path;

use fairtrial_backends::{ProcessExit, Progress, Reader, StoppedBy, ending, metered};
use fairtrial_domain::assistant::Price;
use fairtrial_domain::bundle::WorkBundle;
use fairtrial_domain::event::EventKind;
use fairtrial_domain::journal::{Phase, Record};
use fairtrial_domain::outcome::Ending;
use fairtrial_domain::task::Limits;
use fairtrial_domain::usage::{Cost, CostSource, Usage};
use fairtrial_wire::keys::Veil;
use fairtrial_wire::meter::Seen;
use fairtrial_wire::prices::counted;

use super::WorkError;
use super::collected;
use super::kept::Kept;
use super::meter::Metered;
use super::rawlog::RawLog;
use super::secrets::Unwritten;
use super::silence::{Kinds, Life, first_is_late};
use crate::journal::{Journal, JournalError};
use crate::net::Proxy;
use crate::process::{Continue, Happening, JobEnd, Line, Lines, Look, Output, Stream, Talk, Why};
use crate::room::RoomError;

/// Bytes of one line that are read; the rest is counted.
const LONGEST_LINE: usize = 4 << 20;
/// Bytes that a journal's line has around an event's text.
const AROUND: u64 = 100;

/// A line as it came, and what it means.
struct Item {
    /// `None` for events that no line brought.
    raw: Option<String>,
    events: Vec<EventKind>,
}

/// How things stood when we began to stop it.
struct Stopped {
    progress: Progress,
    /// What the meter had seen.
    seen: Option<Seen>,
}

/// One session.
pub(super) struct Session<'a> {
    journal: &'a mut Journal,
    raw: RawLog,
    reader: Box<dyn Reader>,
    talk: Option<Talk>,
    /// Files that the program wrote about its session.
    collected: Vec<(String, String)>,
    out: Lines,
    err: Lines,
    unwritten: &'a mut Unwritten,
    veil: Veil,
    kept: Kept<Item>,
    progress: Progress,
    /// As it was when we began to stop it; what is said later does not change how it ended.
    when_stopped: Option<Stopped>,
    metered: Option<Metered>,
    usage: Usage,
    cost: Option<Cost>,
    price: Option<Price>,
    limits: Limits,
    over_requests: bool,
    life: Life,
    /// Whether the model, or a program whose requests are not seen, was to have said its first word by now.
    late: bool,
    failed: Option<JournalError>,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        bundle: &WorkBundle,
        unwritten: &'a mut Unwritten,
        folder: &Path,
        journal: &'a mut Journal,
        reader: Box<dyn Reader>,
        talk: Option<Talk>,
        metered: Option<Metered>,
    ) -> Session<'a> {
        Session {
            journal,
            raw: RawLog::in_folder(folder),
            reader,
            talk,
            collected: vec![],
            out: Lines::new(LONGEST_LINE),
            err: Lines::new(LONGEST_LINE),
            veil: unwritten.veil(),
            unwritten,
            kept: Kept::new(bundle.limits.output_bytes, AROUND),
            progress: Progress::new(bundle.assistant.backend),
            when_stopped: None,
            metered,
            usage: Usage::default(),
            cost: None,
            price: bundle.assistant.price.clone(),
            limits: bundle.limits.clone(),
            over_requests: false,
            life: Life::default(),
            late: false,
            failed: None,
        }
    }

    /// Takes what happens while the assistant runs. `proxy`: what its other traffic goes through.
    pub(super) fn take(&mut self, happening: Happening<'_>, proxy: Option<&Proxy>) -> Continue {
        if self.unwritten.again() {
            self.veil = self.unwritten.veil();
        }
        let alive = match happening {
            Happening::Started => {
                self.answer();
                true
            }
            Happening::Output(output) => self.output(output),
            Happening::Looked(look) => self.looked(look, proxy),
            Happening::Stopping(why) => {
                let seen = self.metered.as_ref().map(Metered::seen);
                self.when_stopped = Some(Stopped { progress: self.progress.clone(), seen });
                self.reader.stop();
                self.answer();
                self.stopping(why);
                true
            }
        };
        let departed = self.look_at_meter();
        if self.failed.is_some() || self.over_requests || self.late || departed {
            Continue::Stop
        } else if alive {
            Continue::Yes
        } else {
            Continue::Silent
        }
    }

    /// Returns whether there is another sign of life than output, and takes note of a first word that does not come.
    fn looked(&mut self, look: Look, proxy: Option<&Proxy>) -> bool {
        let seen = self.metered.as_ref().map(Metered::seen);
        let waited = match &seen {
            Some(seen) => seen.unanswered,
            None => (!self.life.heard).then_some(look.at),
        };
        self.late |= self.when_stopped.is_none() && first_is_late(self.limits.first_token_sec, waited);
        let kinds = Kinds {
            metered: seen.map(|seen| seen.moved),
            relayed: proxy.map(Proxy::moved),
            computing: look.computing,
        };
        self.life.look(kinds, self.progress.retrying().is_some())
    }

    /// Looks at the bound on requests; returns whether a replay has departed from its recording.
    fn look_at_meter(&mut self) -> bool {
        let Some(metered) = &self.metered else { return false };
        let seen = metered.seen();
        if self.when_stopped.is_none() && seen.over {
            self.over_requests = true;
        }
        seen.departed.is_some()
    }

    /// Returns whether it is a sign of life: a part of a line is, a line that only tells of a retry is not.
    fn output(&mut self, output: Output<'_>) -> bool {
        let lines = match output.stream {
            Stream::Stdout => self.out.push(output.bytes),
            Stream::Stderr => self.err.push(output.bytes),
        };
        let none = lines.is_empty();
        lines.into_iter().fold(none, |alive, line| self.line(output.stream, line) || alive)
    }

    fn line(&mut self, stream: Stream, line: Line) -> bool {
        let size = line.text.len() as u64 + line.dropped + 1;
        let raw = self.veil.over_text(line.text);
        let mut events = match stream {
            Stream::Stdout => self.reader.stdout(&raw),
            Stream::Stderr => self.reader.stderr(&raw),
        };
        if line.dropped > 0 {
            events.push(EventKind::Dropped { bytes: line.dropped });
        }
        self.answer();
        self.events(size, Some(raw), events)
    }

    /// Says what the reader has to say.
    fn answer(&mut self) {
        let lines = self.reader.say();
        let Some(talk) = &self.talk else { return };
        lines.iter().for_each(|line| talk.say(line));
        if self.reader.done() {
            talk.over();
        }
    }

    /// Reads what the program wrote about its session, so far as it is there. The program wrote in that folder as it liked.
    pub(super) fn collect(&mut self, home: &Path, names: &[String]) {
        let found = names.iter().filter_map(|name| Some((name.clone(), collected::read(&home.join(name))?)));
        self.collected = found.collect();
    }

    /// Tells what the trial put into its user's own login that a program will obey from now on.
    pub(super) fn planted(&mut self, paths: Vec<String>) {
        for path in paths {
            let text = format!(
                "it wrote {path} into the user's own login, which the program obeys outside of cells too: look at it"
            );
            self.events(0, None, vec![EventKind::Notice { text }]);
        }
    }

    fn events(&mut self, size: u64, raw: Option<String>, events: Vec<EventKind>) -> bool {
        // A line that means nothing, such as one that is silent by name, is life all the same.
        let mut alive = events.is_empty();
        for event in &events {
            alive |= self.progress.see(event);
            if let EventKind::Usage { usage, cost } = event {
                self.usage = usage.clone();
                self.cost = cost.clone().or(self.cost.take());
            }
        }
        self.life.heard |= alive;
        let most = self.limits.requests;
        if self.when_stopped.is_none() && most.is_some_and(|m| self.usage.requests.is_some_and(|r| r > m)) {
            self.over_requests = true;
        }
        if let Some(item) = self.kept.put(size, Item { raw, events }) {
            self.write(item);
        }
        alive
    }

    fn write(&mut self, item: Item) {
        if let Some(raw) = item.raw {
            self.raw.write(&raw);
        }
        for kind in item.events {
            self.record(Record::Event { kind });
        }
    }

    fn record(&mut self, record: Record) {
        if self.failed.is_none() {
            self.failed = self.journal.write(record).err();
        }
    }

    fn stopping(&mut self, why: Why) {
        if let Some(limit) = self.limit(why) {
            self.record(Record::LimitReached { limit });
        }
        self.record(Record::Phase { phase: Phase::Stopping });
    }

    /// Returns in words the limit that was reached, if one was.
    fn limit(&self, why: Why) -> Option<String> {
        let limits = &self.limits;
        match why {
            Why::ByItself | Why::Cancelled => None,
            Why::TimedOut => Some(format!("time limit of {} s", limits.agent_timeout_sec)),
            Why::Outstayed => Some("did not end when all was said".to_owned()),
            Why::Stalled => Some(self.life.silence(limits.stall_sec.unwrap_or_default())),
            Why::DiskLimit => {
                Some(format!("workspace and home grew by more than {} bytes", limits.disk_bytes))
            }
            Why::MemoryLimit => limits.memory_bytes.map(|most| format!("memory limit of {most} bytes")),
            Why::Refused if self.late => limits.first_token_sec.map(|most| match self.metered {
                Some(_) => format!("no answer of its model within {most} s of its first request"),
                None => format!("no word within {most} s of its start"),
            }),
            Why::Refused => limits.requests.filter(|_| self.over_requests).map(|n| format!("{n} requests")),
        }
    }

    /// Writes what is left and returns how it ended.
    pub(super) fn finish(mut self, end: Result<JobEnd, RoomError>) -> Result<Record, WorkError> {
        self.unwritten.afresh();
        self.veil = self.unwritten.veil();
        self.last_lines();
        let exit = end.as_ref().map(|e| ProcessExit { code: e.exit.code, signal: e.exit.signal });
        let exit = exit.unwrap_or(ProcessExit { code: None, signal: None });
        for (path, text) in std::mem::take(&mut self.collected) {
            let events = self.reader.file(&path, &self.veil.over_text(text));
            self.events(0, Some(format!("[{path}]")), events);
        }
        let last = self.reader.finish(exit);
        self.events(0, None, last);
        let (dropped, tail) = std::mem::replace(&mut self.kept, Kept::new(0, 0)).end();
        if dropped > 0 {
            let raw = Some(format!("[{dropped} bytes left out]"));
            self.write(Item { raw, events: vec![EventKind::Dropped { bytes: dropped }] });
        }
        for item in tail {
            self.write(item);
        }
        self.look_back(end.as_ref().ok().map(|end| end.why));
        let ending = end.as_ref().ok().map(|end| self.ending(end.why, exit));
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        let (end, ending) = (end?, ending.unwrap_or(Ending::Cancelled));
        let (mut listed, mut is_counted) = (None, true);
        if let Some(metered) = self.metered {
            let (mut traffic, cost) = metered.finish(&self.usage);
            if traffic.usage.requests.is_some_and(|requests| requests > 0) {
                self.usage = traffic.usage.clone();
                listed = cost;
                if let (Some(_), Err(why)) = (&self.price, counted(&traffic)) {
                    traffic.unpriced = Some(why.0);
                    is_counted = false;
                }
            }
            let departed = traffic.departed.clone();
            self.journal.write(Record::Metered { traffic: Box::new(traffic) })?;
            if let Some(departed) = departed {
                return Err(WorkError::Departed(departed));
            }
        }
        let cost = cost(self.price.as_ref(), &self.usage, is_counted, listed.or(self.cost));
        Ok(Record::Ended {
            ending,
            seconds: end.seconds,
            cpu_seconds: end.cpu_seconds,
            peak_memory: end.peak_memory,
            usage: self.usage,
            cost,
            leftovers: end.leftovers,
        })
    }

    fn last_lines(&mut self) {
        for (stream, last) in [(Stream::Stdout, self.out.finish()), (Stream::Stderr, self.err.finish())] {
            if let Some(line) = last {
                self.line(stream, line);
            }
        }
    }

    /// Takes note of what happened before anybody looked: a refused request after which the program ended by itself, or a
    /// kill by the kernel for want of memory.
    fn look_back(&mut self, why: Option<Why>) {
        if why == Some(Why::MemoryLimit)
            && self.when_stopped.is_none()
            && let Some(limit) = self.limit(Why::MemoryLimit)
        {
            self.record(Record::LimitReached { limit });
        }
        let over =
            why == Some(Why::ByItself) && self.metered.as_ref().is_some_and(|metered| metered.seen().over);
        if let Some(most) = self.limits.requests.filter(|_| over && !self.over_requests) {
            self.over_requests = true;
            self.record(Record::LimitReached { limit: format!("{most} requests") });
        }
    }

    fn ending(&self, why: Why, exit: ProcessExit) -> Ending {
        let progress = self.when_stopped.as_ref().map_or(&self.progress, |stopped| &stopped.progress);
        let now = || self.metered.as_ref().map(Metered::seen);
        let seen = self.when_stopped.as_ref().map_or_else(now, |stopped| stopped.seen.clone());
        let open = self.when_stopped.is_some() && seen.as_ref().is_some_and(|seen| seen.open > 0);
        let late = why == Why::Refused && self.late && !self.over_requests;
        let told = match if late { Why::Stalled } else { why } {
            // Silent while its model was: not its silence.
            Why::Stalled if open => ending(StoppedBy::Stall, exit, progress.end(), true, true),
            Why::ByItself if self.over_requests => Ending::Budget,
            Why::ByItself | Why::Outstayed => progress.ending(StoppedBy::Itself, exit),
            Why::TimedOut => progress.ending(StoppedBy::TimeLimit, exit),
            Why::Stalled => progress.ending(StoppedBy::Stall, exit),
            Why::Cancelled => progress.ending(StoppedBy::Cancel, exit),
            Why::DiskLimit => progress.ending(StoppedBy::DiskLimit, exit),
            Why::MemoryLimit | Why::Refused => Ending::Budget,
        };
        match seen {
            Some(seen) => metered(told, seen.answered, seen.failing, seen.failures),
            None => told,
        }
    }
}

/// Returns what a session cost: at the user's price where there is one and all of it was counted, else as `known` otherwise;
/// nothing when a price stands over counts that lack something, for any figure would be too low.
fn cost(price: Option<&Price>, usage: &Usage, is_counted: bool, known: Option<Cost>) -> Option<Cost> {
    let Some(price) = price else { return known };
    if !is_counted {
        return None;
    }
    usage.priced(price).map(|usd| Cost { usd, source: CostSource::Priced }).or(known)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use fairtrial_backends::{LaunchSpec, backend};
    use fairtrial_domain::assistant::{Assistant, BackendKind};
    use fairtrial_domain::bundle::{JOURNAL_FILE, TierChoice};
    use fairtrial_domain::id::AssistantId;

    use super::*;
    use crate::process::Exit;

    #[test]
    fn a_users_price_over_counts_that_lack_something_is_no_cost() {
        let price = Price { input: 3.0, cache_read: 0.3, cache_write: 3.75, output: 15.0 };
        let usage = Usage { input_uncached: Some(1_000_000), output: Some(0), ..Usage::default() };
        let told = || Some(Cost { usd: 9.0, source: CostSource::Reported });
        let usd = |price: Option<&Price>, is_counted| {
            cost(price, &usage, is_counted, told()).map(|cost| (cost.usd, cost.source))
        };
        assert_eq!(usd(Some(&price), true), Some((3.0, CostSource::Priced)));
        assert_eq!(usd(Some(&price), false), None);
        assert_eq!(usd(None, false), Some((9.0, CostSource::Reported)));
        let silent = cost(Some(&price), &Usage::default(), true, told());
        assert_eq!(silent.map(|cost| cost.source), Some(CostSource::Reported));
    }

    #[test]
    fn a_kill_by_the_kernel_for_want_of_memory_is_told_as_a_limit() {
        let dir = tempfile::tempdir().unwrap();
        let id = AssistantId::parse("a").unwrap();
        let bundle = WorkBundle {
            marker: "m".into(),
            base: "/base".into(),
            instruction: "do it".into(),
            assistant: Assistant::new(id, "A", BackendKind::Command),
            program: "/bin/true".into(),
            env: BTreeMap::new(),
            instruction_files: vec![],
            limits: Limits { memory_bytes: Some(64), ..Limits::default() },
            requires: vec![],
            readable: vec![],
            tier: TierChoice::Best,
            meter: None,
            keep: false,
            goes_on: None,
        };
        let spec = LaunchSpec {
            assistant: &bundle.assistant,
            instruction: &bundle.instruction,
            program: &bundle.program,
            workspace: Path::new("/workspace"),
            home: Path::new("/home"),
            secrets: &BTreeMap::new(),
            env: &bundle.env,
            meter: None,
            resume: None,
        };
        let reader = backend(BackendKind::Command).session(&spec).unwrap();
        let mut journal = Journal::create(dir.path()).unwrap();
        let mut unwritten = Unwritten::new(&BTreeMap::new(), None);
        let session = Session::new(&bundle, &mut unwritten, dir.path(), &mut journal, reader, None, None);
        let end = JobEnd {
            exit: Exit { code: None, signal: Some(9) },
            why: Why::MemoryLimit,
            seconds: 1.0,
            cpu_seconds: None,
            peak_memory: None,
            leftovers: vec![],
        };
        let ended = session.finish(Ok(end)).unwrap();
        assert!(matches!(ended, Record::Ended { ending: Ending::Budget, .. }), "{ended:?}");
        let text = std::fs::read_to_string(dir.path().join(JOURNAL_FILE)).unwrap();
        assert_eq!(text.matches("memory limit of 64 bytes").count(), 1, "{text}");
    }
}
