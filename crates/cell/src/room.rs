//! A room: a private workspace over a prepared base, with a home of its own, in which jobs run one after another.
//!
//! **Invariant:** in the full tier a job sees the system's programs, the prefixes it was given, its workspace and
//! its home, and nothing else of this machine; in both tiers nothing of a job lives when `run` returns.

mod detect;
mod doors;
mod env;
mod error;
mod kept;
mod lowers;
mod own;
mod readable;
mod remove;
mod rest;
pub(crate) mod store;
mod tier;

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::{Tier, TierChoice};
use fairtrial_domain::task::{Limits, Network};

use crate::net::Listener;
use crate::plain::copy;
use crate::process::disk::DiskWatch;
use crate::process::gone::Leaving;
use crate::process::link::{Full, Setup, Walls};
use crate::process::supervise::{StartError, Warden};
use crate::process::{Cancel, Continue, Happening, Job, JobEnd};

pub use detect::{Detected, TierStatus, detect};
pub use error::RoomError;
pub use kept::{Origin, is_kept, make_way};
use lowers::{layers, prepared_home};
pub use own::Own;
pub use remove::{remove_tree, sweep};
use store::Store;
use tier::{reason_for_plain, refusal};

/// Where every workspace of the full tier is seen, so that paths in build outputs hold everywhere.
pub const WORKSPACE: &str = "/workspace";
/// Where every home of the full tier is seen.
pub const HOME: &str = "/home/cell";

/// What a room is made of.
#[derive(Debug, Clone)]
pub struct RoomSpec<'a> {
    /// A folder of ours, empty or absent, on the file system of the data folder; the room fills and removes it.
    pub scratch: &'a Path,
    /// The prepared base: `tree/`; `layer/` and `home/` where set-up wrote something.
    pub base: &'a Path,
    /// Which isolation to use.
    pub tier: TierChoice,
    /// Which network jobs have. The plain tier always has the machine's.
    pub network: Network,
    /// How many ports of the loopback that jobs see lead to this process: `Room::take_doors`.
    pub doors: usize,
    /// Files and folders that jobs may read at their own paths, beside the system's.
    pub readable: &'a [PathBuf],
    /// What of the user's own the home shows and, where it is not sealed, lets jobs write.
    pub own: &'a [Own],
    /// Bounds on processes, disk and memory.
    pub limits: &'a Limits,
    /// The value of `FAIRTRIAL_RUN`, by which stray processes are found.
    pub marker: &'a str,
    /// Ends whatever job runs.
    pub cancel: Cancel,
}

/// What jobs changed in a workspace. Upper and lower folders are in the form of overlayfs with `userxattr`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// What was written, over what was there.
    Upper {
        /// Holds only what was written: whiteouts are character devices 0:0, opaque folders carry `user.overlay.opaque`.
        upper: PathBuf,
        /// What was there, top first.
        lowers: Vec<PathBuf>,
    },
    /// A whole copy, to be compared with what was there.
    Copy {
        /// The copy.
        tree: PathBuf,
        /// What was there, top first.
        lowers: Vec<PathBuf>,
    },
}

/// A private workspace with a home, in which jobs run one after another.
#[derive(Debug)]
pub struct Room {
    status: TierStatus,
    paths: Paths,
    marker: String,
    cancel: Cancel,
    disk: DiskWatch,
    warden: Option<Warden>,
    /// A warden whose walls may still be falling.
    leaving: Option<Leaving>,
    doors: Vec<Listener>,
    _lock: File,
}

/// The folders of a room, outside and inside.
#[derive(Debug)]
struct Paths {
    scratch: PathBuf,
    store: Store,
    lowers: Vec<PathBuf>,
    workspace: PathBuf,
    home: PathBuf,
    tmp: PathBuf,
}

impl Room {
    /// Makes a room. Where the full tier is refused, it is a plain one that says why.
    pub fn open(spec: &RoomSpec<'_>) -> Result<Room, RoomError> {
        Room::begin(spec, Origin::Fresh)
    }

    /// Makes a room that can be kept, or goes on with one that was: then it has that one's tier or is refused.
    pub fn begin(spec: &RoomSpec<'_>, origin: Origin) -> Result<Room, RoomError> {
        let lowers = layers(spec.base)?;
        make(spec.scratch)?;
        let kept = match origin {
            Origin::Kept => Some(kept::take(spec.scratch)?),
            Origin::Fresh | Origin::ToKeep => None,
        };
        let used = || fs::read_dir(spec.scratch).is_ok_and(|mut entries| entries.next().is_some());
        if kept.is_none() && used() {
            return Err(RoomError::Used { path: spec.scratch.to_owned() });
        }
        let scratch = fs::canonicalize(spec.scratch).map_err(|source| RoomError::File {
            what: "find",
            path: spec.scratch.to_owned(),
            source,
        })?;
        let lock = remove::hold(&scratch)?;
        let reason = match reason_for_plain(spec.tier) {
            Some(reason) => Err(reason),
            None => match full(spec, &scratch, &lowers, origin) {
                Ok(opened) => Ok(opened),
                Err(StartError::Refused { step, source }) => Err(refusal(&step, &source)),
                Err(StartError::Lost(error)) => return Err(error),
            },
        };
        let tier = if reason.is_ok() { Tier::Full } else { Tier::Plain };
        if kept.is_some_and(|kept| kept != tier) {
            return Err(RoomError::NotKept { path: scratch, why: "its isolation is not to be had any more" });
        }
        let (status, paths, mut warden) = match reason {
            Ok((paths, warden)) => (TierStatus { tier, reason: None }, paths, warden),
            Err(reason) => plain(spec, &scratch, lowers, reason, kept.is_some())?,
        };
        let written = match status.tier {
            Tier::Full => paths.store.upper(),
            Tier::Plain => paths.workspace.clone(),
        };
        let disk =
            DiskWatch::new(vec![written, paths.store.home(), scratch.join("tmp")], spec.limits.disk_bytes);
        let (marker, cancel) = (spec.marker.to_owned(), spec.cancel.clone());
        let doors = doors::open(spec, &mut warden)?;
        Ok(Room {
            status,
            paths,
            marker,
            cancel,
            disk,
            warden: Some(warden),
            leaving: None,
            doors,
            _lock: lock,
        })
    }

    /// Returns the isolation it has and, where that is not the full one, why.
    pub fn tier(&self) -> (Tier, Option<&str>) {
        (self.status.tier, self.status.reason.as_deref())
    }

    /// Returns the workspace as jobs see it: in the full tier the same path for every room.
    pub fn workspace(&self) -> &Path {
        &self.paths.workspace
    }

    /// Returns the home as jobs see it.
    pub fn home(&self) -> &Path {
        &self.paths.home
    }

    /// Returns where this process puts files that the home is to hold. Only before the first job: later the home may
    /// not show them. What set-up left in the home is not seen here in the full tier, but gives way to what is put here.
    pub fn home_outside(&self) -> PathBuf {
        self.paths.store.home()
    }

    /// Puts links into the home: each at a place in it, to what is shown elsewhere. Only before the first job; what is
    /// there already stays.
    pub fn link_home(&self, links: &[(PathBuf, PathBuf)]) -> Result<(), RoomError> {
        let home = self.home_outside();
        links.iter().try_for_each(|(place, target)| readable::link(&home.join(place), target))
    }

    /// Puts links to what is the user's own into the home, where no mount shows it.
    pub fn link_own(&self, own: &[Own]) -> Result<(), RoomError> {
        let plain = self.status.tier == Tier::Plain;
        let home = self.home_outside();
        let outermost = |one: &&Own| plain && !one.sealed;
        own.iter().filter(outermost).try_for_each(|one| readable::link(&home.join(&one.inside), &one.outside))
    }

    /// Returns the environment that every job has, with `path` in front of the system's programs.
    pub fn env(&self, path: &[PathBuf]) -> BTreeMap<String, String> {
        env::clean(&self.paths.home, &self.paths.tmp, path, &self.marker)
    }

    /// Runs one job to its end, however that comes; then nothing of it lives.
    pub fn run(
        &mut self,
        job: &Job,
        sink: &mut dyn FnMut(Happening<'_>) -> Continue,
    ) -> Result<JobEnd, RoomError> {
        let warden = self.warden.as_mut().ok_or(RoomError::Frozen)?;
        self.disk.restart();
        let end = warden.run(job, &self.cancel, &mut self.disk, sink);
        if matches!(end, Err(RoomError::Warden { .. })) {
            self.empty();
        }
        end
    }

    /// Ends the room and leaves workspace and home in its folder, for one that goes on with them.
    pub fn keep(mut self) -> Result<(), RoomError> {
        self.empty();
        if self.status.tier == Tier::Full {
            remove::unlock(&self.paths.scratch);
        }
        kept::keep(&self.paths.scratch, self.status.tier)
    }

    /// Removes everything the room made.
    pub fn close(mut self) -> Result<(), RoomError> {
        self.empty();
        if self.status.tier == Tier::Full {
            remove::unlock(&self.paths.scratch);
        }
        remove::discard(&self.paths.scratch)
    }

    /// Ends the warden and whatever it may have lost.
    fn empty(&mut self) {
        if let Some(leaving) = self.leaving.take() {
            leaving.wait();
        }
        if let Some(warden) = self.warden.take() {
            warden.end();
            // Elsewhere there is no way to ask which processes carry a marker.
            #[cfg(target_os = "linux")]
            if self.status.tier == Tier::Plain {
                crate::linux::family::kill_marked(&self.marker);
            }
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.empty();
    }
}

type Opened = (TierStatus, Paths, Warden);

fn full(
    spec: &RoomSpec<'_>,
    scratch: &Path,
    lowers: &[PathBuf],
    origin: Origin,
) -> Result<(Paths, Warden), StartError> {
    let lost = StartError::Lost;
    let readable = readable::checked(spec.readable, &[scratch, spec.base]).map_err(lost)?;
    let walls = Walls::Full(Full {
        scratch: scratch.to_owned(),
        // What lies in memory ends with the room.
        memory_bytes: match origin {
            Origin::Fresh => store::memory_bytes(spec.limits.disk_bytes),
            Origin::ToKeep | Origin::Kept => None,
        },
        lowers: lowers.to_vec(),
        base: lowers::only(lowers),
        home_lower: prepared_home(spec.base),
        home_inside: PathBuf::from(HOME),
        readable,
        own: spec.own.to_vec(),
        host_network: spec.network == Network::Host,
    });
    let mut warden = Warden::start(&setup(spec, walls, Path::new(WORKSPACE)))?;
    let store = Store::of(warden.take_memory(), scratch);
    let paths = Paths {
        scratch: scratch.to_owned(),
        store,
        lowers: lowers.to_vec(),
        workspace: PathBuf::from(WORKSPACE),
        home: PathBuf::from(HOME),
        tmp: PathBuf::from("/tmp"),
    };
    Ok((paths, warden))
}

fn plain(
    spec: &RoomSpec<'_>,
    scratch: &Path,
    lowers: Vec<PathBuf>,
    reason: String,
    kept: bool,
) -> Result<Opened, RoomError> {
    let workspace = scratch.join("workspace");
    let copied = |layers: &[PathBuf], to: &Path| {
        let failed = |source| RoomError::File { what: "copy the base to", path: to.to_owned(), source };
        copy::layers(layers, to).map_err(failed)
    };
    let (store, tmp) = (Store::of(None, scratch), scratch.join("tmp"));
    let home = store.home();
    [&home, &tmp].into_iter().try_for_each(|folder| make(folder))?;
    if !kept {
        copied(&lowers, &workspace)?;
        copied(prepared_home(spec.base).as_slice(), &home)?;
    }
    let walls = Walls::Plain { marker: spec.marker.to_owned() };
    let warden = match Warden::start(&setup(spec, walls, &workspace)) {
        Ok(warden) => warden,
        Err(StartError::Lost(error)) => return Err(error),
        Err(StartError::Refused { step, source }) => return Err(RoomError::Warden { step, source }),
    };
    let paths = Paths { scratch: scratch.to_owned(), store, lowers, workspace, home, tmp };
    Ok((TierStatus { tier: Tier::Plain, reason: Some(reason) }, paths, warden))
}

fn setup(spec: &RoomSpec<'_>, walls: Walls, workspace: &Path) -> Setup {
    Setup {
        parent: rustix::process::getpid().as_raw_nonzero().get(),
        workspace: workspace.to_owned(),
        processes: spec.limits.processes,
        file_bytes: spec.limits.disk_bytes,
        memory_bytes: spec.limits.memory_bytes,
        doors: doors::inside(spec, &walls),
        walls,
    }
}

fn make(folder: &Path) -> Result<(), RoomError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| RoomError::File { what: "make", path: folder.to_owned(), source })
}
