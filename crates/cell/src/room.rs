//! A room: a private workspace over a prepared base, with a home of its own, in which jobs run one after another.
//!
//! **Invariant:** in the full tier a job sees the system's programs, the prefixes it was given, its workspace and
//! its home, and nothing else of this machine, and so it is where another program makes the walls; in every tier
//! nothing of a job lives when `run` returns.

mod detect;
mod doors;
mod env;
mod error;
mod fence;
mod kept;
mod lowers;
mod own;
mod readable;
mod remove;
mod rest;
mod stand;
pub(crate) mod store;
mod tier;
#[cfg(target_os = "linux")]
mod wrapped;

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::{Tier, TierChoice};
use fairtrial_domain::task::{Limits, Network};

use crate::cgroup::Group;
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
use stand::stand;
use store::Store;

/// Where every workspace within walls is seen, so that paths in build outputs hold everywhere.
pub const WORKSPACE: &str = "/workspace";
/// Where every home within walls is seen.
pub const HOME: &str = "/home/cell";
/// The copy of the base, in the room's folder, of a tier without an overlay.
const COPY: &str = "workspace";

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
    group: Option<Group>,
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
    /// Makes a room. Where the strongest tier is refused, it is of the next one that is not, and says why.
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
        let group = Group::make(spec.limits);
        let (status, paths, mut warden) = stand(spec, &scratch, &lowers, (origin, kept), group.as_ref())?;
        let written = match status.tier {
            Tier::Full => paths.store.upper(),
            Tier::Bubblewrap | Tier::Container | Tier::Plain => scratch.join(COPY),
        };
        let disk =
            DiskWatch::new(vec![written, paths.store.home(), scratch.join("tmp")], spec.limits.disk_bytes);
        let group = group.filter(|_| tier::is_grouped(status.tier));
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
            group,
            _lock: lock,
        })
    }

    /// Returns the isolation it has and, where that is not the full one, why.
    pub fn tier(&self) -> (Tier, Option<&str>) {
        (self.status.tier, self.status.reason.as_deref())
    }

    /// Returns whether the kernel bounds the memory of its jobs by a control group; else it is only watched.
    pub fn is_fenced(&self) -> bool {
        self.group.as_ref().is_some_and(Group::bounds)
    }

    /// Returns the workspace as jobs see it: within walls the same path for every room.
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
        let before = self.group.as_ref().map(fence::Before::of);
        let mut end = warden.run(job, &self.cancel, &mut self.disk, sink);
        if let (Some(group), Some(before), Ok(end)) = (&self.group, before, &mut end) {
            before.settle(group, end);
        }
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
            let _status = leaving.wait();
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

fn full(
    spec: &RoomSpec<'_>,
    scratch: &Path,
    lowers: &[PathBuf],
    origin: Origin,
    group: Option<&Group>,
) -> Result<(Paths, Warden), StartError> {
    let lost = StartError::Lost;
    let readable = readable::checked(spec.readable, &[scratch, spec.base]).map_err(lost)?;
    let walls = Walls::Full(Full {
        scratch: scratch.to_owned(),
        memory_bytes: store::may_be_memory(origin, group.is_some_and(Group::bounds))
            .then(|| store::memory_bytes(spec.limits.disk_bytes))
            .flatten(),
        lowers: lowers.to_vec(),
        base: lowers::only(lowers),
        home_lower: prepared_home(spec.base),
        home_inside: PathBuf::from(HOME),
        readable,
        own: spec.own.to_vec(),
        host_network: spec.network == Network::Host,
    });
    let mut warden = Warden::start(&setup(spec, walls, Path::new(WORKSPACE)), group)?;
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
    lowers: &[PathBuf],
    origin: Origin,
    group: Option<&Group>,
) -> Result<(Paths, Warden), StartError> {
    copies(spec, scratch, lowers, origin).map_err(StartError::Lost)?;
    let [workspace, tmp] = [COPY, "tmp"].map(|name| scratch.join(name));
    let walls = Walls::Plain { marker: spec.marker.to_owned() };
    let warden = Warden::start(&setup(spec, walls, &workspace), group)?;
    let (store, lowers) = (Store::of(None, scratch), lowers.to_vec());
    let home = store.home();
    Ok((Paths { scratch: scratch.to_owned(), store, lowers, workspace, home, tmp }, warden))
}

/// Copies what jobs change, the base and what every home over it starts with, where no earlier room kept it.
fn copies(spec: &RoomSpec<'_>, scratch: &Path, lowers: &[PathBuf], origin: Origin) -> Result<(), RoomError> {
    let copied = |layers: &[PathBuf], to: &Path| {
        let failed = |source| RoomError::File { what: "copy the base to", path: to.to_owned(), source };
        copy::layers(layers, to).map_err(failed)
    };
    let (workspace, home) = (scratch.join(COPY), Store::of(None, scratch).home());
    let folders = || [&home, &scratch.join("tmp")].into_iter().try_for_each(|folder| make(folder));
    if origin == Origin::Kept {
        return folders();
    }
    // A tier that was refused since has copied it, and whole. But it may have made places for the user's own in the home,
    // which would pass for it.
    if workspace.exists() && spec.own.is_empty() {
        return Ok(());
    }
    if !workspace.exists() {
        copied(lowers, &workspace)?;
    }
    if home.exists() {
        remove_tree(&home).map_err(|source| RoomError::File { what: "clear", path: home.clone(), source })?;
    }
    folders()?;
    copied(prepared_home(spec.base).as_slice(), &home)
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
