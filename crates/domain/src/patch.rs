//! A patch: what a workspace holds that its base does not, with both sides in full.
//!
//! **Invariant:** paths are relative, use `/`, hold no `..` and no `.git` component, and are sorted.

use crate::id::Digest;

values! {
    /// The difference between a base and a workspace.
    #[derive(Default)]
    pub struct Patch {
        /// Changed files, by path.
        pub files: Vec<FileChange>,
        /// What was found and left out, with the reason.
        pub flags: Vec<CaptureFlag>,
    }

    /// One file's two sides. A rename is a removal and an addition; pairing is `fairtrial-patch`'s work.
    pub struct FileChange {
        /// Where it is.
        pub path: String,
        /// As it is in the base; `None` when it is new.
        pub before: Option<Side>,
        /// As it is in the workspace; `None` when it is gone.
        pub after: Option<Side>,
    }

    /// A file at one moment.
    pub struct Side {
        /// What it is.
        pub mode: FileMode,
        /// What it holds; for a symlink, its target.
        pub content: Content,
    }

    /// What a file is, as git can say it.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum FileMode {
        /// 100644.
        Regular,
        /// 100755.
        Executable,
        /// 120000.
        Symlink,
    }

    /// What a file holds.
    #[derive(Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum Content {
        /// Valid UTF-8 without NUL.
        Text(String),
        /// Anything else, in base64.
        Binary(String),
    }

    /// Something in a workspace that a patch cannot or must not carry.
    #[derive(Eq)]
    pub struct CaptureFlag {
        /// Where; bytes that are no UTF-8 appear as `\xNN`.
        pub path: String,
        /// Why it was left out.
        pub reason: FlagReason,
    }

    /// Why a path is not in the patch.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum FlagReason {
        /// A device, FIFO or socket.
        SpecialFile,
        /// The setuid or setgid bit was set; the file itself is in the patch without it.
        SetId,
        /// The base's ignore rules name it: a build output.
        Ignored,
        /// Inside a nested repository's `.git`.
        NestedGit,
        /// Its name is not valid UTF-8.
        NotUtf8Name,
        /// Larger than a patch may carry.
        TooLarge,
        /// Two names that differ by case only.
        CaseCollision,
        /// A symlink that leads out of the workspace; it is in the patch as text.
        EscapingSymlink,
        /// It could not be read.
        Unreadable,
        /// It held a secret of the trial's; it is in the patch with `[secret NAME]` in that place.
        VeiledSecret,
    }

    /// A patch in figures.
    #[derive(Default, Eq, Copy)]
    pub struct PatchCounts {
        /// Files changed.
        pub files: u64,
        /// Lines added.
        pub added: u64,
        /// Lines removed.
        pub removed: u64,
    }

    /// What a stored patch is called and how large it is.
    #[derive(Eq)]
    pub struct PatchRef {
        /// SHA-256 of its canonical JSON.
        pub digest: Digest,
        /// Its size in lines and files.
        pub counts: PatchCounts,
    }
}

impl Patch {
    /// Returns whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

impl Content {
    /// Returns the text, or `None` for binary content.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Content::Text(text) => Some(text),
            Content::Binary(_) => None,
        }
    }
}
