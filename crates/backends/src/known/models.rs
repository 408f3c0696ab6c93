//! Which models each back end's program takes, as far as its vendor says so for certain.
//!
//! **Invariant:** what is not certain is open: a pair is refused only where its vendor's documents refuse it.

use fairtrial_domain::assistant::BackendKind;

/// Which models a program takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// None: it has no setting for a model.
    NoModel,
    /// Those of certain families only, while it talks to its vendor's own address.
    Families {
        /// The families, by their names in `wire`'s table.
        families: &'static [&'static str],
        /// Where its vendor says so.
        source: &'static str,
    },
    /// Whatever it is told, or more than is known here.
    Open,
}

/// Names that are a family's by the documents of Claude Code, though they do not begin with its word.
const ALIASES: [(&str, &[&str]); 1] = [("claude", &["sonnet", "opus", "haiku", "opusplan"])];

/// Returns which models a back end's program takes.
pub fn takes(kind: BackendKind) -> Takes {
    match kind {
        BackendKind::Sample | BackendKind::Command | BackendKind::Amp => Takes::NoModel,
        BackendKind::ClaudeCode => {
            Takes::Families { families: &["claude"], source: "https://code.claude.com/docs/en/model-config" }
        }
        BackendKind::Codex => {
            Takes::Families { families: &["gpt"], source: "https://developers.openai.com/codex/models" }
        }
        BackendKind::Gemini => Takes::Families {
            families: &["gemini"],
            source: "https://github.com/google-gemini/gemini-cli/blob/main/docs/cli/model.md",
        },
        BackendKind::Qwen
        | BackendKind::Opencode
        | BackendKind::Kilo
        | BackendKind::Copilot
        | BackendKind::Droid
        | BackendKind::Pi
        | BackendKind::Cline
        | BackendKind::Aider
        | BackendKind::MiniSweAgent
        | BackendKind::Cursor
        | BackendKind::Auggie
        | BackendKind::Goose
        | BackendKind::Kiro
        | BackendKind::Acp
        | BackendKind::Direct => Takes::Open,
    }
}

/// Returns the family that a short name stands for, such as `sonnet` or `opus[1m]` in Claude Code.
pub fn alias(model: &str) -> Option<&'static str> {
    let name = model.to_ascii_lowercase();
    let name = name.split('[').next().unwrap_or_default();
    ALIASES.iter().find(|(_, names)| names.contains(&name)).map(|(family, _)| *family)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use fairtrial_domain::assistant::Assistant;
    use fairtrial_domain::id::AssistantId;

    use super::*;
    use crate::{LaunchError, LaunchSpec, backend};

    #[test]
    fn no_model_is_said_of_just_those_that_refuse_one_when_they_start() {
        let none = BTreeMap::new();
        for kind in BackendKind::ALL {
            let id = AssistantId::parse("one").unwrap();
            let assistant = Assistant { model: Some("m".to_owned()), ..Assistant::new(id, "one", kind) };
            let spec = LaunchSpec {
                assistant: &assistant,
                instruction: "i",
                program: Path::new("/p"),
                workspace: Path::new("/w"),
                home: Path::new("/h"),
                secrets: &none,
                env: &none,
                meter: None,
                resume: None,
            };
            let refused =
                matches!(backend(kind).launch(&spec), Err(LaunchError::Setting { field: "model", .. }));
            // A sample is started without a word on models: it has none.
            assert_eq!(refused || kind == BackendKind::Sample, takes(kind) == Takes::NoModel, "{kind:?}");
        }
    }

    #[test]
    fn a_short_name_has_its_vendors_family() {
        assert_eq!(
            [alias("Opus[1m]"), alias("sonnet"), alias("sonnet-x")],
            [Some("claude"), Some("claude"), None]
        );
    }
}
