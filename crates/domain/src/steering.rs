//! What a base holds by which programs let themselves be steered, and what of it one assistant takes.

use crate::id::Digest;

values! {
    /// Files of a base that steer some program or other: instructions, and what turns extensions on.
    #[derive(Eq, Default)]
    pub struct BaseSteering {
        /// Each, sorted by path.
        pub files: Vec<SteeringFile>,
        /// How many more there are, where they are too many to be listed.
        pub more: u64,
    }

    /// One of them.
    #[derive(Eq)]
    pub struct SteeringFile {
        /// Relative to the workspace's root, with `/`.
        pub path: String,
        /// Its size; of a link within the base, that of the file it leads to.
        pub bytes: u64,
        /// SHA-256 of its content; `None` where it is too large or no file.
        pub digest: Option<Digest>,
    }

    /// What steers an assistant in one task beside the instruction.
    #[derive(Eq, Default)]
    pub struct Steered {
        /// Where its program looks for instructions, as globs.
        pub places: Vec<String>,
        /// The base's files that it reads there.
        pub instructions: Vec<String>,
        /// The base's files that turn on extensions or settings of its program.
        pub extensions: Vec<String>,
        /// Arguments that turn extensions on, by name.
        pub arguments: Vec<String>,
    }
}
