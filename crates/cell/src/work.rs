//! `fairtrial-cell work`: runs an assistant on a base and takes its patch, from a bundle to a journal.
//!
//! **Invariant:** secrets go to the assistant's environment and nowhere else; what was not journalled did not happen.

mod collected;
mod kept;
mod meter;
mod rawlog;
mod secrets;
mod session;
mod silence;
mod start;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::{BUNDLE_FILE, Bundle, PATCH_FILE, WorkBundle};
use fairtrial_domain::id::Digest;
use fairtrial_domain::journal::{Phase, Record};
use fairtrial_domain::network::Network;
use fairtrial_domain::patch::{Patch, PatchRef};
use fairtrial_fault as fault;
use sha2::{Digest as _, Sha256};

use crate::capture;
use crate::journal::{Journal, JournalError};
use crate::login::{self, Credentials};
use crate::net;
use crate::process::Cancel;
use crate::room::{Origin, Own, Room, RoomError, RoomSpec};
use crate::toolchain::{Host, Toolchain};
use secrets::Unwritten;
use session::Session;

/// What this process was given beside its bundle.
#[derive(Clone, Default)]
pub struct World {
    /// Where programs are.
    pub host: Host,
    /// Values of secrets by variable.
    pub secrets: BTreeMap<String, String>,
    /// A wish to stop.
    pub cancel: Cancel,
}

impl World {
    /// Reads this process's environment: PATH, HOME, and secrets as `FAIRTRIAL_SECRET_<NAME>`.
    pub fn here(cancel: Cancel) -> World {
        let secrets = secrets::of(std::env::vars());
        World { host: Host::here(), secrets, cancel }
    }
}

/// Why the work could not be done. Unless it is the journal, the journal tells it too.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The journal is not whole.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The bundle is absent or not one for `work`.
    #[error("`{path}` is no bundle for `work`: {reason}")]
    Bundle {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A program of the task or the assistant is missing.
    #[error(transparent)]
    Toolchain(#[from] crate::toolchain::ToolchainError),
    /// The room.
    #[error(transparent)]
    Room(#[from] crate::room::RoomError),
    /// The assistant's settings.
    #[error(transparent)]
    Launch(#[from] fairtrial_backends::LaunchError),
    /// The meter could not stand.
    #[error(transparent)]
    Meter(#[from] fairtrial_wire::meter::MeterError),
    /// The user's own login.
    #[error(transparent)]
    Login(#[from] crate::login::LoginError),
    /// A replayed session went another way than the recorded one.
    #[error("{0}")]
    Departed(String),
    /// The patch could not be taken.
    #[error(transparent)]
    Capture(#[from] capture::CaptureError),
    /// A file of ours.
    #[error("could not write `{path}`")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl WorkError {
    /// Returns whether another try would fail alike.
    fn is_lasting(&self) -> bool {
        match self {
            WorkError::Toolchain(_) | WorkError::Launch(_) | WorkError::Meter(_) | WorkError::Departed(_) => {
                true
            }
            WorkError::Room(error) => error.is_lasting(),
            WorkError::Login(error) => !matches!(error, crate::login::LoginError::Busy { .. }),
            WorkError::Journal(_)
            | WorkError::Bundle { .. }
            | WorkError::Capture(_)
            | WorkError::File { .. } => false,
        }
    }
}

/// Works a bundle through. `Ok` means that the journal is whole, not that the assistant did well.
pub fn work(folder: &Path, world: &World) -> Result<(), JournalError> {
    let mut journal = Journal::create(folder)?;
    match attempt(folder, world, &mut journal) {
        Ok(()) => {}
        Err(WorkError::Journal(error)) => return Err(error),
        Err(error) => {
            journal.write(Record::Failed {
                reason: crate::journal::chain(&error),
                lasting: error.is_lasting(),
            })?;
        }
    }
    journal.write(Record::Closed)
}

fn attempt(folder: &Path, world: &World, journal: &mut Journal) -> Result<(), WorkError> {
    let bundle = read(folder)?;
    let tools = toolchain(&bundle, &world.host)?;
    let own = bundle.assistant.own_login.as_ref();
    let _held = own.map(|login| login::join(login, &world.host)).transpose()?;
    let shown = own.map(|login| login::shown(login, &world.host)).unwrap_or_default();
    let network = &bundle.assistant.network;
    let scratch = bundle.goes_on.as_ref().map_or_else(|| folder.join("room"), |on| on.room.clone());
    let spec = RoomSpec {
        scratch: &scratch,
        base: &bundle.base,
        tier: bundle.tier,
        network: network.clone(),
        doors: usize::from(matches!(network, Network::Allow(_))) + usize::from(meter::is_wanted(&bundle)),
        readable: &readable(&bundle, &world.host, &tools),
        own: &shown,
        limits: &bundle.limits,
        marker: &bundle.marker,
        cancel: world.cancel.clone(),
    };
    let mut room = Room::begin(&spec, origin(&bundle))?;
    journal.opened(&room)?;
    let done = in_room(folder, &bundle, world, &tools, &mut room, &shown, journal);
    // What cannot be removed now is swept later; it changes nothing about the trial. What cannot be kept has no mark.
    let _debris = if bundle.keep && done.is_ok() { room.keep() } else { room.close() };
    done
}

fn origin(bundle: &WorkBundle) -> Origin {
    match (&bundle.goes_on, bundle.keep) {
        (Some(_), _) => Origin::Kept,
        (None, true) => Origin::ToKeep,
        (None, false) => Origin::Fresh,
    }
}

fn in_room(
    folder: &Path,
    bundle: &WorkBundle,
    world: &World,
    tools: &Toolchain,
    room: &mut Room,
    own: &[Own],
    journal: &mut Journal,
) -> Result<(), WorkError> {
    journal.write(Record::Phase { phase: Phase::Provisioning })?;
    let mut doors = room.take_doors().into_iter();
    let proxy = net::Proxy::of(&bundle.assistant.network, &mut doors).map_err(RoomError::doors)?;
    let metered = meter::start(bundle, &world.secrets, folder, room, doors.next())?;
    let mut start = start::prepare(bundle, &world.secrets, metered.as_ref(), tools, room)?;
    // After the assistant's own files, or these would be written through a link into the user's home.
    if bundle.goes_on.is_none() {
        room.link_home(&world.host.in_home(&bundle.readable))?;
        room.link_own(own)?;
    }
    start.job.env.extend(proxy.iter().flat_map(net::Proxy::env));
    start.job.env.extend(metered.iter().flat_map(meter::Metered::env));
    journal.write(Record::Phase { phase: Phase::Working })?;
    let instruction_files = bundle.instruction_files.clone();
    journal.write(Record::Launched { argv: start.shown, instruction_files })?;
    let login = bundle.assistant.own_login.as_ref();
    let mut unwritten =
        Unwritten::new(&world.secrets, login.map(|login| Credentials::of(login, &world.host)));
    let mut session =
        Session::new(bundle, &mut unwritten, folder, journal, start.reader, start.talk, metered);
    let end = room.run(&start.job, &mut |happening| session.take(happening, proxy.as_ref()));
    session.collect(&room.home_outside(), &start.collect);
    if let Some(login) = login {
        session.planted(login::planted(login, &world.host, own));
    }
    let ended = session.finish(end)?;
    for contact in proxy.map(net::Proxy::end).unwrap_or_default() {
        journal.write(Record::Contact { contact })?;
    }
    journal.write(ended)?;
    journal.write(Record::Phase { phase: Phase::Capturing })?;
    let mut patch = capture::capture(&room.rest())?;
    secrets::veil_patch(&mut patch, &unwritten.in_patches());
    journal.write(Record::Captured { patch: keep(folder, &patch)?, flags: patch.flags })?;
    Ok(())
}

fn read(folder: &Path) -> Result<WorkBundle, WorkError> {
    let path = folder.join(BUNDLE_FILE);
    let refused = |reason: String| WorkError::Bundle { path: path.clone(), reason };
    let text = fs::read(&path).map_err(|e| refused(e.to_string()))?;
    match serde_json::from_slice(&text).map_err(|e| refused(e.to_string()))? {
        Bundle::Work(bundle) => Ok(bundle),
        Bundle::Base(_) => Err(refused("it is one for `base`".to_owned())),
        Bundle::Grade(_) => Err(refused("it is one for `grade`".to_owned())),
    }
}

/// Finds the assistant's program, first, and what the task needs.
fn toolchain(bundle: &WorkBundle, host: &Host) -> Result<Toolchain, WorkError> {
    let needed = bundle.requires.iter().map(PathBuf::from);
    let programs: Vec<PathBuf> = [bundle.program.clone()].into_iter().chain(needed).collect();
    Ok(host.resolve(&programs)?)
}

fn readable(bundle: &WorkBundle, host: &Host, tools: &Toolchain) -> Vec<PathBuf> {
    let named = [&bundle.assistant.readable, &bundle.readable].map(|paths| host.expand(paths));
    tools.readable.iter().cloned().chain(named.into_iter().flatten()).collect()
}

/// Writes the patch whole or not at all, and returns what it is called.
fn keep(folder: &Path, patch: &Patch) -> Result<PatchRef, WorkError> {
    let path = folder.join(PATCH_FILE);
    let failed = |source: io::Error| WorkError::File { path: path.clone(), source };
    let text = serde_json_canonicalizer::to_vec(patch).map_err(io::Error::from).map_err(failed)?;
    let partial = folder.join(format!("{PATCH_FILE}.partial"));
    let written = fault::point("patch create").and_then(|()| File::create(&partial)).and_then(|mut file| {
        fault::point("patch write")?;
        file.write_all(&text)?;
        fault::point("patch sync")?;
        file.sync_data()?;
        fault::point("patch rename")?;
        fs::rename(&partial, &path)
    });
    written.map_err(failed)?;
    let digest = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(PatchRef { digest: Digest(digest), counts: fairtrial_patch::measure::counts(patch) })
}
