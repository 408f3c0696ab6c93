//! What a meter has seen, and one exchange while it is open.
//!
//! **Invariant:** every request that the meter takes, whole and on its way to the upstream, becomes one exchange, whatever
//! becomes of it. What it refuses before reaches no model and is counted nowhere.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use fairtrial_domain::event::FaultKind;
use fairtrial_domain::id::Digest;
use fairtrial_domain::traffic::{Exchange, Traffic, WireApi};
use fairtrial_domain::usage::{Usage, UsageSource};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use super::forward::counts;
use super::{Seen, Shared, reconcile};
use crate::left::Watch;
use crate::read::{self, Reader};
use crate::recording::{Kept, Recorder};
use crate::replay::{Departure, Played, Replay};

/// More exchanges are counted, not listed.
const MOST_LISTED: usize = 2000;
/// More different requests are not told from repetitions.
const MOST_REMEMBERED: usize = 100_000;
/// More pieces of one answer are one.
const MOST_PIECES: usize = 100_000;
/// An answer with more bytes ends a recording.
const LARGEST_ANSWER: usize = 64 << 20;

/// Everything that was seen.
#[derive(Debug)]
pub(crate) struct State {
    host: String,
    exchanges: Vec<(u64, Exchange)>,
    more: u64,
    usage: Usage,
    arrived: u64,
    requests: u64,
    open: u64,
    failing: Option<FaultKind>,
    failures: u64,
    answered: u64,
    moved: u64,
    /// When a model was asked first, until one begins to answer.
    waiting: Waiting,
    bodies: HashSet<u64>,
    watch: Watch,
    recorder: Option<Recorder>,
    unrecorded: Option<String>,
    replay: Option<Replay>,
    most: Option<u64>,
    over: bool,
}

/// How far the first answer of a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Unasked,
    Since(Instant),
    Over,
}

impl State {
    pub(super) fn new(
        host: String,
        watch: Watch,
        recorder: Option<Recorder>,
        replay: Option<Replay>,
        most: Option<u64>,
    ) -> State {
        State {
            host,
            exchanges: vec![],
            more: 0,
            usage: Usage { source: UsageSource::Metered, requests: Some(0), ..Usage::default() },
            arrived: 0,
            requests: 0,
            open: 0,
            failing: None,
            failures: 0,
            answered: 0,
            moved: 0,
            waiting: Waiting::Unasked,
            bodies: HashSet::new(),
            watch,
            recorder,
            unrecorded: None,
            replay,
            most,
            over: false,
        }
    }

    /// Returns whether a request of this API is one too many, and keeps that in mind.
    pub(super) fn is_beyond(&mut self, api: WireApi) -> bool {
        let beyond = counts(api) && self.most.is_some_and(|most| self.requests >= most);
        self.over |= beyond;
        beyond
    }

    pub(super) fn seen(&self) -> Seen {
        let departed = self.replay.as_ref().and_then(Replay::departed).map(str::to_owned);
        let State { requests, open, failing, failures, answered, over, moved, waiting, .. } = *self;
        let unanswered = match waiting {
            Waiting::Since(first) => Some(first.elapsed()),
            Waiting::Unasked | Waiting::Over => None,
        };
        Seen { requests, open, departed, failing, failures, answered, over, moved, unanswered }
    }

    pub(super) fn traffic(&mut self, reported: Option<Usage>) -> Traffic {
        if let Some(recorder) = self.recorder.take()
            && let Err(error) = recorder.end()
        {
            self.unrecorded = Some(error.to_string());
        }
        let mut exchanges = std::mem::take(&mut self.exchanges);
        exchanges.sort_by_key(|(number, _)| *number);
        let exchanges: Vec<Exchange> = exchanges.into_iter().map(|(_, exchange)| exchange).collect();
        let mut disagreements = reconcile::disagreements(&self.usage, reported.as_ref());
        disagreements
            .extend(self.unrecorded.take().map(|why| format!("the session was not recorded: {why}")));
        Traffic {
            host: self.host.clone(),
            exchanges,
            more: self.more,
            usage: self.usage.clone(),
            reported,
            disagreements,
            left: self.watch.left(),
            prices: vec![],
            unpriced: None,
            recording: None,
            replay_of: None,
            departed: self.replay.as_mut().and_then(Replay::end),
        }
    }

    /// Returns whether a request like this came before. Beyond a number of different ones, new ones are not remembered.
    fn came_before(&mut self, hash: u64) -> bool {
        if self.bodies.len() < MOST_REMEMBERED {
            return !self.bodies.insert(hash);
        }
        self.bodies.contains(&hash)
    }

    /// Takes note of a request's bytes.
    fn asked(&mut self, api: WireApi, length: usize, at: Instant) {
        if self.failing.is_none() {
            self.moved += length as u64 + 1;
        }
        if counts(api) && self.waiting == Waiting::Unasked {
            self.waiting = Waiting::Since(at);
        }
    }

    /// Takes note of bytes of an answer that tells of no failure.
    fn answers(&mut self, api: WireApi, length: usize) {
        self.moved += length as u64;
        if counts(api) && length > 0 {
            self.waiting = Waiting::Over;
        }
    }

    /// `ended`: whether the upstream ended it, and not the program by going away.
    fn closed(&mut self, number: u64, exchange: Exchange, ended: bool) {
        self.open -= 1;
        if counts(exchange.api) && ended {
            self.failing = exchange.fault;
            self.failures = match exchange.fault {
                None => 0,
                Some(FaultKind::RateLimit | FaultKind::Server | FaultKind::Network) => self.failures + 1,
                Some(FaultKind::Auth | FaultKind::Assistant) => self.failures,
            };
            self.answered += u64::from(exchange.fault.is_none());
        }
        if counts(exchange.api) {
            read::add(&mut self.usage, &Usage { requests: Some(1), ..exchange.usage.clone() });
        }
        if self.exchanges.len() < MOST_LISTED {
            self.exchanges.push((number, exchange));
        } else {
            self.more += 1;
        }
    }

    fn keep(&mut self, kept: Kept, request: &[u8], response: Option<&[u8]>) {
        let Some(recorder) = &mut self.recorder else { return };
        let failed = match response {
            Some(response) => recorder.keep(kept, request, response).err().map(|error| error.to_string()),
            None => Some("an answer has more than 64 MiB".to_owned()),
        };
        if failed.is_some() {
            self.unrecorded = failed;
            // Without its last line it cannot be replayed.
            self.recorder = None;
        }
    }
}

/// A request as it came.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    /// Without its query.
    pub(super) path: String,
    pub(super) body: Bytes,
}

/// An exchange that is open. When it is dropped without its end, it was cut.
pub(super) struct Open {
    shared: Arc<Shared>,
    asked: Asked,
    started: Instant,
    number: u64,
    exchange: Exchange,
    reader: Option<Reader>,
    headers: Vec<(String, String)>,
    pieces: Vec<(u64, u64)>,
    /// The answer so far, where it is recorded; `None` when it is not or grew too large.
    held: Option<Vec<u8>>,
    whole: bool,
    /// Whether the upstream broke it off, or was not there.
    broken: bool,
    /// Given back with the body.
    _room: OwnedSemaphorePermit,
}

impl Open {
    pub(super) fn new(
        shared: &Arc<Shared>,
        asked: Asked,
        started: Instant,
        room: OwnedSemaphorePermit,
    ) -> Open {
        let api = read::api(&asked.method, &asked.path);
        let json = serde_json::from_slice::<Value>(&asked.body).ok();
        let mut hasher = DefaultHasher::new();
        (&asked.path, &asked.body).hash(&mut hasher);
        let mut state = shared.state();
        let again = state.came_before(hasher.finish()) && counts(api);
        // What a recording answers leaves for nowhere.
        if state.replay.is_none() {
            state.watch.see(&asked.body, json.as_ref());
        }
        state.open += 1;
        state.requests += u64::from(counts(api));
        state.asked(api, asked.body.len(), started);
        let number = state.arrived;
        state.arrived += 1;
        let held = state.recorder.is_some().then(Vec::new);
        drop(state);
        let exchange = Exchange {
            at_ms: ms(shared.started, started),
            api,
            path: asked.path.clone(),
            asked: json.as_ref().and_then(|body| read::asked(api, &asked.path, body)),
            served: None,
            status: 0,
            again,
            usage: Usage { source: UsageSource::Metered, ..Usage::default() },
            cache_write_long: None,
            service: None,
            stop: None,
            request_id: None,
            fault: Some(FaultKind::Network),
            retry_after_sec: None,
            first_byte_ms: None,
            ms: 0,
            bytes_out: asked.body.len() as u64,
            bytes_in: 0,
        };
        Open {
            shared: Arc::clone(shared),
            asked,
            started,
            number,
            exchange,
            reader: None,
            headers: vec![],
            pieces: vec![],
            held,
            whole: false,
            broken: false,
            _room: room,
        }
    }

    /// Returns the recorded answer, or how the request departs; `None` when nothing is replayed.
    pub(super) fn replayed(&self) -> Option<Result<Played, Departure>> {
        let mut state = self.shared.state();
        let Asked { method, path, body } = &self.asked;
        state.replay.as_mut().map(|replay| replay.answer(self.exchange.api, method, path, body))
    }

    /// The answer has begun.
    pub(super) fn began(&mut self, status: u16, headers: Vec<(String, String)>) {
        let header =
            |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let kind = header("content-type").unwrap_or_default();
        self.reader = Some(Reader::new(self.exchange.api, status, kind));
        self.exchange.status = status;
        let id =
            header("request-id").or_else(|| header("x-request-id")).or_else(|| header("x-amzn-requestid"));
        self.exchange.request_id = id.map(str::to_owned);
        let seconds = |name: &str| header(name).and_then(|value| value.parse::<f64>().ok());
        self.exchange.retry_after_sec =
            seconds("retry-after-ms").map(|ms| ms / 1000.0).or_else(|| seconds("retry-after"));
        self.headers = headers;
    }

    /// The next bytes of the answer.
    pub(super) fn piece(&mut self, bytes: &[u8]) {
        let now = ms(self.started, Instant::now());
        self.exchange.first_byte_ms.get_or_insert(now);
        self.exchange.bytes_in += bytes.len() as u64;
        if (200..400).contains(&self.exchange.status) {
            self.shared.state().answers(self.exchange.api, bytes.len());
        }
        if let Some(reader) = &mut self.reader {
            reader.push(bytes);
        }
        if let Some(held) = &mut self.held {
            if held.len() + bytes.len() > LARGEST_ANSWER {
                self.held = None;
            } else {
                held.extend_from_slice(bytes);
                piece(&mut self.pieces, now, bytes.len() as u64);
            }
        }
    }

    /// The answer was all there.
    pub(super) fn ended(mut self) {
        self.whole = true;
    }

    /// There was no answer, or no end of one.
    pub(super) fn broken(mut self) {
        self.broken = true;
    }

    /// The recording had no answer: ours, not the vendor's.
    pub(super) fn departed(mut self) {
        self.exchange.fault = None;
        self.whole = true;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut exchange = self.exchange.clone();
        exchange.ms = ms(self.started, Instant::now());
        if let Some(reader) = self.reader.take() {
            let said = reader.finish(!self.whole);
            exchange.usage = said.usage;
            exchange.cache_write_long = said.cache_write_long;
            exchange.service = said.service;
            exchange.served = said.served;
            exchange.stop = said.stop;
            exchange.fault = said.fault;
            exchange.request_id = exchange.request_id.or(said.id);
        }
        let kept = Kept {
            n: self.number,
            api: exchange.api,
            method: self.asked.method.clone(),
            path: self.asked.path.clone(),
            request: Digest(String::new()),
            status: exchange.status,
            headers: std::mem::take(&mut self.headers),
            response: Digest(String::new()),
            pieces: std::mem::take(&mut self.pieces),
            cut: !self.whole,
        };
        let mut state = self.shared.state();
        state.keep(kept, &self.asked.body, self.held.as_deref());
        state.closed(self.number, exchange, self.whole || self.broken);
    }
}

/// Adds a piece to an answer's; beyond a number the last one grows.
fn piece(pieces: &mut Vec<(u64, u64)>, ms: u64, length: u64) {
    let is_full = pieces.len() >= MOST_PIECES;
    match pieces.last_mut() {
        Some((_, last)) if is_full => *last += length,
        Some(_) | None => pieces.push((ms, length)),
    }
}

fn ms(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.saturating_duration_since(from).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::left::LineIndex;

    #[test]
    fn countless_requests_are_not_all_remembered() {
        let mut state = State::new(String::new(), Watch::new(LineIndex::default()), None, None, None);
        let most = MOST_REMEMBERED as u64;
        assert!((0..most + 5).all(|hash| !state.came_before(hash)));
        assert_eq!(state.bodies.len(), MOST_REMEMBERED);
        assert_eq!([0, most - 1, most].map(|hash| state.came_before(hash)), [true, true, false]);
    }

    #[test]
    fn a_storm_of_retries_moves_nothing_and_an_answer_ends_the_first_wait() {
        let mut state = State::new(String::new(), Watch::new(LineIndex::default()), None, None, None);
        let start = Instant::now();
        assert_eq!((state.seen().moved, state.seen().unanswered), (0, None));
        state.asked(WireApi::Other, 3, start);
        assert_eq!((state.seen().moved, state.seen().unanswered), (4, None));
        state.asked(WireApi::Anthropic, 9, start);
        assert!(state.seen().moved == 14 && state.seen().unanswered.is_some());
        state.failing = Some(FaultKind::RateLimit);
        state.asked(WireApi::Anthropic, 9, start);
        assert!(state.seen().moved == 14 && state.seen().unanswered.is_some());
        state.answers(WireApi::Anthropic, 5);
        state.asked(WireApi::Anthropic, 9, start);
        assert_eq!((state.seen().moved, state.seen().unanswered), (19, None));
    }

    #[test]
    fn an_answer_in_countless_pieces_keeps_its_length_and_not_their_number() {
        let mut pieces = vec![];
        (0..MOST_PIECES as u64 + 5).for_each(|ms| piece(&mut pieces, ms, 1));
        assert_eq!(pieces.len(), MOST_PIECES);
        assert_eq!(pieces.iter().map(|(_, length)| length).sum::<u64>(), MOST_PIECES as u64 + 5);
    }
}
