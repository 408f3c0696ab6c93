//! Who can be compared on this machine: the configured, the found, the samples; and what keeps each from starting.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use fairtrial_backends::{Driven, Known, backend, configuration, known, samples};
use fairtrial_domain::assistant::{Assistant, BackendKind, SecretRef};
use fairtrial_domain::id::{AssistantId, Digest};
use fairtrial_domain::plan::{Plan, Recording};
use fairtrial_domain::task::Network;

use crate::crossing;
use crate::error::{ApiError, describe};
use crate::home::Home;
use crate::login;
use crate::plan;
use crate::view::AssistantStatus;

/// How long a program may take to tell its version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(15);

/// An assistant that can be started.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    /// Its program.
    pub(crate) program: PathBuf,
    /// What the program says of its version.
    pub(crate) version: Option<String>,
}

/// Returns every assistant of this machine: configured ones in their order, then known programs that nobody
/// configured, then the samples.
pub(crate) fn all(home: &Home) -> Result<Vec<Assistant>, ApiError> {
    let mut all = configured(home)?;
    for program in known() {
        if all.iter().any(|assistant| assistant.backend == program.backend) {
            continue;
        }
        // What is not installed is no news, but for the two that most are asked about.
        let asked_about = matches!(program.backend, BackendKind::ClaudeCode | BackendKind::Codex);
        if asked_about || on_path(program.program).is_some() {
            all.extend(unconfigured(program));
        }
    }
    all.extend(samples());
    let mut seen = BTreeMap::new();
    for assistant in &all {
        if seen.insert(assistant.id.clone(), ()).is_some() {
            let message =
                format!("the name `{}` is taken by a sample assistant: choose another", assistant.id);
            return Err(ApiError::Config { path: home.assistants_file(), message });
        }
    }
    Ok(all)
}

fn configured(home: &Home) -> Result<Vec<Assistant>, ApiError> {
    let path = home.assistants_file();
    match fs::read_to_string(&path) {
        Ok(text) => fairtrial_backends::config::parse(&text)
            .map_err(|error| ApiError::Config { path, message: crate::error::describe(&error) }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(vec![]),
        Err(error) => Err(ApiError::access("read", path)(error)),
    }
}

/// Returns how a known program is driven when nobody configured it: with its key from the environment, on the
/// machine's network.
fn unconfigured(program: &Known) -> Option<Assistant> {
    let key = program.keys.iter().find(|name| env::var_os(name).is_some());
    let secrets =
        key.map(|name| ((*name).to_owned(), SecretRef::Env((*name).to_owned()))).into_iter().collect();
    Some(Assistant {
        secrets,
        network: Network::Host,
        ..Assistant::new(AssistantId::parse(program.id).ok()?, program.title, program.backend)
    })
}

/// Returns each assistant with what keeps it from starting.
pub(crate) fn statuses(home: &Home) -> Result<Vec<AssistantStatus>, ApiError> {
    Ok(all(home)?.iter().map(|assistant| status(home, assistant)).collect())
}

/// Returns what is known of one assistant here.
pub(crate) fn status(home: &Home, assistant: &Assistant) -> AssistantStatus {
    let found = find(home, assistant);
    let hurdle = match &found {
        Err(hurdle) => Some(hurdle.clone()),
        Ok(ready) => keeps_from(assistant, ready),
    };
    let found = found.ok();
    let known = known().iter().find(|known| known.backend == assistant.backend);
    AssistantStatus {
        id: assistant.id.clone(),
        title: assistant.title.clone(),
        sample: assistant.sample,
        program: found.as_ref().map(|ready| ready.program.display().to_string()),
        version: found.and_then(|ready| ready.version),
        hurdle,
        cost_known: backend(assistant.backend).cost_known(assistant),
        resumes: backend(assistant.backend).can_resume(assistant),
        requests_counted: plan::is_counted(assistant),
        model: assistant.model.clone(),
        takes_model: crossing::takes_model(assistant),
        key: key_of(assistant, known),
        features: known
            .map(|known| known.features.names())
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        driven: known.and_then(|known| known.driven.version()).map(str::to_owned),
        recorded: known.is_some_and(|known| matches!(known.driven, Driven::Recorded(_))),
        defects: owned(known.map_or(&[], |known| known.defects)),
        hurdles: owned(known.map_or(&[], |known| known.hurdles)),
        sign_in: login::sign_in(assistant, known),
        account: assistant.account.clone(),
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Returns the variable under which its key is set, as far as that can be told without asking its vendor.
fn key_of(assistant: &Assistant, known: Option<&Known>) -> Option<String> {
    let given = assistant.secrets.iter().find(|(_, reference)| secret(reference).is_some());
    let named = |name: &&&str| {
        assistant.env.contains_key(**name) || assistant.env_allow.iter().any(|one| one == **name)
    };
    let passed = || known.and_then(|known| known.keys.iter().find(named)).map(|name| (*name).to_owned());
    given.map(|(name, _)| name.clone()).or_else(passed)
}

/// Returns the assistant's program, or why it cannot start, with the remedy.
pub(crate) fn ready(home: &Home, assistant: &Assistant) -> Result<Ready, ApiError> {
    let cannot = |hurdle: String| ApiError::BadRequest(format!("{} cannot start: {hurdle}", assistant.title));
    let ready = find(home, assistant).map_err(cannot)?;
    match keeps_from(assistant, &ready) {
        Some(hurdle) => Err(cannot(hurdle)),
        None => Ok(ready),
    }
}

/// What keeps an assistant from starting, as a fragment with the remedy: shown to people, never switched on.
type Hurdle = String;

fn find(home: &Home, assistant: &Assistant) -> Result<Ready, Hurdle> {
    if assistant.sample {
        let program = home.program("fairtrial-sample").map_err(|error| error.to_string())?;
        return Ok(Ready { program, version: Some(env!("CARGO_PKG_VERSION").to_owned()) });
    }
    if assistant.backend == BackendKind::Direct && assistant.program.is_none() {
        let program = home.program("fairtrial-direct").map_err(|error| error.to_string())?;
        return Ok(Ready { program, version: Some(env!("CARGO_PKG_VERSION").to_owned()) });
    }
    let name = assistant.program.as_deref().or_else(|| backend(assistant.backend).default_program());
    let Some(name) = name else {
        return Err("it names no program: add `program = \"…\"` to its table in assistants.toml".to_owned());
    };
    let Some(program) = on_path(name) else {
        return Err(format!("`{name}` was not found on the PATH: install it, or give its path as `program`"));
    };
    let version = known()
        .iter()
        .find(|known| known.backend == assistant.backend)
        .and_then(|known| version_of(&program, known));
    Ok(Ready { program, version })
}

fn keeps_from(assistant: &Assistant, ready: &Ready) -> Option<Hurdle> {
    version_hurdle(assistant, ready).or_else(|| login::hurdle(assistant)).or_else(|| launch_hurdle(assistant))
}

fn version_hurdle(assistant: &Assistant, ready: &Ready) -> Option<Hurdle> {
    let wanted = assistant.version.as_deref()?;
    let found = ready.version.as_deref().unwrap_or("an unknown version");
    (found != wanted)
        .then(|| format!("version {wanted} is pinned and {found} was found: install that, or change the pin"))
}

/// Asks the back end whether it would start, with stand-ins for what only a trial has.
fn launch_hurdle(assistant: &Assistant) -> Option<Hurdle> {
    if let Some((variable, _)) = assistant.secrets.iter().find(|(_, reference)| secret(reference).is_none()) {
        return Some(format!(
            "its secret {variable} has no value: set it where assistants.toml says it is kept"
        ));
    }
    // Whom a meter stands in for gets by without a key, and the vendor would refuse it.
    configuration(assistant, &passed(assistant), false).err().map(|error| describe(&error))
}

/// Returns a digest of what an assistant is started with; `None` where it cannot be started.
/// A recording answers where the meter would stand.
pub(crate) fn digest_of_configuration(assistant: &Assistant, plan: &Plan) -> Option<Digest> {
    let is_replay = matches!(plan.recording, Recording::Replay { .. });
    let at_a_door = is_replay && backend(assistant.backend).meter_point(assistant).is_some();
    let made = configuration(assistant, &passed(assistant), at_a_door || plan::is_metered(assistant)).ok()?;
    Some(plan::digest(&serde_json_canonicalizer::to_vec(&made).ok()?))
}

/// Returns the values of an assistant's secrets, by variable.
pub(crate) fn secrets(assistant: &Assistant) -> Result<BTreeMap<String, String>, ApiError> {
    let value = |(name, reference): (&String, &SecretRef)| {
        let missing = || format!("the secret {name} of {} has no value", assistant.title);
        Ok((name.clone(), secret(reference).ok_or_else(|| ApiError::BadRequest(missing()))?))
    };
    assistant.secrets.iter().map(value).collect()
}

/// Returns what of this process's environment an assistant may have.
pub(crate) fn passed(assistant: &Assistant) -> BTreeMap<String, String> {
    assistant.env_allow.iter().filter_map(|name| Some((name.clone(), env::var(name).ok()?))).collect()
}

/// Returns a secret's value.
fn secret(reference: &SecretRef) -> Option<String> {
    match reference {
        SecretRef::Env(name) => env::var(name).ok().filter(|value| !value.is_empty()),
        SecretRef::Keychain(name) => from_keychain(name),
    }
}

/// Asks the platform's own keychain program, so that the value never lies in a file of ours.
fn from_keychain(name: &str) -> Option<String> {
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("security", &["find-generic-password", "-s", "fairtrial", "-w", "-a"])
    } else {
        ("secret-tool", &["lookup", "service", "fairtrial", "account"])
    };
    let output = Command::new(program).args(arguments).arg(name).stdin(Stdio::null()).output().ok()?;
    let value = String::from_utf8(output.stdout).ok()?.trim_end_matches('\n').to_owned();
    (output.status.success() && !value.is_empty()).then_some(value)
}

/// Returns the file that `name` means: a path as it is, else the first executable of that name on the PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let is_program = |path: &Path| fs::metadata(path).is_ok_and(|meta| meta.is_file() && executable(&meta));
    if name.contains(std::path::MAIN_SEPARATOR) {
        let path = PathBuf::from(name);
        return is_program(&path).then(|| path.canonicalize().unwrap_or(path));
    }
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(format!("{name}{}", env::consts::EXE_SUFFIX)))
        .find(|path| is_program(path))
}

#[cfg(unix)]
fn executable(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    meta.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn executable(_: &fs::Metadata) -> bool {
    true
}

/// A program file at one moment.
type Seen = (PathBuf, SystemTime);

/// Versions already asked for; a program that did not change is not started again.
static VERSIONS: Mutex<BTreeMap<Seen, Option<String>>> = Mutex::new(BTreeMap::new());

fn version_of(program: &Path, known: &Known) -> Option<String> {
    let changed = fs::metadata(program).and_then(|meta| meta.modified()).ok()?;
    let seen = (program.to_path_buf(), changed);
    if let Ok(versions) = VERSIONS.lock()
        && let Some(version) = versions.get(&seen)
    {
        return version.clone();
    }
    let printed = ask(program, known.version_flag);
    let version = printed.as_deref().and_then(|printed| known.version(printed)).map(str::to_owned);
    if let Ok(mut versions) = VERSIONS.lock() {
        versions.insert(seen, version.clone());
    }
    version
}

/// Runs a program with one flag in an empty environment and a home of its own, and returns what it prints.
fn ask(program: &Path, flag: &str) -> Option<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("fairtrial-version-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let home = env::temp_dir().join(name);
    // One that is there is somebody else's, and may hold settings that the program would obey.
    fs::create_dir(&home).ok()?;
    let mut child = Command::new(program)
        .arg(flag)
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", &home)
        .env("DISABLE_AUTOUPDATER", "1")
        .env("DISABLE_TELEMETRY", "1")
        .current_dir(&home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let started = Instant::now();
    let ended = loop {
        match child.try_wait() {
            Ok(Some(_)) => break true,
            Ok(None) if started.elapsed() < VERSION_TIMEOUT => std::thread::sleep(Duration::from_millis(10)),
            Ok(None) | Err(_) => break false,
        }
    };
    if !ended {
        // It may already be gone, which is what is wanted.
        let _ = child.kill();
        let _ = child.wait();
    }
    let mut text = String::new();
    // A version is one line; more than this is not one.
    child.stdout.take()?.take(4096).read_to_string(&mut text).ok()?;
    let _ = fs::remove_dir_all(&home);
    ended.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::find(Some(folder.path().to_path_buf())).unwrap();
        (folder, home)
    }

    #[test]
    fn samples_are_always_there_and_labelled() {
        let (_folder, home) = home();
        let statuses = statuses(&home).unwrap();
        let samples: Vec<&str> = statuses.iter().filter(|s| s.sample).map(|s| s.id.as_str()).collect();
        assert_eq!(samples, ["aster", "birch", "cedar", "dogwood", "elder", "fir"]);
    }

    #[test]
    fn a_recorded_stream_is_told_from_a_test_through_the_whole_product() {
        let (_folder, home) = home();
        let tables =
            ["codex", "droid", "goose"].map(|kind| format!("[assistants.{kind}]\nbackend = \"{kind}\"\n"));
        fs::write(home.assistants_file(), tables.concat()).unwrap();
        let statuses = statuses(&home).unwrap();
        let told = |id: &str| {
            let one = statuses.iter().find(|one| one.id.as_str() == id).unwrap();
            (one.driven.is_some(), one.recorded)
        };
        assert_eq!(["codex", "droid", "goose"].map(told), [(true, false), (true, true), (false, false)]);
    }

    #[test]
    fn a_missing_program_is_a_hurdle_with_a_remedy() {
        let (_folder, home) = home();
        fs::write(
            home.assistants_file(),
            "[assistants.mine]\nbackend = \"command\"\nprogram = \"no-such-program\"\n",
        )
        .unwrap();
        let statuses = statuses(&home).unwrap();
        assert_eq!(
            statuses[0].hurdle.as_deref(),
            Some("`no-such-program` was not found on the PATH: install it, or give its path as `program`")
        );
    }

    #[test]
    fn a_broken_configuration_names_its_file() {
        let (_folder, home) = home();
        fs::write(home.assistants_file(), "[assistants.mine]\nbackend = 3\n").unwrap();
        let error = statuses(&home).unwrap_err().to_string();
        assert!(error.contains("assistants.toml"), "{error}");
    }

    #[test]
    fn who_can_go_on_and_whose_requests_are_counted_is_told_before_a_plan_asks_for_it() {
        let (_folder, home) = home();
        let tables = "[assistants.plain]\nbackend = \"codex\"\n\
             [assistants.once]\nbackend = \"codex\"\nargs = [\"--ephemeral\"]\n\
             [assistants.dark]\nbackend = \"command\"\nprogram = \"p\"\n";
        fs::write(home.assistants_file(), tables).unwrap();
        let told: Vec<(bool, bool)> =
            statuses(&home).unwrap().iter().take(3).map(|one| (one.resumes, one.requests_counted)).collect();
        assert_eq!(told, [(true, true), (false, true), (false, false)]);
    }
}
