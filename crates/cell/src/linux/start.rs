//! Makes a job's command in the form that starts it without copying this process: a path, and no step before its exec.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the command of a job that starts in `cwd` with exactly `env`.
pub(super) fn command(argv: &[String], env: BTreeMap<String, String>, cwd: &Path) -> Command {
    let name = argv.first().map_or("", String::as_str);
    // With a name alone, std would look it up in a copy of this process.
    let found =
        if name.contains('/') { None } else { search(name, env.get("PATH").map(String::as_str), cwd) };
    let mut command = Command::new(found.as_deref().map_or(OsStr::new(name), Path::as_os_str));
    command.arg0(name).args(argv.iter().skip(1)).env_clear().envs(env).current_dir(cwd);
    command
}

/// Finds `name` as `execvp` would: in the first folder of `path` where it is a file that may be executed.
fn search(name: &str, path: Option<&str>, cwd: &Path) -> Option<PathBuf> {
    let places = path?.split(':').map(|folder| cwd.join(folder).join(name));
    places.into_iter().find(|place| {
        place.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_first_executable_file_on_the_path_is_meant() {
        let dir = tempfile::tempdir().unwrap();
        let put = |place: &str, mode: u32| {
            let place = dir.path().join(place);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(&place, "").unwrap();
            fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
        };
        put("text/tool", 0o644);
        fs::create_dir_all(dir.path().join("folder/tool")).unwrap();
        put("real/tool", 0o755);
        put("later/tool", 0o755);
        let path = "none:text:folder:real:later";
        assert_eq!(search("tool", Some(path), dir.path()), Some(dir.path().join("real/tool")));
        assert_eq!(search("other", Some(path), dir.path()), None);
        assert_eq!(search("tool", None, dir.path()), None);
    }

    #[test]
    fn a_job_is_called_what_it_was_called() {
        let env = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        let said = command(&["sh".into(), "-c".into(), "echo $0 $PWD".into()], env, Path::new("/")).output();
        assert_eq!(String::from_utf8(said.unwrap().stdout).unwrap(), "sh /\n");
    }
}
