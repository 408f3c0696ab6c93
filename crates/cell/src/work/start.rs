//! Turns a bundle into the job that starts its assistant.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use fairtrial_backends::{Input, LaunchSpec, Reader, backend, start};
use fairtrial_domain::bundle::WorkBundle;
use fairtrial_domain::task::Limits;

use super::WorkError;
use super::meter::Metered;
use super::secrets;
use crate::process::{Job, Stdin, Talk};
use crate::room::{Room, make_way};
use crate::toolchain::Toolchain;

/// A job with what may be said about it.
pub(super) struct Start {
    pub(super) job: Job,
    /// The arguments without the instruction and without secrets.
    pub(super) shown: Vec<String>,
    /// Who reads what it writes, and answers where it talks.
    pub(super) reader: Box<dyn Reader>,
    pub(super) talk: Option<Talk>,
    /// Files of the home to read at the end.
    pub(super) collect: Vec<String>,
}

/// Makes the job and puts the files it needs into its home.
pub(super) fn prepare(
    bundle: &WorkBundle,
    secrets: &BTreeMap<String, String>,
    metered: Option<&Metered>,
    tools: &Toolchain,
    room: &Room,
) -> Result<Start, WorkError> {
    let backend = backend(bundle.assistant.backend);
    let spec = LaunchSpec {
        assistant: &bundle.assistant,
        instruction: &bundle.instruction,
        program: tools.programs.first().unwrap_or(&bundle.program),
        workspace: room.workspace(),
        home: room.home(),
        secrets: metered.map_or(secrets, |metered| &metered.secrets),
        env: &bundle.env,
        meter: metered.map(|metered| metered.url.as_str()),
        resume: bundle.goes_on.as_ref().map(|on| on.session.as_str()),
    };
    let (launch, reader) = (start(backend, &spec)?, backend.session(&spec)?);
    for (path, text) in &launch.files {
        if bundle.goes_on.is_some() {
            let failed = |source| WorkError::File { path: PathBuf::from(path), source };
            make_way(&room.home_outside(), Path::new(path)).map_err(failed)?;
        }
        put(&room.home_outside(), Path::new(path), text)?;
    }
    let mut env = room.env(&tools.path);
    env.extend(launch.env);
    env.insert("FAIRTRIAL_RUN".to_owned(), bundle.marker.clone());
    let veil = secrets::veil(secrets);
    let shown = launch.argv.iter().map(|a| veil.over_text(without(a, &bundle.instruction))).collect();
    let Limits { agent_timeout_sec, grace_sec, stall_sec, .. } = bundle.limits;
    let talk = (launch.stdin == Input::Talk).then(Talk::new);
    let job = Job {
        argv: launch.argv,
        env,
        cwd: PathBuf::new(),
        stdin: match (launch.stdin, &talk) {
            (Input::Text(text), _) => Stdin::Text(text),
            (_, Some(talk)) => Stdin::Talk(talk.clone()),
            (Input::Nothing | Input::Talk, None) => Stdin::Null,
        },
        timeout: seconds(agent_timeout_sec),
        stall: stall_sec.map(seconds),
        grace: seconds(grace_sec),
    };
    Ok(Start { job, shown, reader, talk, collect: launch.collect })
}

/// Returns a time, whatever was written: nothing below zero, and no more than a year.
fn seconds(given: f64) -> Duration {
    const YEAR: f64 = 365.0 * 86_400.0;
    Duration::try_from_secs_f64(given.clamp(0.0, YEAR)).unwrap_or(Duration::from_secs(0))
}

fn without(argument: &str, instruction: &str) -> String {
    if instruction.is_empty() { argument.to_owned() } else { argument.replace(instruction, "{prompt}") }
}

/// Writes a file below the home; a path that leads out of it is refused.
fn put(home: &Path, path: &Path, text: &str) -> Result<(), WorkError> {
    let to = home.join(path);
    let failed = |source: std::io::Error| WorkError::File { path: to.clone(), source };
    if path.components().any(|c| !matches!(c, Component::Normal(_))) {
        return Err(failed(std::io::ErrorKind::InvalidInput.into()));
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(&to, text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_time_is_a_time() {
        assert_eq!(seconds(1.5), Duration::from_millis(1500));
        assert_eq!(seconds(-1.0), Duration::ZERO);
        assert_eq!(seconds(f64::NAN), Duration::ZERO);
        assert_eq!(seconds(f64::INFINITY), Duration::from_secs(365 * 86_400));
    }

    #[test]
    fn a_file_stays_in_the_home() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), Path::new(".tool/settings.json"), "{}").unwrap();
        assert_eq!(fs::read_to_string(dir.path().join(".tool/settings.json")).unwrap(), "{}");
        for bad in ["../x", "/tmp/x", "a/../../x"] {
            assert!(put(dir.path(), Path::new(bad), "").is_err(), "{bad}");
        }
    }

    #[test]
    fn the_instruction_is_left_out_of_what_is_shown() {
        assert_eq!(without("--message=do it", "do it"), "--message={prompt}");
        assert_eq!(without("-p", ""), "-p");
    }
}
