//! The meter: a reverse proxy on loopback between a program and its model, which counts, and may record or replay.
//!
//! **Invariant:** keys are put into what goes to the upstream and are written nowhere; an answer's bytes pass on as
//! they come; bodies of requests and lists of an answer's pieces are bounded, however many a program sends.

mod forward;
mod outgoing;
mod reconcile;
mod state;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fairtrial_domain::event::FaultKind;
use fairtrial_domain::traffic::Traffic;
use fairtrial_domain::usage::Usage;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, oneshot};

use crate::client::{client, day};
use crate::keys::{Key, NO_KEY, Veil, random};
use crate::left::{LineIndex, Watch};
use crate::recording::{Recorder, RecordingError};
use crate::replay::Replay;
use crate::shape::Volatile;
use state::State;

/// How long requests may take to wind up after the program has ended.
const WIND_UP: Duration = Duration::from_millis(500);

/// Bodies of requests that are held at once have this many MiB at most; more wait.
const ROOM: usize = 512;

/// What a meter is made of.
#[derive(Debug, Default)]
pub struct Settings {
    /// The address that the program would have used.
    pub upstream: String,
    /// Keys whose stand-ins the program holds.
    pub keys: Vec<Key>,
    /// What must not be written into a recording.
    pub veil: Veil,
    /// Strings of this run that a model may be told and another run does not have.
    pub volatile: Vec<String>,
    /// Folders of this run that a model may be told: workspace and home.
    pub places: Vec<String>,
    /// Where the base's lines are.
    pub index: LineIndex,
    /// The folder to record into.
    pub record: Option<PathBuf>,
    /// The folder of the recording that answers in the upstream's place.
    pub replay: Option<PathBuf>,
    /// Requests to a model that are let through; `None`: all.
    pub most_requests: Option<u64>,
}

/// Why there is no meter.
#[derive(Debug, thiserror::Error)]
pub enum MeterError {
    /// The upstream's address.
    #[error("`{url}` is no address that a model can be asked at: write http://HOST or https://HOST")]
    Upstream {
        /// As given.
        url: String,
    },
    /// A port, a thread or randomness of this machine.
    #[error("the meter could not {what}")]
    Machine {
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// The client that asks the upstream.
    #[error("the meter's client could not be made: are this machine's root certificates installed?")]
    Client(#[source] reqwest::Error),
    /// The recording.
    #[error(transparent)]
    Recording(#[from] RecordingError),
}

fn machine(what: &'static str) -> impl FnOnce(io::Error) -> MeterError {
    move |source| MeterError::Machine { what, source }
}

/// What every request shares.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Without a slash at its end.
    upstream: String,
    /// The first part of every path: what a guess would have to hit.
    token: String,
    keys: Vec<Key>,
    client: reqwest::Client,
    started: Instant,
    /// Room for bodies of requests, in MiB.
    room: Arc<Semaphore>,
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a running meter has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Requests to a model.
    pub requests: u64,
    /// Those that are not answered to their end.
    pub open: u64,
    /// How the conversation departed from its recording.
    pub departed: Option<String>,
    /// Why the newest request that came to an end failed; `None` when it was answered.
    pub failing: Option<FaultKind>,
    /// Requests since the newest answered one that failed by the vendor's limits, its server or the way to it: not for
    /// want of a key, which a program can bring about by itself.
    pub failures: u64,
    /// Requests that a model answered.
    pub answered: u64,
    /// Bytes of requests and of answers. Those that tell of a failure, and requests after one, are none: a storm of retries
    /// is silence.
    pub moved: u64,
    /// How long a model has been asked without one byte of an answer to any request; `None` when none was asked, or one
    /// began to answer.
    pub unanswered: Option<Duration>,
    /// Whether one more was asked for than are let through. Those beyond reach no model and are counted nowhere.
    pub over: bool,
}

/// A running meter.
#[derive(Debug)]
pub struct Meter {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Meter {
    /// Starts a meter on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When it cannot stand.
    pub fn start(settings: Settings) -> Result<Meter, MeterError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(machine("take a port"))?;
        Meter::over(listener, settings)
    }

    /// Starts a meter on a listener, which may belong to another network namespace.
    ///
    /// # Errors
    /// When it cannot stand.
    pub fn over(listener: TcpListener, settings: Settings) -> Result<Meter, MeterError> {
        let address = listener.local_addr().map_err(machine("read its port"))?;
        listener.set_nonblocking(true).map_err(machine("prepare its port"))?;
        let shared = Arc::new(shared(settings, address)?);
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(machine("start its runtime"))?;
        let run = move || {
            runtime.block_on(serve(listener, serving, stopped));
            // Requests that are still open end here, and are told as cut.
            drop(runtime);
        };
        let thread = std::thread::Builder::new().name("meter".to_owned()).spawn(run);
        let thread = thread.map_err(machine("start its thread"))?;
        Ok(Meter { shared, address, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns what the program takes for its vendor's address.
    pub fn base_url(&self) -> String {
        format!("http://{}/{}", self.address, self.shared.token)
    }

    /// Returns what was seen so far.
    pub fn seen(&self) -> Seen {
        self.shared.state().seen()
    }

    /// Stops and returns all that was seen. `reported`: what the program itself says that it used.
    pub fn finish(mut self, reported: Option<Usage>) -> Traffic {
        self.halt();
        self.shared.state().traffic(reported)
    }

    fn halt(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Nobody listens when the thread is gone already.
            let _gone = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.halt();
    }
}

fn shared(settings: Settings, address: SocketAddr) -> Result<Shared, MeterError> {
    let host = host(&settings.upstream)?;
    let token = random().map_err(|error| machine("draw its path")(io::Error::other(error)))?;
    let mut strings = settings.volatile;
    strings.extend([token.clone(), address.to_string(), NO_KEY.to_owned()]);
    strings.extend(settings.keys.iter().map(|key| key.stand_in.clone()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let day = day(now.map_or(0, |since| since.as_secs()));
    let now = Volatile { strings, places: settings.places, day };
    let replay = match &settings.replay {
        Some(folder) => Some(Replay::load(folder, now.clone())?),
        None => None,
    };
    let recorder = match &settings.record {
        Some(folder) => Some(Recorder::begin(folder, settings.veil.clone(), &now, &host)?),
        None => None,
    };
    let host = replay.as_ref().map_or(host, |replay| replay.host.clone());
    Ok(Shared {
        client: client(&settings.upstream, None).map_err(MeterError::Client)?,
        upstream: settings.upstream.trim_end_matches('/').to_owned(),
        token,
        keys: settings.keys,
        started: Instant::now(),
        room: Arc::new(Semaphore::new(ROOM)),
        state: Mutex::new(State::new(
            host,
            Watch::new(settings.index),
            recorder,
            replay,
            settings.most_requests,
        )),
    })
}

fn host(url: &str) -> Result<String, MeterError> {
    let wrong = || MeterError::Upstream { url: url.to_owned() };
    let url = reqwest::Url::parse(url).map_err(|_| wrong())?;
    let name = url.host_str().ok_or_else(wrong)?;
    match url.scheme() {
        "http" | "https" => {}
        _ => return Err(wrong()),
    }
    Ok(url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")))
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let stream = tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Out of files for the moment.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        let _slower = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(move |request| forward::answer(Arc::clone(&shared), request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            // A program that goes away in the middle is told by its exchange.
            drop(connection.await);
        });
        while connections.try_join_next().is_some() {}
    }
    let all = async { while connections.join_next().await.is_some() {} };
    // What has not ended by then is cut when the runtime goes.
    let _late = tokio::time::timeout(WIND_UP, all).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_named_by_its_host() {
        assert_eq!(host("https://api.example.com/v1").unwrap(), "api.example.com");
        assert_eq!(host("http://127.0.0.1:8080").unwrap(), "127.0.0.1:8080");
        assert!(host("ftp://x").is_err() && host("nonsense").is_err());
    }
}
