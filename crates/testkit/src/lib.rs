//! What tests need and products do not have: a scripted model server on loopback, small repositories, and the way to
//! the real programs where they are installed.
//!
//! An end-to-end test with a real program:
//!
//! ```no_run
//! use fairtrial_testkit::{ModelServer, Program, Script, calculator, real_program};
//!
//! let program = match real_program("claude") {
//!     Program::Found { path, .. } => path,
//!     Program::Missing { reason } => {
//!         println!("skipped: {reason}");
//!         return Ok(());
//!     }
//! };
//! let repo = calculator()?; // `calc.py` subtracts where it should add
//! let server = ModelServer::start(Script::calculator_fix())?;
//! // Configure the assistant with `base_url = server.anthropic_url()` (Claude Code) or `server.openai_url()` (Codex,
//! // model `CODEX_MODEL`), any key, and the network `host`; run it in `repo.path()`; then:
//! let consumed = Script::calculator_fix().tokens(); // what its stream must add up to
//! let asked = server.requests();
//! # Ok::<(), std::io::Error>(())
//! ```

mod model;
mod program;
mod repo;
mod script;

/// A stand-in for Kiro's command line, as a program of Python: what its documents say of `kiro-cli acp`.
pub const KIRO_STAND_IN: &str = include_str!("kiro.py");

pub use model::{ModelServer, Request};
pub use program::{Program, real_program};
pub use repo::{Repo, calculator, repo};
pub use script::{CODEX_MODEL, Failing, Failure, Script, Step, Tokens, Tool};
