//! What an assistant wrote, as it came. It is for people who look into it: the journal is what counts.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::STREAM_FILE;

/// The file, made for the first line: who says nothing leaves none.
pub(super) struct RawLog {
    path: PathBuf,
    file: Option<File>,
}

impl RawLog {
    pub(super) fn in_folder(folder: &Path) -> RawLog {
        RawLog { path: folder.join(STREAM_FILE), file: None }
    }

    /// Appends a line; what cannot be written is not kept.
    pub(super) fn write(&mut self, line: &str) {
        if self.file.is_none() {
            self.file = File::create(&self.path).ok();
        }
        if let Some(file) = &mut self.file {
            let _unkept = file.write_all(format!("{line}\n").as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn there_is_a_file_once_there_is_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = RawLog::in_folder(dir.path());
        let path = dir.path().join(STREAM_FILE);
        assert!(!path.exists());
        log.write("a");
        log.write("");
        assert_eq!(fs::read_to_string(path).unwrap(), "a\n\n");
    }
}
