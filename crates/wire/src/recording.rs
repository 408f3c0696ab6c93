//! A recording: whole exchanges in a folder, bodies by their SHA-256, and one file that lists them.
//!
//! **Invariant:** no header of a request is written, no query, and no secret that the meter was told of; a recording
//! that lacks anything says so and cannot be replayed.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fairtrial_domain::id::Digest;
use fairtrial_domain::traffic::WireApi;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::eventstream::with_payloads;
use crate::keys::Veil;
use crate::shape::Volatile;

/// The file in a recording's folder that lists its exchanges.
pub const LIST: &str = "recording.jsonl";
/// A larger recording is not kept.
const MOST_BYTES: u64 = 512 << 20;
const VERSION: u32 = 1;

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// The first.
    Head {
        /// The form's version.
        v: u32,
        /// The day it was made, which programs tell their model.
        day: String,
        /// Strings that only this run had.
        volatile: Vec<String>,
        /// Folders of this run.
        places: Vec<String>,
        /// The host that answered.
        host: String,
    },
    /// One exchange.
    Exchange(Kept),
    /// The last: a recording without it is not whole.
    End {
        /// How many exchanges there are.
        exchanges: u64,
    },
}

/// One exchange as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// From 0, by arrival.
    pub n: u64,
    /// Which API it spoke.
    pub api: WireApi,
    /// `POST` and the like.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// The request's body.
    pub request: Digest,
    /// The answer's status.
    pub status: u16,
    /// The answer's headers that clients read.
    pub headers: Vec<(String, String)>,
    /// The answer's body.
    pub response: Digest,
    /// How it came: milliseconds since the request, and bytes.
    pub pieces: Vec<(u64, u64)>,
    /// Whether the connection broke before its end.
    pub cut: bool,
}

/// Why there is no recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// A file of it.
    #[error("could not access `{path}`")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not whole.
    #[error("the recording in `{path}` is not whole: {reason}; record the session again")]
    NotWhole {
        /// Where.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// It grew too large.
    #[error("the recording would have more than {MOST_BYTES} bytes: it ends here and cannot be replayed")]
    TooLarge,
}

fn access(path: &Path) -> impl FnOnce(io::Error) -> RecordingError {
    let path = path.to_owned();
    move |source| RecordingError::File { path, source }
}

/// Returns the SHA-256 of bytes.
pub fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes a recording.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    list: File,
    veil: Veil,
    bytes: u64,
    exchanges: u64,
}

impl Recorder {
    /// Begins a recording in a new folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(folder: &Path, veil: Veil, now: &Volatile, host: &str) -> Result<Recorder, RecordingError> {
        fs::create_dir_all(folder).map_err(access(folder))?;
        let path = folder.join(LIST);
        let list = File::create_new(&path).map_err(access(&path))?;
        let mut recorder = Recorder { folder: folder.to_owned(), list, veil, bytes: 0, exchanges: 0 };
        let head = Line::Head {
            v: VERSION,
            day: now.day.clone(),
            volatile: now.strings.iter().map(|text| recorder.veiled(text)).collect(),
            places: now.places.iter().map(|text| recorder.veiled(text)).collect(),
            host: recorder.veiled(host),
        };
        recorder.line(&head)?;
        Ok(recorder)
    }

    /// Keeps an exchange; `kept` comes without the names of its bodies.
    ///
    /// # Errors
    /// When it cannot be written; the recording is then of no use.
    pub fn keep(&mut self, mut kept: Kept, request: &[u8], response: &[u8]) -> Result<(), RecordingError> {
        kept.request = self.body(request)?;
        let kind =
            kept.headers.iter().find(|(name, _)| name == "content-type").map(|(_, kind)| kind.as_str());
        let framed = kind.is_some_and(|kind| kind.contains("eventstream"));
        let frames = framed.then(|| with_payloads(response, &|payload| self.payload(payload))).flatten();
        // Also over what frames have around their payloads: better a broken frame than a secret.
        let veiled = self.veil.over(frames.as_deref().unwrap_or(response)).or(frames);
        if let Some(veiled) = veiled {
            kept.pieces = vec![(0, veiled.len() as u64)];
            kept.response = self.body(&veiled)?;
        } else {
            kept.response = self.body(response)?;
        }
        kept.path = self.veiled(&kept.path);
        for (_, value) in &mut kept.headers {
            *value = self.veiled(value);
        }
        self.exchanges += 1;
        self.line(&Line::Exchange(kept))
    }

    /// Returns a frame's payload without secrets, also in the event that some carry in base64.
    fn payload(&self, payload: &[u8]) -> Option<Vec<u8>> {
        let inner = || {
            let mut value: serde_json::Value = serde_json::from_slice(payload).ok()?;
            let event = BASE64.decode(value["bytes"].as_str()?).ok()?;
            value["bytes"] = BASE64.encode(self.veil.over(&event)?).into();
            serde_json::to_vec(&value).ok()
        };
        let inner = inner();
        self.veil.over(inner.as_deref().unwrap_or(payload)).or(inner)
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(mut self) -> Result<(), RecordingError> {
        let exchanges = self.exchanges;
        self.line(&Line::End { exchanges })
    }

    fn body(&mut self, bytes: &[u8]) -> Result<Digest, RecordingError> {
        let veiled = self.veil.over(bytes);
        let bytes = veiled.as_deref().unwrap_or(bytes);
        let name = digest(bytes);
        let path = self.folder.join(name.0.as_str());
        if !path.exists() {
            self.bytes += bytes.len() as u64;
            if self.bytes > MOST_BYTES {
                return Err(RecordingError::TooLarge);
            }
            fs::write(&path, bytes).map_err(access(&path))?;
        }
        Ok(name)
    }

    fn veiled(&self, text: &str) -> String {
        let veiled = self.veil.over(text.as_bytes());
        veiled.map_or_else(|| text.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn line(&mut self, line: &Line) -> Result<(), RecordingError> {
        let path = self.folder.join(LIST);
        let mut text = serde_json::to_vec(line).map_err(io::Error::from).map_err(access(&path))?;
        text.push(b'\n');
        self.list.write_all(&text).map_err(access(&path))
    }
}

/// A recording that was read: its head, and its exchanges by arrival.
#[derive(Debug)]
pub struct Recording {
    /// What only that run had.
    pub then: Volatile,
    /// The host that answered.
    pub host: String,
    /// By arrival.
    pub exchanges: Vec<Kept>,
}

/// Reads the list of a recording.
///
/// # Errors
/// When it is not whole.
pub fn read(folder: &Path) -> Result<Recording, RecordingError> {
    let path = folder.join(LIST);
    let text = fs::read_to_string(&path).map_err(access(&path))?;
    parse(&text).map_err(|reason| RecordingError::NotWhole { path, reason: reason.to_owned() })
}

/// Reads a list's text; an error is a fragment that says what is wrong with it.
pub fn parse(text: &str) -> Result<Recording, &'static str> {
    let mut lines = text.lines().map(serde_json::from_str::<Line>);
    let Some(Ok(Line::Head { v, day, volatile, places, host })) = lines.next() else {
        return Err("it has no head");
    };
    if v > VERSION {
        return Err("a newer version of the product made it");
    }
    let mut exchanges = vec![];
    loop {
        match lines.next() {
            Some(Ok(Line::Exchange(kept))) => exchanges.push(kept),
            Some(Ok(Line::End { exchanges: n })) if n == exchanges.len() as u64 => break,
            Some(Ok(Line::End { .. } | Line::Head { .. })) => return Err("its lines contradict each other"),
            Some(Err(_)) => return Err("a line of it cannot be read"),
            None => return Err("its end is missing"),
        }
    }
    exchanges.sort_by_key(|kept| kept.n);
    let then = Volatile { strings: volatile, places, day };
    Ok(Recording { then, host, exchanges })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eventstream::{Frame, Frames};

    #[test]
    fn a_secret_in_a_frame_is_veiled_and_the_frame_still_holds() {
        let frame = |payload: Vec<u8>| Frame {
            headers: vec![(":event-type".to_owned(), "chunk".to_owned())],
            payload,
        };
        let carried = |text: &str| {
            let bytes = BASE64.encode(text);
            serde_json::json!({ "bytes": bytes, "p": "abc" }).to_string().into_bytes()
        };
        let said = [frame(b"{\"t\":\"planted-key-1\"}".to_vec()), frame(carried("tell planted-key-1"))];
        let response: Vec<u8> = said.iter().flat_map(Frame::encode).collect();
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("recording");
        let veil = Veil::new([("KEY", "planted-key-1")], 1);
        let mut recorder = Recorder::begin(&folder, veil, &Volatile::default(), "h").unwrap();
        let kind = "application/vnd.amazon.eventstream".to_owned();
        let kept = Kept {
            n: 0,
            api: WireApi::Invoke,
            method: "POST".to_owned(),
            path: "/model/x".to_owned(),
            request: Digest(String::new()),
            status: 200,
            headers: vec![("content-type".to_owned(), kind)],
            response: Digest(String::new()),
            pieces: vec![(1, response.len() as u64)],
            cut: false,
        };
        recorder.keep(kept, b"{}", &response).unwrap();
        recorder.end().unwrap();
        let kept = read(&folder).unwrap().exchanges.remove(0);
        let body = fs::read(folder.join(&kept.response.0)).unwrap();
        let mut frames = Frames::default();
        let read = frames.push(&body);
        let wanted = vec![frame(b"{\"t\":\"[secret KEY]\"}".to_vec()), frame(carried("tell [secret KEY]"))];
        assert_eq!((read, frames.is_cut()), (wanted, false));
        assert_eq!(kept.pieces, [(0, body.len() as u64)]);
    }
}
