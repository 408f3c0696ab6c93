//! What this machine has for a fair run, what is missing, and what to do about it.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

use fairtrial_domain::bundle::{Tier, TierChoice, TierReport};
use fairtrial_domain::values;

use crate::error::{ApiError, describe};
use crate::view::TierStatus;
use crate::{Api, assistants};

values! {
    /// What `fairtrial doctor` tells.
    pub struct Doctor {
        /// The product's version.
        pub version: String,
        /// The data folder.
        pub data: String,
        /// The isolation that cells have here.
        pub tier: TierStatus,
        /// Every isolation: what it promises, and what keeps this machine from it.
        pub tiers: Vec<TierReport>,
        /// What stands around a cell here beside its namespaces, and what does not.
        pub notes: Vec<String>,
        /// Toolchains that tasks often need, and where they are.
        pub tools: Vec<ToolStatus>,
        /// Assistants that can start.
        pub ready: Vec<String>,
        /// Each thing that is amiss, with the remedy; empty when all is well.
        pub remedies: Vec<String>,
    }

    /// A toolchain.
    pub struct ToolStatus {
        /// Its program.
        pub name: String,
        /// Where it is; `None` when it is missing.
        pub path: Option<String>,
    }
}

/// What `fairtrial-cell detect` tells.
#[derive(Clone, serde::Deserialize)]
struct Detected {
    #[serde(flatten)]
    status: TierStatus,
    notes: Vec<String>,
    tiers: Vec<TierReport>,
}

/// Toolchains of the sample suite, and git, which prepares bases.
const TOOLS: &[&str] = &["git", "python3", "cargo", "node"];

impl Api {
    /// Returns what isolation a cell has here.
    pub(crate) fn tier(&self) -> TierStatus {
        self.detected().status.clone()
    }

    /// Returns every isolation as it stands here.
    pub(crate) fn tiers(&self) -> Vec<TierReport> {
        self.detected().tiers.clone()
    }

    /// Asks a cell, once for the life of this process.
    fn detected(&self) -> &'static Detected {
        static FOUND: OnceLock<Detected> = OnceLock::new();
        FOUND.get_or_init(|| {
            self.ask_a_cell().unwrap_or_else(|error| Detected {
                status: TierStatus { tier: Tier::Plain, reason: Some(describe(&error)) },
                tiers: Tier::ALL.map(|tier| tier.report(Some(describe(&error)))).into(),
                notes: vec![],
            })
        })
    }

    fn ask_a_cell(&self) -> Result<Detected, ApiError> {
        let program = self.home.program("fairtrial-cell")?;
        let undelegated = fairtrial_cell::settle().err();
        let output = Command::new(&program)
            .arg("detect")
            .stdin(Stdio::null())
            .output()
            .map_err(ApiError::access("start", &program))?;
        let mut detected: Detected = serde_json::from_slice(&output.stdout)?;
        let told =
            undelegated.map(|why| format!("rooms have no control group of their own: {}", describe(&why)));
        detected.notes.extend(told);
        Ok(detected)
    }

    /// Refuses a tier that was asked for and that this machine does not have.
    pub(crate) fn check_tier(&self, choice: TierChoice) -> Result<(), ApiError> {
        let Some(tier) = choice.only() else { return Ok(()) };
        let missing = self.detected().tiers.iter().find(|one| one.tier == tier);
        match missing.and_then(|one| one.missing.as_ref()) {
            Some(reason) => Err(ApiError::BadRequest(format!(
                "the isolation that was asked for, {}, cannot be had here: {reason}",
                tier.words()
            ))),
            None => Ok(()),
        }
    }

    /// Looks at this machine.
    pub fn doctor(&self) -> Result<Doctor, ApiError> {
        let detected = self.detected().clone();
        let tools: Vec<ToolStatus> = TOOLS
            .iter()
            .map(|name| ToolStatus {
                name: (*name).to_owned(),
                path: assistants::on_path(name).map(|path| path.display().to_string()),
            })
            .collect();
        let mut remedies = vec![];
        if let Some(reason) = &detected.status.reason {
            let walls = detected.status.tier.carries_verdict();
            let lack = if walls { "have less than full isolation" } else { "are not isolated" };
            remedies.push(format!("cells {lack} here: {reason}"));
        }
        for program in ["fairtrial-cell", "fairtrial-sample"] {
            if let Err(error) = self.home.program(program) {
                remedies.push(error.to_string());
            }
        }
        for tool in tools.iter().filter(|tool| tool.path.is_none()) {
            remedies
                .push(format!("`{}` is not on the PATH: tasks that need it cannot be checked", tool.name));
        }
        let statuses = assistants::statuses(&self.home)?;
        Ok(Doctor {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data: self.home.data().display().to_string(),
            tier: detected.status,
            tiers: detected.tiers,
            notes: detected.notes,
            tools,
            ready: statuses.into_iter().filter(|one| one.hurdle.is_none()).map(|one| one.title).collect(),
            remedies,
        })
    }
}
