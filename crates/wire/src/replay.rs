//! A recorded model: answers each request with what was answered to the same request before, in order.
//!
//! **Invariant:** a request that was not recorded is never answered; from then on nothing is.

use std::fs;
use std::path::{Path, PathBuf};

use fairtrial_domain::traffic::WireApi;
use serde_json::Value;

use crate::recording::{self, Kept, RecordingError};
use crate::shape::{self, Volatile};

/// A recording at work.
#[derive(Debug)]
pub struct Replay {
    folder: PathBuf,
    exchanges: Vec<(Kept, Value, bool)>,
    /// Folders of the recorded run.
    then: Vec<String>,
    now: Volatile,
    asked: u64,
    departed: Option<String>,
    /// The host that answered when it was recorded.
    pub host: String,
}

/// How a request departs from the recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Departure(pub String);

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// What is known of it.
    pub kept: Kept,
    /// Its body.
    pub body: Vec<u8>,
}

impl Replay {
    /// Reads a recording. `now`: what only the present run has.
    ///
    /// # Errors
    /// When it is not whole.
    pub fn load(folder: &Path, now: Volatile) -> Result<Replay, RecordingError> {
        let list = recording::read(folder)?;
        let then = list.then;
        let mut exchanges = vec![];
        for kept in list.exchanges {
            let body = body(folder, &kept.request)?;
            let shape = shape::of(&body, &then);
            exchanges.push((kept, shape, false));
        }
        let folder = folder.to_owned();
        Ok(Replay { folder, exchanges, then: then.places, now, asked: 0, departed: None, host: list.host })
    }

    /// Returns the answer to a request, or how it departs from the recording.
    pub fn answer(
        &mut self,
        api: WireApi,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<Played, Departure> {
        if let Some(departed) = &self.departed {
            return Err(Departure(departed.clone()));
        }
        if api != WireApi::Other {
            self.asked += 1;
        }
        let shape = shape::of(body, &self.now);
        let same_path = |kept: &Kept| kept.method == method && kept.path == path;
        let position = |used: bool| {
            let mut all = self.exchanges.iter();
            all.position(|(kept, known, was)| *was == used && same_path(kept) && *known == shape)
        };
        // What stands beside the conversation may be asked more often than it was.
        let again = || (api == WireApi::Other).then(|| position(true)).flatten();
        match position(false).or_else(again) {
            Some(at) => {
                let (kept, _, used) = &mut self.exchanges[at];
                *used = true;
                let kept = kept.clone();
                match self::body(&self.folder, &kept.response) {
                    Ok(body) => Ok(self.moved(kept, body)),
                    Err(error) => Err(self.depart(error.to_string())),
                }
            }
            None => {
                let how = self.how(method, path, &shape);
                Err(self.depart(how))
            }
        }
    }

    /// Returns how the session departs by its end: by requests that were recorded and never made.
    pub fn end(&mut self) -> Option<String> {
        let left = |(kept, _, used): &&(Kept, Value, bool)| kept.api != WireApi::Other && !used;
        let left = self.exchanges.iter().filter(left).count();
        if self.departed.is_none() && left > 0 {
            let all = self.exchanges.iter().filter(|(kept, ..)| kept.api != WireApi::Other).count();
            self.departed =
                Some(format!("departed from the recording: {left} of its {all} requests were never made"));
        }
        self.departed.clone()
    }

    /// Returns how the conversation departed, where it did.
    pub fn departed(&self) -> Option<&str> {
        self.departed.as_deref()
    }

    /// Puts the present run's folders in the place of the recorded one's.
    fn moved(&self, mut kept: Kept, body: Vec<u8>) -> Played {
        let pairs =
            self.then.iter().zip(&self.now.places).filter(|(then, now)| then != now && !then.is_empty());
        let is_framed = |(name, value): &(String, String)| {
            name.eq_ignore_ascii_case("content-type")
                && value.starts_with("application/vnd.amazon.eventstream")
        };
        // Its frames tell their lengths and check sums: another length inside breaks them.
        if kept.headers.iter().any(is_framed) {
            return Played { kept, body };
        }
        let Ok(mut text) = String::from_utf8(body.clone()) else { return Played { kept, body } };
        for (then, now) in pairs {
            text = text.replace(then.as_str(), now);
        }
        if text.as_bytes() != body {
            kept.pieces = vec![(kept.pieces.last().map_or(0, |(ms, _)| *ms), text.len() as u64)];
        }
        Played { kept, body: text.into_bytes() }
    }

    fn depart(&mut self, how: String) -> Departure {
        let departed = format!("departed from the recording at request {}: {how}", self.asked.max(1));
        self.departed = Some(departed.clone());
        Departure(departed)
    }

    fn how(&self, method: &str, path: &str, shape: &Value) -> String {
        let unused = self.exchanges.iter().filter(|(kept, _, used)| !used && kept.method == method);
        let next = unused.filter(|(kept, ..)| kept.path == path).map(|(_, shape, _)| shape);
        // The one that is closest: several may be open at once.
        let closest = next.filter_map(|recorded| shape::difference(recorded, shape)).next();
        closest.unwrap_or_else(|| format!("{method} {path} was not asked there"))
    }
}

fn body(folder: &Path, name: &fairtrial_domain::id::Digest) -> Result<Vec<u8>, RecordingError> {
    let path = folder.join(&name.0);
    let bytes = fs::read(&path).map_err(|source| RecordingError::File { path: path.clone(), source })?;
    if recording::digest(&bytes) == *name {
        return Ok(bytes);
    }
    Err(RecordingError::NotWhole { path, reason: "a body is not what its name says".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Veil;
    use crate::recording::{LIST, Recorder};
    use fairtrial_domain::id::Digest;

    const PATH: &str = "/v1/messages";

    fn volatile(run: &str, place: &str, day: &str) -> Volatile {
        Volatile { strings: vec![run.to_owned()], places: vec![place.to_owned()], day: day.to_owned() }
    }

    fn recorded(bodies: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let veil = Veil::new([("KEY", "planted-key-1")], 1);
        let then = volatile("run-1", "/then", "2026-11-20");
        let mut recorder = Recorder::begin(dir.path(), veil, &then, "host").unwrap();
        for (n, (request, response)) in bodies.iter().enumerate() {
            let headers = if n == 0 { vec![] } else { vec![("x".to_owned(), "of planted-key-1".to_owned())] };
            let kept = Kept {
                n: n as u64,
                api: WireApi::Anthropic,
                method: "POST".to_owned(),
                path: PATH.to_owned(),
                request: Digest(String::new()),
                status: 200,
                headers,
                response: Digest(String::new()),
                pieces: vec![(1, response.len() as u64)],
                cut: false,
            };
            recorder.keep(kept, request.as_bytes(), response.as_bytes()).unwrap();
        }
        recorder.end().unwrap();
        dir
    }

    fn replay(dir: &Path) -> Replay {
        Replay::load(dir, volatile("run-2", "/now/here", "2026-11-22")).unwrap()
    }

    fn ask(replay: &mut Replay, body: &str) -> Result<String, Departure> {
        let played = replay.answer(WireApi::Anthropic, "POST", PATH, body.as_bytes())?;
        Ok(String::from_utf8(played.body).unwrap())
    }

    #[test]
    fn the_same_requests_get_the_same_answers_in_order() {
        let dir =
            recorded(&[("{\"t\":\"run-1 2026-11-20\"}", "limited"), ("{\"t\":\"run-1 2026-11-20\"}", "one")]);
        let mut replay = replay(dir.path());
        let body = "{\"t\":\"run-2 2026-11-22\"}";
        assert_eq!(ask(&mut replay, body), Ok("limited".to_owned()));
        assert_eq!(ask(&mut replay, body), Ok("one".to_owned()));
        assert_eq!(replay.end(), None);
    }

    #[test]
    fn a_recorded_answer_speaks_of_the_present_folders() {
        let dir = recorded(&[("{\"t\":\"in /then\"}", "read /then/a.py")]);
        let mut replay = replay(dir.path());
        assert_eq!(ask(&mut replay, "{\"t\":\"in /now/here\"}"), Ok("read /now/here/a.py".to_owned()));
    }

    #[test]
    fn frames_are_answered_as_they_came() {
        let dir = recorded(&[("{\"t\":\"in /then\"}", "read /then/a.py")]);
        let mut replay = replay(dir.path());
        let kind = "application/vnd.amazon.eventstream".to_owned();
        replay.exchanges[0].0.headers.push(("content-type".to_owned(), kind));
        assert_eq!(ask(&mut replay, "{\"t\":\"in /now/here\"}"), Ok("read /then/a.py".to_owned()));
    }

    #[test]
    fn a_departure_names_the_request_and_the_first_difference_and_ends_all_answers() {
        let dir = recorded(&[("{\"a\":\"x\"}", "one"), ("{\"a\":\"return a - b\"}", "two")]);
        let mut replay = replay(dir.path());
        assert_eq!(ask(&mut replay, "{\"a\":\"x\"}"), Ok("one".to_owned()));
        let departed = "departed from the recording at request 2: line 1 of `/a` is \"return a * b\" now, and was \
                        \"return a - b\"";
        assert_eq!(ask(&mut replay, "{\"a\":\"return a * b\"}"), Err(Departure(departed.to_owned())));
        assert_eq!(ask(&mut replay, "{\"a\":\"return a - b\"}"), Err(Departure(departed.to_owned())));
        assert_eq!(replay.end().as_deref(), Some(departed));
    }

    #[test]
    fn requests_that_are_never_made_are_a_departure() {
        let dir = recorded(&[("{}", "one"), ("[]", "two")]);
        let mut replay = replay(dir.path());
        assert_eq!(ask(&mut replay, "{}"), Ok("one".to_owned()));
        let left = "departed from the recording: 1 of its 2 requests were never made";
        assert_eq!(replay.end().as_deref(), Some(left));
    }

    #[test]
    fn secrets_are_not_in_it_and_half_a_recording_is_refused() {
        let dir = recorded(&[("{\"k\":\"planted-key-1\"}", "echo planted-key-1"), ("[]", "two")]);
        for entry in fs::read_dir(dir.path()).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            assert!(!text.contains("planted"), "{text}");
        }
        let list = fs::read_to_string(dir.path().join(LIST)).unwrap();
        let cut: String = list.lines().take(2).map(|line| format!("{line}\n")).collect();
        fs::write(dir.path().join(LIST), cut).unwrap();
        let error = Replay::load(dir.path(), Volatile::default()).unwrap_err().to_string();
        assert!(error.contains("its end is missing"), "{error}");
    }
}
