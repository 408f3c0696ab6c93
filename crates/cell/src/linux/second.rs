//! A second wall within the first: Landlock, where the kernel has it, keeps jobs from writing outside what is theirs
//! even if a mount should be wrong.

use std::io;
use std::path::Path;

use landlock::{ABI, Access, AccessFs, PathBeneath, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError};
use rustix::fs::{Mode, OFlags};

use super::{At, Refusal};

/// The rights that are dealt with. Those that later kernels know stay as they are.
const RIGHTS: ABI = ABI::V5;

/// Leaves this process and all that it starts the right to read everywhere, and to write below `writable`. On a kernel
/// without Landlock nothing changes: `abi` tells.
pub(super) fn apply(writable: &[&Path]) -> Result<(), Refusal> {
    let all = AccessFs::from_all(RIGHTS);
    let places = [(Path::new("/"), AccessFs::from_read(RIGHTS))];
    let places = places.into_iter().chain(writable.iter().map(|path| (*path, all)));
    let mut rules = made(Ruleset::default().handle_access(all).and_then(Ruleset::create))?;
    for (path, rights) in places {
        let place = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        rules = made(rules.add_rule(PathBeneath::new(place.at("Landlock")?, rights)))?;
    }
    made(rules.restrict_self()).map(drop)
}

fn made<T>(step: Result<T, RulesetError>) -> Result<T, Refusal> {
    step.map_err(io::Error::other).at("Landlock")
}

/// Returns the version of Landlock's interface that this kernel has, if any.
#[expect(unsafe_code, reason = "the crate tells it only to processes that it restricts")]
pub(crate) fn abi() -> Option<u32> {
    let (nothing, none, version): (usize, usize, libc::c_uint) = (0, 0, 1);
    // SAFETY: with this flag, a null pointer and no size, the call only returns a number.
    let found = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, none, version) };
    u32::try_from(found).ok().filter(|version| *version > 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_not_given_can_be_read_and_not_written() {
        if abi().is_none() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let [given, other] = ["given", "other"].map(|name| dir.path().join(name));
        for folder in [&given, &other] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("a"), "x").unwrap();
        }
        // It binds the thread that asks for it, and those that this one starts.
        let tried = std::thread::spawn(move || {
            fs::write(other.join("a"), "before").unwrap();
            apply(&[&given]).unwrap();
            fs::write(given.join("a"), "after").unwrap();
            fs::create_dir(given.join("b")).unwrap();
            fs::rename(given.join("a"), given.join("b/a")).unwrap();
            assert_eq!(fs::read_to_string(other.join("a")).unwrap(), "before");
            [fs::write(other.join("a"), ""), fs::write(other.join("b"), ""), fs::remove_file(other.join("a"))]
                .map(|refused| refused.unwrap_err().kind())
        });
        assert_eq!(tried.join().unwrap(), [io::ErrorKind::PermissionDenied; 3]);
    }
}
