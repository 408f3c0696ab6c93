//! The environment that every job starts with. Nothing of the cell's own is in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the system's programs are.
const SYSTEM_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// Returns a clean environment with `path` in front of the system's programs.
pub(super) fn clean(home: &Path, tmp: &Path, path: &[PathBuf], marker: &str) -> BTreeMap<String, String> {
    let home = home.display();
    let mut search: Vec<String> = path.iter().map(|p| p.display().to_string()).collect();
    search.push(SYSTEM_PATH.to_owned());
    let own = |below: &str| format!("{home}/{below}");
    [
        ("PATH", search.join(":")),
        ("HOME", home.to_string()),
        ("USER", "cell".to_owned()),
        ("LOGNAME", "cell".to_owned()),
        ("SHELL", "/bin/sh".to_owned()),
        ("XDG_CONFIG_HOME", own(".config")),
        ("XDG_DATA_HOME", own(".local/share")),
        ("XDG_CACHE_HOME", own(".cache")),
        ("XDG_STATE_HOME", own(".local/state")),
        ("TMPDIR", tmp.display().to_string()),
        ("LANG", "C.UTF-8".to_owned()),
        ("TZ", "UTC".to_owned()),
        ("TERM", "dumb".to_owned()),
        ("NO_COLOR", "1".to_owned()),
        ("no_proxy", "127.0.0.1,localhost".to_owned()),
        ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
        ("FAIRTRIAL_RUN", marker.to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toolchains_come_before_the_system() {
        let env = clean(Path::new("/h"), Path::new("/t"), &["/a/bin".into(), "/b".into()], "m");
        assert_eq!(env["PATH"], format!("/a/bin:/b:{SYSTEM_PATH}"));
        assert_eq!((env["HOME"].as_str(), env["TMPDIR"].as_str()), ("/h", "/t"));
        assert_eq!(env["FAIRTRIAL_RUN"], "m");
    }
}
