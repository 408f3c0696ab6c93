//! Whose model a name belongs to: a dated table of families with its sources, vendored as data.
//!
//! **Invariant:** a name that the table does not know has no family; none is guessed.

use std::sync::OnceLock;

use serde::Deserialize;

const TABLE: &str = include_str!("../data/families.json");

/// Models that come from one maker and are trained alike, as far as that is public.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Family {
    /// Its name.
    pub family: String,
    /// How the names of its models begin.
    models: Vec<String>,
    /// Its maker, as it stands before a model's name where several makers are served.
    vendors: Vec<String>,
    /// Words that name it in a text.
    pub names: Vec<String>,
    /// Where its models are listed.
    pub source: String,
}

#[derive(Deserialize)]
struct Table {
    families: Vec<Family>,
}

/// Returns every family that is known.
pub fn families() -> &'static [Family] {
    static READ: OnceLock<Table> = OnceLock::new();
    let read = || serde_json::from_str(TABLE).expect("a test reads the table");
    &READ.get_or_init(read).families
}

/// Returns the family of a model by its name as an API takes it: `claude-…`, `us.anthropic.claude-…`,
/// `openai/gpt-…`; `None` when it is not known.
pub fn family(model: &str) -> Option<&'static Family> {
    let name = model.to_ascii_lowercase();
    let parts: Vec<&str> = name.split(['/', '.', ':']).collect();
    let by = |is: &dyn Fn(&Family, &str) -> bool| {
        parts.iter().find_map(|part| families().iter().find(|family| is(family, part)))
    };
    by(&|family, part| family.vendors.iter().any(|vendor| vendor == part))
        .or_else(|| by(&|family, part| family.models.iter().any(|start| begins(part, start))))
}

/// Returns whether a name begins with a family's word, and not only with its letters.
fn begins(name: &str, start: &str) -> bool {
    let numbered = start.ends_with(|c: char| c.is_ascii_digit());
    name.strip_prefix(start).is_some_and(|rest| {
        let next = rest.chars().next();
        next.is_none_or(|c| if numbered { !c.is_ascii_alphanumeric() } else { !c.is_ascii_alphabetic() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices;

    fn of(model: &str) -> Option<&'static str> {
        family(model).map(|family| family.family.as_str())
    }

    #[test]
    fn a_model_is_told_by_its_name_or_its_maker() {
        for (model, wanted) in [
            ("claude-opus-4-6", Some("claude")),
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", Some("claude")),
            ("anthropic/whatever-comes", Some("claude")),
            ("GPT-5.5", Some("gpt")),
            ("gpt4o", Some("gpt")),
            ("o3-mini", Some("gpt")),
            ("openai.gpt-oss-120b-1:0", Some("gpt")),
            ("o30", None),
            ("gptlike", None),
            ("gemini-3-pro", Some("gemini")),
            ("qwen.qwen3-coder-next", Some("qwen")),
            ("scripted-model", None),
            ("", None),
            ("..//", None),
        ] {
            assert_eq!(of(model), wanted, "{model}");
        }
    }

    #[test]
    fn the_table_of_prices_agrees() {
        let own = [("anthropic", "claude"), ("openai", "gpt"), ("gemini", "gemini")];
        let (mut known, mut unknown) = (0, vec![]);
        for (provider, model) in prices::table().models() {
            let wanted = own.iter().find(|(name, _)| *name == provider).map(|(_, family)| *family);
            match (of(model), wanted) {
                (Some(found), Some(wanted)) => assert_eq!(found, wanted, "{model}"),
                (Some(_), None) => {}
                (None, _) => {
                    unknown.push(model);
                    continue;
                }
            }
            known += 1;
        }
        assert!(known > 500 && unknown.len() * 50 < known, "{known} are known, not these: {unknown:?}");
    }

    #[test]
    fn every_family_has_a_source_and_knows_its_own_words() {
        for one in families() {
            assert!(one.source.starts_with("https://"), "{one:?}");
            for name in one.models.iter().chain(&one.vendors) {
                assert_eq!(of(name), Some(one.family.as_str()), "{name}");
            }
        }
    }
}
