//! The way to the real programs, where they are installed.

use std::env;
use std::path::{Path, PathBuf};

/// A real program, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// It is there.
    Found {
        /// As to be started.
        path: PathBuf,
        /// Folders that it reads beside itself: its package, and Node's installation.
        readable: Vec<PathBuf>,
    },
    /// It is not, and a test should say so and end.
    Missing {
        /// In one sentence.
        reason: String,
    },
}

/// Looks for a real program: in `FAIRTRIAL_REAL_CLIS`, in `target/real-clis`, which `scripts/real-clis.sh` fills, and
/// on the PATH. When the variable is set, there only.
pub fn real_program(name: &str) -> Program {
    let given = env::var_os("FAIRTRIAL_REAL_CLIS").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let target = env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
    let ours = target.join("real-clis/node_modules/.bin");
    let folders = match given {
        Some(folder) => vec![folder],
        None => [ours].into_iter().chain(env::split_paths(&path)).collect(),
    };
    let find = |folders: &[PathBuf], name: &str| {
        folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file())
    };
    let Some(path_found) = find(&folders, name).and_then(|file| file.canonicalize().ok()) else {
        return Program::Missing {
            reason: format!(
                "`{name}` is not installed: run scripts/real-clis.sh, or set FAIRTRIAL_REAL_CLIS"
            ),
        };
    };
    let package = path_found.ancestors().find(|folder| folder.ends_with("node_modules"));
    let node = find(&env::split_paths(&path).collect::<Vec<_>>(), "node");
    let node = node.and_then(|node| node.canonicalize().ok());
    // <prefix>/bin/node
    let node = node.as_deref().and_then(Path::parent).and_then(Path::parent);
    let readable = package.into_iter().chain(node).map(Path::to_path_buf).collect();
    Program::Found { path: path_found, readable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_says_what_to_do() {
        let Program::Missing { reason } = real_program("fairtrial-no-such-program") else {
            panic!("it is there")
        };
        assert!(reason.contains("scripts/real-clis.sh"), "{reason}");
    }
}
