//! Finds what a program needs to be readable in a room: its own prefix, its interpreter's, and nothing above them.
//!
//! **Invariant:** a home folder, or a folder that programs of many kinds share (`~/.local`), is never shown whole.

mod shims;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What rooms show anyway.
const SYSTEM: [&str; 8] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store"];
/// Folders of a home that hold more than one program's files.
const SHARED: [&str; 6] = ["", ".local", "bin", ".config", ".cache", ".local/share"];
/// Interpreters of interpreters end here.
const DEEPEST: usize = 8;

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// The folders of PATH, in order.
    pub path: Vec<PathBuf>,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// Variables by which shims choose: `RUSTUP_HOME`, `RUSTUP_TOOLCHAIN`, `PYENV_VERSION`.
    pub env: BTreeMap<String, String>,
}

/// What must be shown so that programs run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toolchain {
    /// Files and folders to show.
    pub readable: Vec<PathBuf>,
    /// Folders to put on PATH, before the system's.
    pub path: Vec<PathBuf>,
    /// The programs themselves, in the order asked for.
    pub programs: Vec<PathBuf>,
}

/// Why a program cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToolchainError {
    /// It is nowhere.
    #[error("`{program}` is not on the PATH: install it, or take it from the task's `requires`")]
    Missing {
        /// Which.
        program: String,
    },
    /// A shim of a version manager leads nowhere.
    #[error("`{shim}` starts no installed version: choose one with its version manager")]
    Shim {
        /// Which.
        shim: PathBuf,
    },
}

impl Host {
    /// Returns paths as they are meant: `~/` is the user's home.
    pub fn expand(&self, paths: &[String]) -> Vec<PathBuf> {
        let meant = |path: &String| match (path.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            (Some(_), None) | (None, _) => PathBuf::from(path),
        };
        paths.iter().map(meant).collect()
    }

    /// Returns what of the user's home is among `paths`: where it lies in a home, and where it really is. Programs look
    /// for it in the home that they have.
    pub fn in_home(&self, paths: &[String]) -> Vec<(PathBuf, PathBuf)> {
        let place = |path: PathBuf| {
            let inner = path.strip_prefix(self.home.as_ref()?).ok()?.to_owned();
            (!inner.as_os_str().is_empty()).then_some(())?;
            Some((inner, fs::canonicalize(path).ok()?))
        };
        self.expand(paths).into_iter().filter_map(place).collect()
    }

    /// Reads this process's environment.
    pub fn here() -> Host {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let names = ["RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "PYENV_VERSION"];
        let env = names.iter().filter_map(|n| Some(((*n).to_owned(), std::env::var(n).ok()?))).collect();
        Host { path: std::env::split_paths(&path).collect(), home: std::env::home_dir(), env }
    }

    /// Finds what `programs` need; each is a name or a path.
    pub fn resolve(&self, programs: &[impl AsRef<Path>]) -> Result<Toolchain, ToolchainError> {
        let mut search = Search { host: self, found: Toolchain::default(), seen: BTreeSet::new() };
        for program in programs {
            let real = search.program(program.as_ref(), 0)?;
            search.found.programs.push(real);
        }
        Ok(search.found)
    }

    /// Returns the first file of that name on the PATH that may be executed, from the `skip`th folder on.
    fn look_up(&self, name: &Path, after: Option<&Path>) -> Option<PathBuf> {
        let mut folders = self.path.iter();
        if let Some(after) = after {
            folders.by_ref().find(|f| *f == after)?;
        }
        folders.map(|f| f.join(name)).find(|p| runs(p))
    }

    /// Returns whether a folder holds more than one program's files.
    fn shared(&self, folder: &Path) -> bool {
        let in_home =
            |home: &PathBuf| SHARED.iter().any(|s| folder == home.join(s)) || home.starts_with(folder);
        folder.parent().is_none() || folder == Path::new("/home") || self.home.iter().any(in_home)
    }
}

/// One search under way.
struct Search<'a> {
    host: &'a Host,
    found: Toolchain,
    seen: BTreeSet<PathBuf>,
}

impl Search<'_> {
    /// Finds a program and what starts it; returns the path that works in a room.
    fn program(&mut self, program: &Path, depth: usize) -> Result<PathBuf, ToolchainError> {
        let missing = || ToolchainError::Missing { program: program.display().to_string() };
        let at = if program.components().count() > 1 {
            program.to_owned()
        } else {
            self.host.look_up(program, None).ok_or_else(missing)?
        };
        let at = shims::behind(self.host, &at)?;
        let real = fs::canonicalize(&at).map_err(|_| missing())?;
        let at = self.show(&at, &real);
        if depth < DEEPEST && self.seen.insert(real.clone()) {
            for interpreter in interpreters(&real) {
                self.program(&interpreter, depth + 1)?;
            }
        }
        Ok(at)
    }

    /// Shows a program that is found at `at` and lives at `real`; returns where it can be started.
    fn show(&mut self, at: &Path, real: &Path) -> PathBuf {
        let shown = if system(real) { None } else { Some(self.extent(real)) };
        let link = if system(at) || at == real { None } else { self.prefix(at) };
        let start = if system(at) || link.is_some() || at == real { at } else { real };
        for path in shown.into_iter().chain(link) {
            if !self.found.readable.contains(&path) {
                self.found.readable.push(path);
            }
        }
        let folder = start.parent().unwrap_or(start).to_owned();
        if !system(&folder) && !self.found.path.contains(&folder) {
            self.found.path.push(folder);
        }
        start.to_owned()
    }

    /// Returns the smallest folder that holds all of a program: its prefix, its packages, or the file alone.
    fn extent(&self, real: &Path) -> PathBuf {
        let packages = real.ancestors().filter(|a| a.file_name().is_some_and(|n| n == "node_modules")).last();
        let packages = packages.map(|p| self.prefix(p).unwrap_or_else(|| p.to_owned()));
        packages.or_else(|| self.prefix(real)).unwrap_or_else(|| real.to_owned())
    }

    /// Returns `X` for `X/bin/program` and `X/lib/node_modules`, unless `X` is shared.
    fn prefix(&self, at: &Path) -> Option<PathBuf> {
        let folder = at.parent()?;
        let inner = folder.file_name().is_some_and(|n| n == "bin" || n == "lib" || n == "libexec");
        let prefix = if inner { folder.parent()? } else { return None };
        (!self.host.shared(prefix) && !self.host.shared(folder)).then(|| prefix.to_owned())
    }
}

fn system(path: &Path) -> bool {
    SYSTEM.iter().any(|s| path.starts_with(s))
}

fn runs(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// Returns what a script's first line asks for: `env`'s argument, or the path.
fn interpreters(program: &Path) -> Vec<PathBuf> {
    let mut start = Vec::new();
    let read = File::open(program).and_then(|f| f.take(256).read_to_end(&mut start));
    if read.is_err() || !start.starts_with(b"#!") {
        return Vec::new();
    }
    let line = String::from_utf8_lossy(&start[2..]).lines().next().unwrap_or_default().to_owned();
    let mut words = line.split_whitespace();
    match words.next() {
        Some(env) if env.ends_with("/env") => {
            words.find(|w| !w.starts_with('-') && !w.contains('=')).map(PathBuf::from).into_iter().collect()
        }
        other => other.map(PathBuf::from).into_iter().collect(),
    }
}

/// Homes as people have them, and what of them is shown.
#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A home that holds `files` (a text that starts with `->` is a link).
    fn home(files: &[(&str, &str)]) -> (tempfile::TempDir, Host) {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match text.strip_prefix("->") {
                Some(target) => symlink(target, &path).unwrap(),
                None => {
                    fs::write(&path, text).unwrap();
                    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
                }
            }
        }
        let host = Host { path: Vec::new(), home: Some(root), env: BTreeMap::new() };
        (dir, host)
    }

    /// Resolves `program` with `path` (folders of the home) and shows the answer relative to the home.
    fn check(files: &[(&str, &str)], path: &[&str], program: &str, want: [&[&str]; 3]) {
        let (_dir, mut host) = home(files);
        let root = host.home.clone().unwrap();
        host.path = path.iter().map(|p| root.join(p)).collect();
        let got = host.resolve(&[program]).unwrap();
        let short = |paths: Vec<PathBuf>| -> Vec<String> {
            paths.iter().map(|p| p.strip_prefix(&root).unwrap_or(p).display().to_string()).collect()
        };
        assert_eq!([short(got.readable), short(got.path), short(got.programs)], want.map(|w| w.to_vec()));
    }

    #[test]
    fn a_rust_stand_in_becomes_its_toolchain() {
        let files = [
            (".cargo/bin/rustup", "ELF"),
            (".cargo/bin/cargo", "->rustup"),
            (".cargo/credentials.toml", "secret"),
            (".rustup/settings.toml", "version = \"12\"\ndefault_toolchain = \"stable\"\n"),
            (".rustup/toolchains/stable-x86_64-unknown-linux-gnu/bin/cargo", "ELF"),
        ];
        let prefix = ".rustup/toolchains/stable-x86_64-unknown-linux-gnu";
        let bin = format!("{prefix}/bin");
        check(&files, &[".cargo/bin"], "cargo", [&[prefix], &[&bin], &[&format!("{bin}/cargo")]]);
    }

    #[test]
    fn a_python_stand_in_becomes_its_version() {
        let files = [
            (".pyenv/shims/python3", "#!/usr/bin/env bash\n"),
            (".pyenv/version", "3.12\n"),
            (".pyenv/versions/3.11.9/bin/python3", "ELF"),
            (".pyenv/versions/3.12.4/bin/python3", "->python3.12"),
            (".pyenv/versions/3.12.4/bin/python3.12", "ELF"),
        ];
        let prefix = ".pyenv/versions/3.12.4";
        check(
            &files,
            &[".pyenv/shims"],
            "python3",
            [&[prefix], &[&format!("{prefix}/bin")], &[&format!("{prefix}/bin/python3")]],
        );
    }

    #[test]
    fn a_node_program_brings_its_packages_and_its_node() {
        let files = [
            (".nvm/versions/node/v22/bin/node", "ELF"),
            (".nvm/versions/node/v22/bin/tool", "->../lib/node_modules/tool/cli.js"),
            (".nvm/versions/node/v22/lib/node_modules/tool/cli.js", "#!/usr/bin/env -S node --x\n"),
        ];
        let prefix = ".nvm/versions/node/v22";
        let bin = format!("{prefix}/bin");
        check(&files, &[&bin], "tool", [&[prefix], &[&bin], &[&format!("{bin}/tool")]]);
    }

    #[test]
    fn a_shared_folder_is_never_shown_whole() {
        let files = [
            (".local/bin/one", "->../share/one/versions/2.1"),
            (".local/share/one/versions/2.1", "ELF"),
            (".local/bin/two", "#!/bin/sh\n"),
            ("bin/three", "ELF"),
        ];
        let one = ".local/share/one/versions/2.1";
        check(&files, &[".local/bin"], "one", [&[one], &[".local/share/one/versions"], &[one]]);
        check(&files, &[".local/bin"], "two", [&[".local/bin/two"], &[".local/bin"], &[".local/bin/two"]]);
        check(&files, &["bin"], "three", [&["bin/three"], &["bin"], &["bin/three"]]);
    }

    #[test]
    fn a_private_environment_brings_the_interpreter_it_was_made_from() {
        let files = [
            (".local/bin/app", "->../share/pipx/venvs/app/bin/app"),
            (".local/share/pipx/venvs/app/bin/app", "#!HOME/.local/share/pipx/venvs/app/bin/python\n"),
            ("opt/python/bin/python3", "ELF"),
        ];
        let (_dir, mut host) = home(&files);
        let root = host.home.clone().unwrap();
        let venv = root.join(".local/share/pipx/venvs/app");
        symlink(root.join("opt/python/bin/python3"), venv.join("bin/python")).unwrap();
        fs::write(venv.join("bin/app"), format!("#!{}\n", venv.join("bin/python").display())).unwrap();
        host.path = vec![root.join(".local/bin")];
        let got = host.resolve(&["app"]).unwrap();
        assert_eq!(got.readable, [venv, root.join("opt/python")]);
    }

    #[test]
    fn a_system_program_needs_nothing() {
        let host = Host { path: vec!["/usr/bin".into(), "/bin".into()], ..Host::default() };
        let got = host.resolve(&["sh"]).unwrap();
        assert_eq!((got.readable.len(), got.path.len()), (0, 0));
    }

    #[test]
    fn a_missing_program_is_named() {
        let (_dir, host) =
            home(&[(".pyenv/shims/python3", "x"), (".pyenv/versions/3/x", "x"), (".pyenv/version", "9\n")]);
        let missing = host.resolve(&["no-such"]).unwrap_err();
        assert_eq!(missing, ToolchainError::Missing { program: "no-such".into() });
        let shim = host.home.clone().unwrap().join(".pyenv/shims/python3");
        assert_eq!(host.resolve(&[&shim]).unwrap_err(), ToolchainError::Shim { shim });
    }
}
