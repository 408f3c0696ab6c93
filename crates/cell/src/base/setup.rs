//! Runs set-up commands in a room over the tree and keeps what they wrote: in the workspace as a layer of its own,
//! in the home as what every home over this base starts with.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::BaseBundle;
use fairtrial_domain::journal::{Phase, Record};
use fairtrial_domain::task::{Limits, Network};

use super::BaseError;
use crate::grade::layer::{Layer, LayerError};
use crate::grade::shell::{Said, shell};
use crate::journal::Journal;
use crate::net;
use crate::process::{Cancel, Why};
use crate::room::{Changes, Room, RoomError, RoomSpec};
use crate::toolchain::{Host, Toolchain};
use crate::tree::{HOME, Kind, LAYER, Stack, is_opaque, node_at};

/// Lines of a failed command that are told.
const LINES: usize = 12;

/// Runs all set-up commands of `bundle` over `base/tree` and makes `base/layer` and `base/home`.
pub(super) fn run(
    bundle: &BaseBundle,
    dir: &Path,
    base: &Path,
    cancel: &Cancel,
    journal: &mut Journal,
) -> Result<(), BaseError> {
    let host = Host::here();
    let tools = host.resolve(&bundle.requires)?;
    let named = host.expand(&bundle.readable);
    let readable: Vec<PathBuf> = tools.readable.iter().cloned().chain(named).collect();
    // A build may write much, and nothing of it was made by an assistant.
    let limits = Limits { disk_bytes: 64 << 30, processes: 4096, ..Limits::default() };
    let marker = format!("base-{}-{}", std::process::id(), dir.display());
    let mut room = Room::open(&RoomSpec {
        scratch: &base.join("work/room"),
        base,
        tier: bundle.tier,
        network: bundle.network.clone(),
        doors: usize::from(matches!(bundle.network, Network::Allow(_))),
        readable: &readable,
        own: &[],
        limits: &limits,
        marker: &marker,
        cancel: cancel.clone(),
    })?;
    let links = host.in_home(&bundle.readable);
    room.link_home(&links)?;
    journal.opened(&room)?;
    journal.write(Record::Phase { phase: Phase::SettingUp })?;
    let proxy =
        net::Proxy::of(&bundle.network, &mut room.take_doors().into_iter()).map_err(RoomError::doors)?;
    let more = proxy.iter().flat_map(net::Proxy::env).collect();
    let done = commands(bundle, &tools, &limits, &more, &mut room);
    for contact in proxy.map(net::Proxy::end).unwrap_or_default() {
        journal.write(Record::Contact { contact })?;
    }
    let kept = done
        .and_then(|()| keep(&room.freeze(), &base.join(LAYER)))
        .and_then(|()| unlink(&room.home_outside(), &links))
        .and_then(|()| keep_home(&room.home_outside(), &base.join(HOME)))
        .and_then(|()| force(base));
    room.close()?;
    kept
}

fn commands(
    bundle: &BaseBundle,
    tools: &Toolchain,
    limits: &Limits,
    more: &BTreeMap<String, String>,
    room: &mut Room,
) -> Result<(), BaseError> {
    for command in &bundle.setup {
        let said = shell(room, tools, &command.run, command.timeout_sec, limits.output_bytes, more)?;
        if !said.end.exit.ok() || said.end.why != Why::ByItself {
            let how = how(&said, command.timeout_sec);
            return Err(BaseError::Setup { command: command.run.clone(), how, said: last_lines(&said.tail) });
        }
    }
    Ok(())
}

fn how(said: &Said, limit: f64) -> String {
    match (said.end.why, said.end.exit.code, said.end.exit.signal) {
        (Why::TimedOut, _, _) => format!("did not end within {limit} s"),
        (Why::Cancelled, _, _) => "was stopped".to_owned(),
        (Why::MemoryLimit, _, _) => "took more than its memory limit".to_owned(),
        (Why::DiskLimit, _, _) => "wrote more than its disk limit".to_owned(),
        (Why::ByItself | Why::Stalled | Why::Outstayed | Why::Refused, Some(code), _) => {
            format!("ended with exit code {code}")
        }
        (Why::ByItself | Why::Stalled | Why::Outstayed | Why::Refused, None, Some(signal)) => {
            format!("was ended by signal {signal}")
        }
        (Why::ByItself | Why::Stalled | Why::Outstayed | Why::Refused, None, None) => "was lost".to_owned(),
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    if lines.is_empty() {
        return "nothing".to_owned();
    }
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// Makes `layer` from what set-up changed. Its own `.git` is left out: the base keeps its one commit.
fn keep(changes: &Changes, layer: &Path) -> Result<(), BaseError> {
    match changes {
        Changes::Upper { upper, lowers } => {
            let git = upper.join(".git");
            if node_at(git.clone()).map_err(|e| file(&git, e))?.is_some() {
                fs::remove_dir_all(&git).or_else(|_| fs::remove_file(&git)).map_err(|e| file(&git, e))?;
            }
            fs::set_permissions(upper, fs::Permissions::from_mode(0o755)).map_err(|e| file(upper, e))?;
            if layer.is_dir() {
                return merge(upper, &Stack::new(lowers.clone()).lowest(), layer);
            }
            fs::rename(upper, layer).map_err(|e| file(layer, e))
        }
        Changes::Copy { tree, lowers } => {
            fs::create_dir_all(layer).map_err(|e| file(layer, e))?;
            let below = Stack::new(lowers.clone());
            difference(tree, &below, layer)
        }
    }
}

/// Takes the links into the user's home away again: every room makes its own.
fn unlink(home: &Path, links: &[(PathBuf, PathBuf)]) -> Result<(), BaseError> {
    for place in links.iter().map(|(place, _)| home.join(place)).filter(|place| place.is_symlink()) {
        fs::remove_file(&place).map_err(|e| file(&place, e))?;
    }
    Ok(())
}

/// Moves what set-up wrote to the home, such as caches of what it fetched, to `home`.
fn keep_home(written: &Path, home: &Path) -> Result<(), BaseError> {
    if fs::read_dir(written).map_err(|e| file(written, e))?.next().is_none() {
        return Ok(());
    }
    fs::rename(written, home).map_err(|e| file(home, e))
}

/// Forces to the disk what was written, which a room does not.
fn force(base: &Path) -> Result<(), BaseError> {
    let opened = fs::File::open(base).map_err(|e| file(base, e))?;
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(&opened).map_err(|e| file(base, e.into()))?;
    #[cfg(not(target_os = "linux"))]
    opened.sync_all().map_err(|e| file(base, e))?;
    Ok(())
}

/// Moves what set-up wrote from `upper` over the layer that the folder's build outputs made.
fn merge(upper: &Path, tree: &Stack, layer: &Path) -> Result<(), BaseError> {
    let top = Layer::over(layer, tree);
    let both = Stack::new([&[layer.to_owned()], tree.layers()].concat());
    let mut open = vec![std::path::PathBuf::new()];
    while let Some(dir) = open.pop() {
        let folder = upper.join(&dir);
        for entry in fs::read_dir(&folder).map_err(|e| file(&folder, e))? {
            let rel = dir.join(entry.map_err(|e| file(&folder, e))?.file_name());
            let from = upper.join(&rel);
            let Some(node) = node_at(from.clone()).map_err(|e| file(&from, e))? else { continue };
            let old = both.node(&rel).map_err(|e| file(&from, e))?;
            let merged = old.is_some_and(|old| old.kind == Kind::Dir) && !is_opaque(&from);
            match node.kind {
                Kind::Whiteout => top.remove(&rel).map_err(layer_error)?,
                Kind::Dir if merged => open.push(rel),
                Kind::Dir | Kind::File | Kind::Link | Kind::Special => {
                    top.take(&rel, &from).map_err(layer_error)?;
                }
            }
        }
    }
    Ok(())
}

/// Moves everything that is new or other in `tree` to `layer`; what is gone leaves a whiteout. Times tell, as set-up
/// has no reason to forge them.
fn difference(tree: &Path, below: &Stack, layer: &Path) -> Result<(), BaseError> {
    let top = Layer::over(layer, below);
    let mut open = vec![std::path::PathBuf::new()];
    while let Some(dir) = open.pop() {
        let here = Stack::new(vec![tree.to_owned()]).names(&dir).map_err(|e| file(tree, e))?;
        let was = below.names(&dir).map_err(|e| file(tree, e))?;
        for name in here.union(&was).filter(|name| !(dir.as_os_str().is_empty() && *name == ".git")) {
            let rel = dir.join(name);
            let from = tree.join(&rel);
            let now = node_at(from.clone()).map_err(|e| file(&from, e))?;
            let old = below.node(&rel).map_err(|e| file(&from, e))?;
            match (now, old) {
                (Some(now), Some(old)) if now.kind == Kind::Dir && old.kind == Kind::Dir => open.push(rel),
                (Some(now), Some(old)) if same(&now.meta, &old.meta) && now.kind == old.kind => {}
                (Some(_), _) => top.take(&rel, &from).map_err(layer_error)?,
                (None, Some(_)) => top.remove(&rel).map_err(layer_error)?,
                (None, None) => {}
            }
        }
    }
    Ok(())
}

fn same(now: &fs::Metadata, old: &fs::Metadata) -> bool {
    let of = |m: &fs::Metadata| (m.len(), m.mode() & 0o7777, m.mtime(), m.mtime_nsec());
    // Links have no times worth keeping in a copy.
    if now.is_symlink() { now.len() == old.len() } else { of(now) == of(old) }
}

fn layer_error(error: LayerError) -> BaseError {
    match error {
        LayerError::Io { path, source } => BaseError::File { path, source },
        other @ (LayerError::Path { .. } | LayerError::Content { .. }) => {
            BaseError::File { path: LAYER.into(), source: io::Error::other(other.to_string()) }
        }
    }
}

fn file(path: &Path, source: io::Error) -> BaseError {
    BaseError::File { path: path.to_owned(), source }
}
