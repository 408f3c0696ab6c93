//! A room whose walls another program makes: as in the full tier for those inside, with copies in the place of overlays.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::Tier;
use fairtrial_domain::task::Network;

use super::store::Store;
use super::tier::is_grouped;
use super::{COPY, HOME, Origin, Own, Paths, RoomError, RoomSpec, WORKSPACE, copies, readable, setup};
use crate::cgroup::Group;
use crate::linux::container;
use crate::linux::wrapping::{Maker, Wrapping};
use crate::process::link::Walls;
use crate::process::program::program;
use crate::process::supervise::{StartError, Warden};

/// Makes one of a tier, by the first program that can.
pub(super) fn wrapped(
    tier: Tier,
    spec: &RoomSpec<'_>,
    scratch: &Path,
    lowers: &[PathBuf],
    origin: Origin,
    group: Option<&Group>,
) -> Result<(Paths, Warden), StartError> {
    let lost = StartError::Lost;
    let readable = readable::checked(spec.readable, &[scratch, spec.base]).map_err(lost)?;
    copies(spec, scratch, lowers, origin).map_err(lost)?;
    let (outside, store) = (scratch.join(COPY), Store::of(None, scratch));
    let home_outside = store.home();
    if let Some(place) = behind_a_link(spec.own, &home_outside) {
        return Err(lost(RoomError::Linked { place: place.to_owned() }));
    }
    let [workspace, home, tmp] = [WORKSPACE, HOME, "/tmp"].map(PathBuf::from);
    let wrapping = Wrapping {
        scratch,
        writable: [(&outside, &workspace), (&home_outside, &home)],
        home: &home,
        readable: &readable,
        own: spec.own,
        host_network: spec.network == Network::Host,
    };
    let group = group.filter(|_| is_grouped(tier));
    let mut refused = None;
    for maker in Maker::found(tier) {
        match started(spec, &wrapping, &maker, group) {
            Ok(warden) => {
                let (scratch, lowers) = (scratch.to_owned(), lowers.to_vec());
                return Ok((Paths { scratch, store, lowers, workspace, home, tmp }, warden));
            }
            Err(StartError::Refused { step, source }) => refused = Some(both(refused, step, source)),
            Err(lost) => return Err(lost),
        }
    }
    let (step, source) =
        refused.unwrap_or_else(|| (Maker::names(tier).join(", "), io::ErrorKind::NotFound.into()));
    Err(StartError::Refused { step, source })
}

/// Adds a refusal to the one before it.
fn both(before: Option<(String, io::Error)>, step: String, source: io::Error) -> (String, io::Error) {
    match before {
        None => (step, source),
        Some((first, why)) => (first, io::Error::other(format!("{why}); `{step}` ({source}"))),
    }
}

/// Starts a warden within walls of a maker's.
fn started(
    spec: &RoomSpec<'_>,
    wrapping: &Wrapping<'_>,
    maker: &Maker,
    group: Option<&Group>,
) -> Result<Warden, StartError> {
    let at = |step: &str, source| StartError::Lost(RoomError::Warden { step: step.to_owned(), source });
    let file = program().and_then(File::open).map_err(|source| at("program", source))?;
    let door = group.map(Group::door).transpose().map_err(|source| at("control group", source))?;
    let (home, program, by) = (wrapping.home.to_owned(), maker.warden_at, maker.name.to_owned());
    let setup = setup(spec, Walls::Wrapped { home, program, by }, Path::new(WORKSPACE));
    let warden = Warden::start_by(&setup, None, |ends| maker.start(wrapping, &file, door, ends));
    warden.map_err(|error| match error {
        // It said nothing where the warden would have.
        StartError::Refused { step, source } if source.to_string().is_empty() => {
            let said = fs::read_to_string(container::said(wrapping.scratch)).unwrap_or_default();
            StartError::Refused { step, source: io::Error::other(said.trim().to_owned()) }
        }
        lost @ (StartError::Refused { .. } | StartError::Lost(_)) => lost,
    })
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

    #[test]
    fn what_a_refused_tier_copied_serves_the_next_one_but_not_what_bwrap_put_into_its_home() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for folder in ["base/tree", "base/home/go/mod", "room"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        fs::write(at("base/tree/a"), "1").unwrap();
        fs::write(at("base/home/go/mod/m"), "1").unwrap();
        let closed = |mode| {
            fs::set_permissions(at("base/home/go/mod"), fs::Permissions::from_mode(mode)).unwrap();
        };
        closed(0o555);
        let own = [Own { inside: ".tool".into(), outside: at("base"), sealed: false }];
        let limits = fairtrial_domain::task::Limits::default();
        let copy = |own: &[Own]| {
            let spec = RoomSpec {
                scratch: &at("room"),
                base: &at("base"),
                tier: fairtrial_domain::bundle::TierChoice::Best,
                network: Network::None,
                doors: 0,
                readable: &[],
                own,
                limits: &limits,
                marker: "copies",
                cancel: crate::process::Cancel::new(),
            };
            copies(&spec, &at("room"), &[at("base/tree")], Origin::Fresh).unwrap();
        };
        copy(&[]);
        // Copied once: what is there by then stays.
        fs::write(at("room/workspace/a"), "2").unwrap();
        copy(&[]);
        assert_eq!(fs::read_to_string(at("room/workspace/a")).unwrap(), "2");
        fs::create_dir(at("room/written/home/.tool")).unwrap();
        copy(&own);
        assert!(!at("room/written/home/.tool").exists());
        assert_eq!(fs::read_to_string(at("room/written/home/go/mod/m")).unwrap(), "1");
        crate::room::remove_tree(&at("room")).unwrap();
        closed(0o755);
    }
}
