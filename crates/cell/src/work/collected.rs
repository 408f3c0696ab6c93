//! Reads a file that an assistant's program wrote for us, and trusts nothing about it.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The most bytes that are read.
const LONGEST: u64 = 32 << 20;

/// Returns a file's text, or `None` where there is no plain file of bearable size. A link is not followed, and a pipe not
/// waited for.
pub(super) fn read(path: &Path) -> Option<String> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let about = file.metadata().ok()?;
    if !about.is_file() || about.len() > LONGEST {
        return None;
    }
    let mut bytes = vec![];
    file.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_file_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("plain"), b"a\xff").unwrap();
        std::os::unix::fs::symlink(at("plain"), at("link")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        std::fs::File::create(at("huge")).unwrap().set_len(LONGEST + 1).unwrap();
        assert_eq!(read(&at("plain")).as_deref(), Some("a\u{fffd}"));
        for name in ["link", "pipe", "huge", "absent", "."] {
            assert_eq!(read(&at(name)), None, "{name}");
        }
    }
}
