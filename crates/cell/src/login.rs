//! A user's own login: what of it a room shows, that one run at a time uses it, and what of it is written nowhere.
//!
//! **Invariant:** nothing of a login is copied to the disk; whoever uses one holds its lock as long as he does.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fairtrial_domain::assistant::OwnLogin;
use serde_json::Value;

use crate::room::Own;
use crate::toolchain::Host;

/// Shorter values are no credentials, and would be found in innocent text.
const SHORTEST: usize = 16;
/// A larger file is no list of credentials.
const LARGEST: u64 = 1 << 20;

/// Why a login cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Nobody signed in here.
    #[error("`{place}` is not there: sign in with the program itself first, or give it a key")]
    Absent {
        /// Its first place.
        place: String,
    },
    /// Somebody uses it.
    #[error(
        "another run works with the login in `{place}`: one at a time, for a login is lost when two renew it"
    )]
    Busy {
        /// Its first place.
        place: String,
    },
    /// The lock of its place.
    #[error("could not lock `{place}`")]
    Lock {
        /// Its first place.
        place: String,
        /// Why not.
        source: io::Error,
    },
}

/// Takes a login for a run. It is held as long as the file is open; trials of the run join in it.
///
/// # Errors
/// When it is not there, or another run has it.
pub fn take(login: &OwnLogin, host: &Host) -> Result<File, LoginError> {
    let (place, file) = open(login, host)?;
    // Alone first, so that nobody is in it; then shared with this run's own trials.
    file.try_lock().and_then(|()| file.try_lock_shared()).map_err(|error| refused(place, error))?;
    Ok(file)
}

/// Joins in a login that this trial's run has taken: a trial that outlives its run still holds it.
///
/// # Errors
/// When it is not there, or another run is about to take it.
pub(crate) fn join(login: &OwnLogin, host: &Host) -> Result<File, LoginError> {
    let (place, file) = open(login, host)?;
    file.try_lock_shared().map_err(|error| refused(place, error))?;
    Ok(file)
}

fn refused(place: String, error: TryLockError) -> LoginError {
    match error {
        TryLockError::WouldBlock => LoginError::Busy { place },
        TryLockError::Error(source) => LoginError::Lock { place, source },
    }
}

/// Opens a login's first place, where its lock is. Nothing is written there.
fn open(login: &OwnLogin, host: &Host) -> Result<(String, File), LoginError> {
    let place = login.places.first().cloned().unwrap_or_default();
    let path = host.expand(&login.places).into_iter().next().unwrap_or_default();
    match File::open(path) {
        Ok(file) => Ok((place, file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(LoginError::Absent { place }),
        Err(source) => Err(LoginError::Lock { place, source }),
    }
}

/// Returns what a room shows of a login, as far as it is there: outer places before what is sealed in them.
pub(crate) fn shown(login: &OwnLogin, host: &Host) -> Vec<Own> {
    let own = |sealed: bool| move |(inside, outside): (PathBuf, PathBuf)| Own { inside, outside, sealed };
    let places = host.in_home(&login.places).into_iter().map(own(false));
    places.chain(host.in_home(&login.sealed).into_iter().map(own(true))).collect()
}

/// Returns what was put where a program would obey it later, and was not there before: `before` is what `shown` gave.
pub(crate) fn planted(login: &OwnLogin, host: &Host, before: &[Own]) -> Vec<String> {
    let was = |path: &String| {
        let inside = path.trim_start_matches("~/");
        before.iter().any(|own| own.sealed && own.inside == Path::new(inside))
    };
    let is =
        |path: &String| host.expand(std::slice::from_ref(path)).iter().any(|p| p.symlink_metadata().is_ok());
    login.sealed.iter().filter(|path| !was(path) && is(path)).cloned().collect()
}

/// The credentials in a login's files as far as they were seen, renewed ones too: they are read to be kept out of what is
/// written. What is in no JSON is not known, nor is one that never stood in a file.
#[derive(Debug)]
pub(crate) struct Credentials {
    files: Vec<(PathBuf, Option<Stamp>)>,
    found: Vec<String>,
}

/// A file's time, number and length: by one of them a file that was written again differs.
type Stamp = (SystemTime, u64, u64);

impl Credentials {
    /// Reads a login's.
    pub(crate) fn of(login: &OwnLogin, host: &Host) -> Credentials {
        let files = host.expand(&login.credentials).into_iter().map(|path| (path, None)).collect();
        let mut credentials = Credentials { files, found: vec![] };
        credentials.again();
        credentials
    }

    /// Reads the files that were written since; returns whether there is a credential that was not known.
    pub(crate) fn again(&mut self) -> bool {
        let before = self.found.len();
        for (path, seen) in &mut self.files {
            let stamp = stamp(path);
            if std::mem::replace(seen, stamp) == stamp {
                continue;
            }
            let small = stamp.is_some_and(|(_, _, length)| length <= LARGEST);
            let text = small.then(|| fs::read(&*path).ok()).flatten().unwrap_or_default();
            if let Ok(value) = serde_json::from_slice::<Value>(&text) {
                collect(&value, &mut self.found);
            }
        }
        self.found.len() > before
    }

    /// Reads all files, whatever their times say; returns whether there is a credential that was not known.
    pub(crate) fn afresh(&mut self) -> bool {
        self.files.iter_mut().for_each(|(_, seen)| *seen = None);
        self.again()
    }

    /// Returns them by names for them.
    pub(crate) fn named(&self) -> impl Iterator<Item = (String, &str)> {
        self.found.iter().enumerate().map(|(n, value)| (format!("of the login {}", n + 1), value.as_str()))
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.ino(), about.len()))
}

/// Returns whether a value of a login's file could be a credential, and is no address or name such as stand in code too.
pub(crate) fn could_be_one(value: &str) -> bool {
    !value.contains("://") && value.bytes().any(|byte| byte.is_ascii_digit())
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        // Without a look at its name: a login's file holds little else, and what is veiled too much does no harm.
        Value::String(text) if text.len() >= SHORTEST && !text.contains(char::is_whitespace) => {
            if !found.contains(text) {
                found.push(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> (tempfile::TempDir, Host, OwnLogin) {
        let home = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put(".tool/auth.json", r#"{"tokens":{"access":"planted-access-1234"},"mode":"browser","n":1}"#);
        put(".tool/settings.json", "{}");
        put(".tool.json", "{}");
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
        let own = OwnLogin {
            places: texts(&["~/.tool", "~/.tool.json", "~/.absent"]),
            sealed: texts(&["~/.tool/settings.json", "~/.tool/hooks"]),
            credentials: texts(&["~/.tool/auth.json"]),
        };
        let host = Host { home: Some(home.path().to_owned()), ..Host::default() };
        (home, host, own)
    }

    #[test]
    fn one_run_at_a_time_has_a_login_and_its_own_trials_join_it() {
        let (_home, host, own) = login();
        let busy = |result: Result<File, LoginError>| matches!(result, Err(LoginError::Busy { .. }));
        let run = take(&own, &host).unwrap();
        assert!(busy(take(&own, &host)), "another run has it");
        let trial = join(&own, &host).unwrap();
        drop(run);
        assert!(busy(take(&own, &host)), "a trial that outlived its run still works with it");
        drop(trial);
        assert!(take(&own, &host).is_ok());
        let absent = OwnLogin { places: vec!["~/.absent".to_owned()], sealed: vec![], credentials: vec![] };
        assert!(matches!(take(&absent, &host), Err(LoginError::Absent { .. })));
    }

    #[test]
    fn what_is_there_is_shown_and_what_would_be_obeyed_later_is_sealed() {
        let (home, host, own) = login();
        let before = shown(&own, &host);
        let told: Vec<_> = before.iter().map(|own| (own.inside.to_str().unwrap(), own.sealed)).collect();
        assert_eq!(told, [(".tool", false), (".tool.json", false), (".tool/settings.json", true)]);
        assert_eq!(planted(&own, &host, &before), Vec::<String>::new());
        fs::create_dir(home.path().join(".tool/hooks")).unwrap();
        assert_eq!(planted(&own, &host, &before), ["~/.tool/hooks"]);
    }

    #[test]
    fn its_credentials_are_known_and_renewed_ones_too() {
        let (home, host, own) = login();
        let file = home.path().join(".tool/auth.json");
        let mut known = Credentials::of(&own, &host);
        let named = |known: &Credentials| known.named().map(|(n, v)| format!("{n}: {v}")).collect::<Vec<_>>();
        let first = "of the login 1: planted-access-1234";
        assert_eq!(named(&known), [first]);
        assert!(!known.again() && !known.afresh());
        // As programs do it: half of it, then whole, and in the place of the old one.
        fs::write(&file, r#"{"access":"renew"#).unwrap();
        assert!(!known.again());
        fs::write(&file, r#"{"access":"renewed-access-5678"}"#).unwrap();
        assert!(known.again());
        assert_eq!(named(&known), [first, "of the login 2: renewed-access-5678"]);
        fs::remove_file(&file).unwrap();
        assert!(!known.again());
        assert_eq!(named(&known).len(), 2);
    }

    #[test]
    fn an_address_or_a_scope_is_no_credential() {
        assert!(could_be_one("planted-access-1234"));
        for not in ["https://api.example.org/v1", "user:inference-profile"] {
            assert!(!could_be_one(not), "{not}");
        }
    }
}
