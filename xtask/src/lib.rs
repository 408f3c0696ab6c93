//! The project's own tools, as functions, so that the tests can call what `cargo xtask` calls.

pub mod assistants;
pub mod attack;
pub mod bench;
pub mod schema;
pub mod simulate;
pub mod tidy;

use std::path::{Path, PathBuf};

/// Returns the project's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
