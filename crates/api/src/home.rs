//! Where things are: the data folder, our own programs, the unpacked samples.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use fairtrial_cell::claim::Claim;
use sha2::{Digest as _, Sha256};

use crate::error::ApiError;

/// The sample suite, so that `fairtrial run samples` works from anywhere. Scripts (`.sh`) are executable.
#[derive(rust_embed::Embed)]
#[folder = "../../samples"]
// Left behind by running the tests in place.
#[exclude = "*/target/*"]
#[exclude = "*/__pycache__/*"]
struct Samples;

/// The data folder and our own programs.
#[derive(Debug, Clone)]
pub struct Home {
    data: PathBuf,
    programs: PathBuf,
}

impl Home {
    /// Finds the data folder: `given`, else `FAIRTRIAL_HOME`, else the platform's place for data.
    ///
    /// # Errors
    /// When none of them names a folder, or it cannot be made.
    pub fn find(given: Option<PathBuf>) -> Result<Home, ApiError> {
        let from = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let under_home = || {
            let home = from("HOME").or_else(|| from("USERPROFILE"))?;
            Some(if cfg!(target_os = "macos") {
                home.join("Library/Application Support")
            } else if cfg!(windows) {
                from("LOCALAPPDATA").unwrap_or_else(|| home.join("AppData/Local"))
            } else {
                home.join(".local/share")
            })
        };
        let data = given
            .or_else(|| from("FAIRTRIAL_HOME"))
            .or_else(|| from("XDG_DATA_HOME").or_else(under_home).map(|place| place.join("fairtrial")))
            .ok_or(ApiError::NoHome)?;
        fs::create_dir_all(&data).map_err(ApiError::access("make", &data))?;
        let data = data.canonicalize().map_err(ApiError::access("find", &data))?;
        let this = env::current_exe().map_err(ApiError::access("find", "the running program"))?;
        let mut programs = this.parent().map(Path::to_path_buf).unwrap_or_default();
        // Test programs lie one folder below the programs that they start.
        if programs.ends_with("deps") {
            programs.pop();
        }
        Ok(Home { data, programs })
    }

    /// Returns the data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Returns the folder of one run.
    pub fn run(&self, run: &fairtrial_domain::id::RunId) -> PathBuf {
        self.data.join("runs").join(run.as_str())
    }

    /// Returns the folder of prepared bases.
    pub fn bases(&self) -> PathBuf {
        self.data.join("bases")
    }

    /// Returns the user's configuration of assistants; it need not exist.
    pub fn assistants_file(&self) -> PathBuf {
        self.data.join("assistants.toml")
    }

    /// Returns a program of ours that lies beside the running one.
    pub fn program(&self, name: &str) -> Result<PathBuf, ApiError> {
        let path = self.programs.join(format!("{name}{}", env::consts::EXE_SUFFIX));
        if path.is_file() { Ok(path) } else { Err(ApiError::ProgramMissing(name.to_owned())) }
    }

    /// Returns the folder of the sample suite, unpacked under a name made of its content.
    pub fn samples(&self) -> Result<PathBuf, ApiError> {
        let mut digest = Sha256::new();
        for path in Samples::iter() {
            let content = Samples::get(&path).map(|file| file.data).unwrap_or_default();
            digest.update((path.len() as u64).to_le_bytes());
            digest.update(path.as_bytes());
            digest.update((content.len() as u64).to_le_bytes());
            digest.update(&content);
        }
        let name: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let folder = self.data.join("samples").join(name);
        if !folder.exists() {
            self.unpack(&folder)?;
        }
        Ok(folder.join("suite"))
    }

    /// Unpacks under a temporary name and renames, so that the folder is whole or absent.
    fn unpack(&self, folder: &Path) -> Result<(), ApiError> {
        let temporary = folder.with_extension(format!("{}.tmp", std::process::id()));
        let _claim = Claim::make(&temporary).map_err(ApiError::access("make", &temporary))?;
        for path in Samples::iter() {
            let content = Samples::get(&path).map(|file| file.data).unwrap_or_default();
            let target = temporary.join(path.as_ref());
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent).map_err(ApiError::access("make", parent))?;
            }
            fs::write(&target, content).map_err(ApiError::access("write", &target))?;
            if path.ends_with(".sh") {
                make_executable(&target).map_err(ApiError::access("mark as executable", &target))?;
            }
        }
        match fs::rename(&temporary, folder) {
            Err(_) if folder.exists() => {
                fs::remove_dir_all(&temporary).map_err(ApiError::access("remove", &temporary))
            }
            other => other.map_err(ApiError::access("make", folder)),
        }
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_are_in_the_program_and_unpack_once() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::find(Some(folder.path().to_path_buf())).unwrap();
        let first = home.samples().unwrap();
        assert!(first.is_dir(), "{}", first.display());
        assert_eq!(home.samples().unwrap(), first);
        assert_eq!(fs::read_dir(folder.path().join("samples")).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_program_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::find(Some(folder.path().to_path_buf())).unwrap();
        assert_eq!(
            home.program("fairtrial-nothing").unwrap_err().to_string(),
            "the program `fairtrial-nothing` is missing beside this one: build or install all of Fairtrial"
        );
    }
}
