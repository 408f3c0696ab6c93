//! Homes as people have them, and what of them is shown.

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
