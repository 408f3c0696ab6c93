//! A sample's session: what it was told first, kept in its home for the round after.

use std::fs;
use std::path::PathBuf;

use crate::who::Who;

/// Returns the name of a sample's session.
pub(crate) fn name(who: Who) -> String {
    format!("sample-{}", who.name())
}

/// Keeps what the session began with. Where there is no home, nothing can be resumed.
pub(crate) fn keep(who: Who, instruction: &str) {
    let Some(folder) = folder() else { return };
    // A session that could not be kept is not there later, and that is said then.
    let _unkept = fs::create_dir_all(&folder)
        .and_then(|()| fs::write(folder.join(format!("{}.txt", name(who))), instruction));
}

/// Returns what a session of this sample began with; `None` where there is none of this name.
pub(crate) fn of(who: Who, session: &str) -> Option<String> {
    if session != name(who) {
        return None;
    }
    fs::read_to_string(folder()?.join(format!("{session}.txt"))).ok()
}

fn folder() -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("HOME")?).join(".fairtrial-sample"))
}
