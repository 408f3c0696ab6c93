//! Sees through the stand-ins of version managers, which need files that rooms do not show.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Host, ToolchainError, runs};

/// Returns the program that `at` would start: itself, unless it is a stand-in of rustup or pyenv.
pub(super) fn behind(host: &Host, at: &Path) -> Result<PathBuf, ToolchainError> {
    let (Some(folder), Some(name)) = (at.parent(), at.file_name()) else { return Ok(at.to_owned()) };
    let shim = || ToolchainError::Shim { shim: at.to_owned() };
    if name != "rustup" && is_rustup(at, folder) {
        return rust_toolchain(host).map(|t| t.join("bin").join(name)).filter(|p| runs(p)).ok_or_else(shim);
    }
    if folder.file_name().is_some_and(|n| n == "shims") && folder.with_file_name("versions").is_dir() {
        let versions = python_versions(host, folder);
        let real = versions.into_iter().map(|v| v.join("bin").join(name)).find(|p| runs(p));
        return real.or_else(|| host.look_up(Path::new(name), Some(folder))).ok_or_else(shim);
    }
    Ok(at.to_owned())
}

/// Rustup's stand-ins are links to it, symbolic or hard.
fn is_rustup(at: &Path, folder: &Path) -> bool {
    let same = |a: &Path, b: &Path| match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
    };
    same(at, &folder.join("rustup")) || fs::canonicalize(at).is_ok_and(|p| p.ends_with("rustup"))
}

fn rust_toolchain(host: &Host) -> Option<PathBuf> {
    let root = host.env.get("RUSTUP_HOME").map(PathBuf::from);
    let root = root.or_else(|| host.home.as_ref().map(|h| h.join(".rustup")))?;
    let chosen = host.env.get("RUSTUP_TOOLCHAIN").cloned().or_else(|| {
        let settings = fs::read_to_string(root.join("settings.toml")).ok()?;
        let line = settings.lines().find_map(|l| l.trim().strip_prefix("default_toolchain"))?.to_owned();
        Some(line.trim_start_matches([' ', '=']).trim().trim_matches('"').to_owned())
    })?;
    matching(&root.join("toolchains"), &chosen, '-')
}

fn python_versions(host: &Host, shims: &Path) -> Vec<PathBuf> {
    let root = shims.with_file_name("versions");
    let chosen = host.env.get("PYENV_VERSION").map(|v| v.replace(':', "\n"));
    let chosen =
        chosen.or_else(|| fs::read_to_string(shims.with_file_name("version")).ok()).unwrap_or_default();
    chosen.split_whitespace().filter_map(|v| matching(&root, v, '.')).collect()
}

/// Returns the folder of that name, or the last whose name goes on after `then` (`3.12` → `3.12.4`).
fn matching(root: &Path, name: &str, then: char) -> Option<PathBuf> {
    let exact = root.join(name);
    if exact.is_dir() {
        return fs::canonicalize(exact).ok();
    }
    let longer = format!("{name}{then}");
    let mut found: Vec<PathBuf> = fs::read_dir(root).ok()?.flatten().map(|e| e.path()).collect();
    found.retain(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&longer)));
    found.sort();
    fs::canonicalize(found.pop()?).ok()
}
