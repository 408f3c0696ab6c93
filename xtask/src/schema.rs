//! Writes what others read: TypeScript types for the interface, JSON Schema for machines.
//!
//! **Invariant:** every file here is a function of the Rust types; `check` fails when one was edited or is stale.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fairtrial_api::call::{Action, Query};
use fairtrial_api::view;
use fairtrial_domain::audit::TaskAudit;
use fairtrial_domain::comparison::SelfTest;
use fairtrial_domain::diff::{Columns, Stacked};
use fairtrial_domain::journal::JournalLine;
use fairtrial_domain::preflight::Preflight;
use fairtrial_report::RunJson;
use ts_rs::{Config, TS, TypeVisitor};

/// Why the generated files could not be written, or are stale.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A file could not be read or written.
    #[error("could not access `{path}`")]
    Access {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A generated file differs from the types.
    #[error("`{0}` is stale: run `cargo xtask schema`")]
    Stale(PathBuf),
}

/// Writes every generated file under `root`.
pub fn write(root: &Path) -> Result<(), SchemaError> {
    for (path, text) in files() {
        let path = root.join(path);
        let access = |source| SchemaError::Access { path: path.clone(), source };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(access)?;
        }
        fs::write(&path, text).map_err(access)?;
    }
    Ok(())
}

/// Fails when a generated file under `root` differs from the types.
pub fn check(root: &Path) -> Result<(), SchemaError> {
    for (path, text) in files() {
        let full = root.join(&path);
        let found = fs::read_to_string(&full).map_err(|source| SchemaError::Access { path: full, source })?;
        if found != text {
            return Err(SchemaError::Stale(path));
        }
    }
    Ok(())
}

fn files() -> Vec<(PathBuf, String)> {
    vec![
        ("ui/src/api/types.ts".into(), typescript()),
        ("docs/schema/run.json".into(), json_schema(&schemars::schema_for!(RunJson))),
        ("docs/schema/journal.json".into(), json_schema(&schemars::schema_for!(JournalLine))),
    ]
}

fn json_schema(schema: &schemars::Schema) -> String {
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    text
}

/// Returns one module with every type that a call can carry, by name.
fn typescript() -> String {
    let mut types = Declarations { config: Config::new().with_large_int("number"), found: BTreeMap::new() };
    types.visit::<Query>();
    types.visit::<Action>();
    types.visit::<view::Home>();
    types.visit::<view::RepositoryView>();
    types.visit::<view::PlanPreview>();
    types.visit::<TaskAudit>();
    types.visit::<Preflight>();
    types.visit::<SelfTest>();
    types.visit::<view::RunView>();
    types.visit::<view::LiveBatch>();
    types.visit::<view::TrialView>();
    types.visit::<view::DiffIndex>();
    types.visit::<view::Scoreboard>();
    types.visit::<view::ErrorDto>();
    types.visit::<Stacked>();
    types.visit::<Columns>();
    let mut text = String::from("// Written by `cargo xtask schema` from the Rust types. Do not edit.\n");
    for declaration in types.found.values() {
        text.push_str("\nexport ");
        text.push_str(declaration);
        text.push('\n');
    }
    text
}

struct Declarations {
    config: Config,
    found: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // Only declared types have a path; the others are written where they are used.
        if T::output_path().is_some() {
            let name = T::ident(&self.config);
            if self.found.contains_key(&name) {
                return;
            }
            self.found.insert(name, T::decl(&self.config));
        }
        T::visit_generics(self);
        T::visit_dependencies(self);
    }
}
