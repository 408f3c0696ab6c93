//! Brings the files of one commit into a folder, from a folder, a bundle file or a URL.

use std::fs;
use std::path::{Path, PathBuf};

use super::BaseError;
use super::git::{Git, GitError};

/// Writes the files of `commit` of the repository at `location` to the new folder `tree`, with the uncommitted
/// changes laid over them. `work` is a folder for what is needed on the way.
pub(super) fn export(
    location: &str,
    commit: &str,
    uncommitted: Option<&str>,
    tree: &Path,
    work: &Path,
) -> Result<(), BaseError> {
    if commit.is_empty() || commit.starts_with('-') || location.starts_with('-') {
        return Err(missing(location, commit, "neither may start with `-` or be empty"));
    }
    let store = work.join("objects.git");
    let path = PathBuf::from(location.strip_prefix("file://").unwrap_or(location));
    let id = if path.is_dir() {
        from_folder(&path, location, commit, &store)?
    } else if path.is_file() {
        from_bundle(&path, location, commit, &store)?
    } else if is_url(location) {
        from_url(location, commit, &store)?
    } else {
        return Err(BaseError::NoRepository { location: location.to_owned() });
    };
    fs::create_dir(tree).map_err(|source| BaseError::File { path: tree.to_owned(), source })?;
    let git = Git::at(&store).with(tree, &work.join("export.index"));
    git.run(&["read-tree", &id])?;
    if let Some(diff) = uncommitted.filter(|diff| !diff.trim().is_empty()) {
        git.feed(&["apply", "--cached", "--whitespace=nowarn", "-"], diff.as_bytes()).map_err(|source| {
            BaseError::Uncommitted { location: location.to_owned(), commit: commit.to_owned(), source }
        })?;
    }
    git.run(&["checkout-index", "-a", "-q"])?;
    Ok(())
}

/// Reads a repository's objects where they are, and nothing of its configuration.
fn from_folder(folder: &Path, location: &str, commit: &str, store: &Path) -> Result<String, BaseError> {
    let no_repository = |_| BaseError::NoRepository { location: location.to_owned() };
    let source = Git::from(folder);
    let ask = |what: &[&str]| source.run(&[&["rev-parse", "--path-format=absolute"], what].concat());
    let common = PathBuf::from(ask(&["--git-common-dir"]).map_err(no_repository)?);
    let inside = source.run(&["rev-parse", "--show-prefix"]).map_err(no_repository)?;
    // A folder inside another repository is not that repository; `.git` itself or a bare one has no prefix either.
    if !inside.is_empty() {
        return Err(BaseError::NoRepository { location: location.to_owned() });
    }
    let id = resolve(&Git::at(&common), commit).ok_or_else(|| {
        missing(location, commit, "fetch it there, or correct the commit that the task names")
    })?;
    let format = ask(&["--show-object-format"])?;
    init(store, &format)?;
    let alternates = store.join("objects/info/alternates");
    let line = format!("{}\n", common.join("objects").display());
    fs::create_dir_all(store.join("objects/info"))
        .and_then(|()| fs::write(&alternates, line))
        .map_err(|source| BaseError::File { path: alternates, source })?;
    Ok(id)
}

fn from_bundle(file: &Path, location: &str, commit: &str, store: &Path) -> Result<String, BaseError> {
    let file = fs::canonicalize(file).map_err(|source| BaseError::File { path: file.to_owned(), source })?;
    init(store, "sha1")?;
    let git = Git::at(store);
    let refs = git.run(&["bundle".as_ref(), "unbundle".as_ref(), file.as_os_str()])?;
    let named = refs.lines().filter_map(|line| line.split_once(' ')).find(|(_, name)| {
        [commit.to_owned(), format!("refs/heads/{commit}"), format!("refs/tags/{commit}")]
            .iter()
            .any(|n| n == name)
    });
    let wanted = named.map_or(commit, |(id, _)| id);
    resolve(&git, wanted).ok_or_else(|| {
        missing(location, commit, "make the bundle again with that commit in it (`git bundle create`)")
    })
}

fn from_url(url: &str, commit: &str, store: &Path) -> Result<String, BaseError> {
    let format = if commit.len() == 64 { "sha256" } else { "sha1" };
    init(store, format)?;
    let git = Git::at(store);
    let fetch = ["fetch", "-q", "--no-tags", "--no-recurse-submodules"];
    let one = [&fetch[..], &["--depth=1", "--", url, commit]].concat();
    if git.run(&one).is_ok()
        && let Some(id) = resolve(&git, "FETCH_HEAD")
    {
        return Ok(id);
    }
    let heads = "+refs/heads/*:refs/fetched/heads/*";
    let tags = "+refs/tags/*:refs/fetched/tags/*";
    git.run(&[&fetch[..], &["--", url, heads, tags]].concat())?;
    [commit.to_owned(), format!("refs/fetched/heads/{commit}"), format!("refs/fetched/tags/{commit}")]
        .iter()
        .find_map(|name| resolve(&git, name))
        .ok_or_else(|| missing(url, commit, "push it there, or correct the commit that the task names"))
}

fn init(store: &Path, format: &str) -> Result<(), GitError> {
    let format = format!("--object-format={format}");
    let args = ["init", "-q", "--bare", "--template=", &format, "--"].map(std::ffi::OsStr::new);
    Git::default().run(&[&args[..], &[store.as_os_str()]].concat()).map(drop)
}

fn resolve(git: &Git, name: &str) -> Option<String> {
    let commit = format!("{name}^{{commit}}");
    git.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).ok()
}

fn missing(location: &str, commit: &str, remedy: &'static str) -> BaseError {
    BaseError::MissingCommit { location: location.to_owned(), commit: commit.to_owned(), remedy }
}

/// Returns whether a location names a host: `scheme://…`, or `host:path` as ssh has it.
fn is_url(location: &str) -> bool {
    location.contains("://")
        || location.split_once(':').is_some_and(|(host, _)| !host.is_empty() && !host.contains('/'))
}
