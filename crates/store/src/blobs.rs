//! Content on disk, named by its SHA-256 and compressed: `blobs/ab/cdef…`.
//!
//! **Invariant:** a file under its final name is whole: it was written and synced under another one first.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use fairtrial_domain::id::Digest;
use fairtrial_fault as fault;
use sha2::{Digest as _, Sha256};

use crate::StoreError;

const LEVEL: i32 = 3;

#[derive(Debug)]
pub(crate) struct Blobs {
    root: PathBuf,
    next: AtomicU64,
}

impl Blobs {
    pub(crate) fn open(root: &Path) -> Result<Blobs, StoreError> {
        let unfinished = root.join("tmp");
        fs::create_dir_all(&unfinished)
            .map_err(|source| StoreError::from_io("make the folder for content", &unfinished, source))?;
        Ok(Blobs { root: root.to_owned(), next: AtomicU64::new(0) })
    }

    pub(crate) fn put(&self, content: &[u8]) -> Result<Digest, StoreError> {
        let digest = digest_of(content);
        let path = self.path(&digest)?;
        // A damaged file is written anew.
        if self.get(&digest).is_ok() {
            return Ok(digest);
        }
        let unfinished = self.root.join("tmp").join(format!(
            "{}-{}",
            std::process::id(),
            self.next.fetch_add(1, Ordering::Relaxed)
        ));
        let written = write_synced(&unfinished, content).and_then(|()| place(&unfinished, &path));
        if let Err(source) = written {
            // Half a file helps nobody, and the disk may be full.
            let _ = fs::remove_file(&unfinished);
            return Err(StoreError::from_io("write content", &path, source));
        }
        Ok(digest)
    }

    pub(crate) fn get(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let path = self.path(digest)?;
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => {
                return Err(StoreError::NoBlob { digest: digest.clone() });
            }
            Err(source) => return Err(StoreError::from_io("read content", &path, source)),
        };
        let corrupt = || StoreError::Corrupt { digest: digest.clone(), path: path.clone() };
        let content = zstd::decode_all(file).map_err(|_| corrupt())?;
        if digest_of(&content) == *digest { Ok(content) } else { Err(corrupt()) }
    }

    /// Returns every blob with its bytes on disk.
    pub(crate) fn all(&self) -> Result<Vec<(Digest, u64)>, StoreError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::from_io("list content", &path, source)
        };
        let mut all = Vec::new();
        for head in fs::read_dir(&self.root).map_err(failed(&self.root))? {
            let head = head.map_err(failed(&self.root))?;
            let (name, folder) = (head.file_name().to_string_lossy().into_owned(), head.path());
            if name.len() != 2 || !folder.is_dir() {
                continue;
            }
            for tail in fs::read_dir(&folder).map_err(failed(&folder))? {
                let tail = tail.map_err(failed(&folder))?;
                let digest = Digest(format!("{name}{}", tail.file_name().to_string_lossy()));
                let bytes = tail.metadata().map_err(failed(&folder))?.len();
                if self.path(&digest).is_ok() {
                    all.push((digest, bytes));
                }
            }
        }
        all.sort();
        Ok(all)
    }

    /// Returns a blob's bytes on disk; 0 when it is missing.
    pub(crate) fn bytes(&self, digest: &Digest) -> u64 {
        self.path(digest).ok().and_then(|path| Some(fs::metadata(path).ok()?.len())).unwrap_or_default()
    }

    /// Returns what was being written when a process died; only while nobody writes.
    pub(crate) fn unfinished(&self) -> Vec<PathBuf> {
        fs::read_dir(self.root.join("tmp")).into_iter().flatten().flatten().map(|e| e.path()).collect()
    }

    /// Returns whether a blob was written less than `age` ago, or that cannot be told.
    pub(crate) fn is_young(&self, digest: &Digest, age: std::time::Duration) -> bool {
        let written = self.path(digest).ok().and_then(|path| fs::metadata(path).ok()?.modified().ok());
        written.and_then(|at| at.elapsed().ok()).is_none_or(|since| since < age)
    }

    pub(crate) fn remove(&self, digest: &Digest) -> Result<(), StoreError> {
        let path = self.path(digest)?;
        fs::remove_file(&path).map_err(|source| StoreError::from_io("remove content", &path, source))
    }

    fn path(&self, digest: &Digest) -> Result<PathBuf, StoreError> {
        let text = &digest.0;
        let hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if text.len() != 64 || !hex {
            return Err(StoreError::BadDigest { digest: digest.clone() });
        }
        let (head, tail) = text.split_at(2);
        Ok(self.root.join(head).join(tail))
    }
}

fn digest_of(content: &[u8]) -> Digest {
    let sum = Sha256::digest(content);
    Digest(sum.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn write_synced(path: &Path, content: &[u8]) -> std::io::Result<()> {
    fault::point("blob create")?;
    let mut file = File::create_new(path).or_else(|e| {
        // Left by a process that died and had our number.
        if e.kind() == ErrorKind::AlreadyExists { File::create(path) } else { Err(e) }
    })?;
    fault::point("blob write")?;
    file.write_all(&zstd::bulk::compress(content, LEVEL)?)?;
    fault::point("blob sync")?;
    file.sync_all()
}

fn place(unfinished: &Path, path: &Path) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    if !folder.is_dir() {
        fs::create_dir_all(folder)?;
        if let Some(above) = folder.parent() {
            File::open(above)?.sync_all()?;
        }
    }
    fault::point("blob rename")?;
    fs::rename(unfinished, path)?;
    fault::point("blob folder sync")?;
    File::open(folder)?.sync_all()
}
