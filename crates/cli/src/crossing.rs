//! Tools × models as they are typed, and the pairs that cannot be, as they are told.

use clap::Args;
use fairtrial_domain::plan::LeftOut;

use crate::commands::aside;

/// Tools and models to cross.
#[derive(Debug, Args)]
pub(crate) struct CrossArgs {
    /// Assistants, each of which works with each of --models; pairs that cannot be are left out with the reason.
    #[arg(long, value_delimiter = ',', value_name = "NAMES", conflicts_with = "assistants")]
    pub(crate) tools: Vec<String>,
    /// Models for --tools, by the names that their programs take.
    #[arg(long, value_delimiter = ',', value_name = "MODELS", conflicts_with = "assistants")]
    pub(crate) models: Vec<String>,
}

/// Tells which pairs are left out, beside the result.
pub(crate) fn tell(left_out: &[LeftOut]) {
    for LeftOut { tool, model, reason } in left_out {
        aside(&format!("{tool} with {model} is left out: {reason}"));
    }
}
