//! A room whose walls `bwrap` makes: as in the full tier for those inside, with copies in the place of overlays.

use std::fs::File;
use std::path::{Path, PathBuf};

use fairtrial_domain::task::Network;

use super::store::Store;
use super::{COPY, HOME, Origin, Own, Paths, RoomError, RoomSpec, WORKSPACE, copies, make, readable, setup};
use crate::cgroup::Group;
use crate::linux::bubblewrap::{self, Wrapping};
use crate::process::link::Walls;
use crate::process::program::program;
use crate::process::supervise::{StartError, Warden};

/// Makes one.
pub(super) fn wrapped(
    spec: &RoomSpec<'_>,
    scratch: &Path,
    lowers: &[PathBuf],
    origin: Origin,
    group: Option<&Group>,
) -> Result<(Paths, Warden), StartError> {
    let lost = StartError::Lost;
    let no = |source| StartError::Refused { step: bubblewrap::PROGRAM.to_owned(), source };
    let bwrap = bubblewrap::find().ok_or_else(|| no(std::io::ErrorKind::NotFound.into()))?;
    let readable = readable::checked(spec.readable, &[scratch, spec.base]).map_err(lost)?;
    copies(spec, scratch, lowers, origin).map_err(lost)?;
    let settings = scratch.join("etc");
    make(&settings).map_err(lost)?;
    let file = program()
        .and_then(File::open)
        .map_err(|source| lost(RoomError::Warden { step: "program".to_owned(), source }))?;
    let (workspace, store) = (scratch.join(COPY), Store::of(None, scratch));
    let home = store.home();
    if let Some(place) = behind_a_link(spec.own, &home) {
        let step = format!("showing {} of the user's own", place.display());
        return Err(StartError::Refused { step, source: std::io::ErrorKind::InvalidInput.into() });
    }
    let wrapping = Wrapping {
        bwrap: &bwrap,
        writable: [(&workspace, Path::new(WORKSPACE)), (&home, Path::new(HOME))],
        settings: &settings,
        home: Path::new(HOME),
        readable: &readable,
        own: spec.own,
        host_network: spec.network == Network::Host,
    };
    let walls = Walls::Wrapped { home: PathBuf::from(HOME), program: std::os::fd::AsRawFd::as_raw_fd(&file) };
    let setup = setup(spec, walls, Path::new(WORKSPACE));
    let door = group
        .map(Group::door)
        .transpose()
        .map_err(|source| lost(RoomError::Warden { step: "control group".to_owned(), source }))?;
    let warden = Warden::start_by(&setup, None, |ends| wrapping.start(&file, door, ends))?;
    let [workspace, home, tmp] = [WORKSPACE, HOME, "/tmp"].map(PathBuf::from);
    Ok((Paths { scratch: scratch.to_owned(), store, lowers: lowers.to_vec(), workspace, home, tmp }, warden))
}

/// Returns the first of the user's own whose place is behind a link, as it will be in the home by then: a link could
/// lead out of the root.
fn behind_a_link<'a>(own: &'a [Own], home: &Path) -> Option<&'a Path> {
    let inside = |n: usize| own[n].inside.as_path();
    let seen = |n: usize, place: &Path| {
        let above = own[..n].iter().rev().find_map(|one| Some((one, place.strip_prefix(&one.inside).ok()?)));
        match above {
            // A file's path joined with nothing would end in a slash.
            Some((one, rest)) if rest.as_os_str().is_empty() => one.outside.clone(),
            Some((one, rest)) => one.outside.join(rest),
            None => home.join(place),
        }
    };
    let linked = |n: usize| {
        let places = inside(n).ancestors().filter(|place| !place.as_os_str().is_empty());
        places.map(|place| seen(n, place)).any(|place| place.is_symlink())
    };
    (0..own.len()).find(|n| linked(*n)).map(inside)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_place_of_the_users_own_is_behind_a_link_of_the_home_or_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("home")).unwrap();
        fs::create_dir_all(at("tool/plain")).unwrap();
        symlink("/", at("home/away")).unwrap();
        symlink("plain", at("tool/link")).unwrap();
        let own =
            |inside: &str, outside: &str| Own { inside: inside.into(), outside: at(outside), sealed: false };
        let check = |own: &[Own]| behind_a_link(own, &at("home")).map(Path::to_owned);
        let tool = own(".tool", "tool");
        assert_eq!(check(&[tool.clone(), own(".tool/plain", "tool/plain")]), None);
        assert_eq!(check(&[tool.clone(), own(".tool/link", "tool/plain")]), Some(".tool/link".into()));
        assert_eq!(check(&[tool, own("away/tmp", "tool")]), Some("away/tmp".into()));
    }
}
