//! Starts cells. Where they run is a `Launcher`; here, on this machine.
//!
//! **Invariant:** a local cell gets no variable that is not listed, leads its own process group, and is told with which
//! process it is to end.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::steps::PreparedCell;

/// The file in a bundle that holds what the cell's own program wrote to standard error.
pub const CELL_LOG: &str = "cell.log";
/// Stands before the name of a secret in a cell's environment.
pub const SECRET_PREFIX: &str = "FAIRTRIAL_SECRET_";

/// Tells a cell the process with which it is to end.
pub const PARENT: &str = "FAIRTRIAL_PARENT";

/// How often a log is looked at while its cell winds up.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a cell is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `fairtrial-cell base`.
    Base,
    /// `fairtrial-cell work`.
    Work,
    /// `fairtrial-cell grade`.
    Grade,
}

impl Mode {
    /// Returns the cell program's argument.
    pub fn arg(self) -> &'static str {
        match self {
            Mode::Base => "base",
            Mode::Work => "work",
            Mode::Grade => "grade",
        }
    }
}

/// Why a cell could not be started.
#[derive(Debug, thiserror::Error)]
#[error("could not start the cell program {} for {}", program.display(), dir.display())]
pub struct LaunchError {
    /// The program.
    pub program: PathBuf,
    /// The bundle.
    pub dir: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// A boxed future, so that launchers can be chosen at run time.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Starts cells somewhere. The journal must appear in the bundle's folder here while the cell runs.
pub trait Launcher: Send + Sync + 'static {
    /// Starts a cell on a bundle.
    fn launch<'a>(
        &'a self,
        mode: Mode,
        cell: &'a PreparedCell,
    ) -> Waiting<'a, Result<Box<dyn Running>, LaunchError>>;
}

/// A cell that was started. Dropping it kills it.
pub trait Running: Send {
    /// Waits until the cell is gone and says how it ended, in a sentence fragment. May be dropped and called again.
    fn wait(&mut self) -> Waiting<'_, String>;
    /// Asks the cell to end: it stops its assistant and closes its journal.
    fn terminate(&mut self);
    /// Ends the cell and its process group at once.
    fn kill(&mut self);
}

/// Starts cells as children of this process.
#[derive(Debug, Clone)]
pub struct LocalLauncher {
    program: PathBuf,
    env: BTreeMap<OsString, OsString>,
    starter: mpsc::Sender<Order>,
}

#[derive(Debug)]
struct Order {
    command: Command,
    runtime: Handle,
    answer: oneshot::Sender<io::Result<Child>>,
}

impl LocalLauncher {
    /// Starts `program` with exactly the variables `env` and the cell's secrets.
    pub fn new(program: PathBuf, env: BTreeMap<OsString, OsString>) -> io::Result<Self> {
        // Linux sends a parent-death signal when the *thread* that started the child ends. The runtime's threads
        // come and go, so one thread of our own starts every cell; it ends after the last handle on it.
        let (starter, orders) = mpsc::channel::<Order>();
        std::thread::Builder::new().name("cell-starter".to_owned()).spawn(move || {
            for Order { mut command, runtime, answer } in orders {
                let _inside = runtime.enter();
                // Nobody waits any more: the child, if any, dies with the answer.
                let _ = answer.send(command.spawn());
            }
        })?;
        Ok(LocalLauncher { program, env, starter })
    }

    fn command(&self, mode: Mode, cell: &PreparedCell) -> io::Result<Command> {
        let log = File::create(cell.dir.join(CELL_LOG))?;
        // The lock belongs to the open file, which the cell inherits: it lasts as long as the cell does, and tells a
        // later process that this cell is still winding up (`wait_until_gone`). A file system without locks cannot.
        let _ = log.try_lock();
        let mut command = Command::new(&self.program);
        command
            .arg(mode.arg())
            .arg(&cell.dir)
            .env_clear()
            .envs(&self.env)
            .envs(cell.secrets.iter().map(|(name, value)| (format!("{SECRET_PREFIX}{name}"), value)))
            .current_dir(&cell.dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            // The cell asks the kernel to end it when this process ends, however that happens. To ask here, between
            // fork and exec, would copy this process, which costs more than the start itself.
            .env(PARENT, std::process::id().to_string())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        Ok(command)
    }

    async fn start(&self, mode: Mode, cell: &PreparedCell) -> io::Result<Child> {
        let (answer, child) = oneshot::channel();
        let order = Order { command: self.command(mode, cell)?, runtime: Handle::current(), answer };
        let gone = || io::Error::other("the thread that starts cells is gone");
        self.starter.send(order).map_err(|_| gone())?;
        child.await.map_err(|_| gone())?
    }
}

impl Launcher for LocalLauncher {
    fn launch<'a>(
        &'a self,
        mode: Mode,
        cell: &'a PreparedCell,
    ) -> Waiting<'a, Result<Box<dyn Running>, LaunchError>> {
        Box::pin(async move {
            let child = self.start(mode, cell).await.map_err(|source| LaunchError {
                program: self.program.clone(),
                dir: cell.dir.clone(),
                source,
            })?;
            let group = child.id();
            let running =
                LocalCell { child, group, log: cell.dir.join(CELL_LOG), _starter: self.starter.clone() };
            Ok(Box::new(running) as Box<dyn Running>)
        })
    }
}

/// Waits until no cell is at work on the bundle in `dir`, at most `most`; returns whether that is so. After a crash of
/// the app its cells are told to end, and need a moment for it.
pub fn wait_until_gone(dir: &Path, most: Duration) -> bool {
    let begun = Instant::now();
    // Without a log no cell was ever started there.
    let Ok(log) = File::open(dir.join(CELL_LOG)) else { return true };
    loop {
        match log.try_lock_shared() {
            // A file system without locks cannot tell.
            Ok(()) | Err(TryLockError::Error(_)) => return true,
            Err(TryLockError::WouldBlock) if begun.elapsed() < most => std::thread::sleep(LOOK_EVERY),
            Err(TryLockError::WouldBlock) => return false,
        }
    }
}

struct LocalCell {
    child: Child,
    /// The process group, which is the child's own id.
    group: Option<u32>,
    log: PathBuf,
    /// Keeps the starting thread, and with it the child, alive.
    _starter: mpsc::Sender<Order>,
}

impl LocalCell {
    #[cfg(unix)]
    fn signal_group(&self, signal: rustix::process::Signal) {
        let group = self.group.and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(group) = group {
            // Nobody left to hear it is what we want.
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }
}

impl Running for LocalCell {
    fn wait(&mut self) -> Waiting<'_, String> {
        Box::pin(async move {
            let status = self.child.wait().await;
            // What the cell left in its group has no one to answer to.
            #[cfg(unix)]
            self.signal_group(rustix::process::Signal::KILL);
            self.group = None;
            let how = match status {
                Ok(status) => status.to_string(),
                Err(error) => format!("it could not be waited for: {error}"),
            };
            match last_words(&self.log) {
                Some(words) => format!("{how}, after saying: {words}"),
                None => how,
            }
        })
    }

    fn terminate(&mut self) {
        // The leader alone: it ends its own in order, and closes the journal.
        #[cfg(unix)]
        if let Some(pid) =
            self.child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?))
        {
            // It may be gone already.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        #[cfg(not(unix))]
        self.kill();
    }

    fn kill(&mut self) {
        #[cfg(unix)]
        if self.child.id().is_some() {
            self.signal_group(rustix::process::Signal::KILL);
        }
        // It may be gone already.
        let _ = self.child.start_kill();
    }
}

impl Drop for LocalCell {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns the last line of a log, at most 400 bytes of it.
fn last_words(log: &Path) -> Option<String> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(400))).ok()?;
    let mut end = Vec::new();
    file.take(400).read_to_end(&mut end).ok()?;
    let text = String::from_utf8_lossy(&end);
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}
