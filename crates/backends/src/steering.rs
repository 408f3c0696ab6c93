//! What of a repository a program obeys though nobody named it: files of instructions, and files that turn on extensions.
//!
//! **Invariant:** data alone. Of a program whose rules are not known nothing is claimed.

use fairtrial_domain::assistant::{Assistant, BackendKind};

use crate::backend;

/// Where a program looks in a repository, as globs; a folder's name stands for all below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steering {
    /// Files that it reads as instructions. Of each group only the first that is there is read.
    pub instructions: &'static [&'static [&'static str]],
    /// Files that turn on MCP servers, plugins, skills, hooks, agents or commands of its own, or settings.
    pub extensions: &'static [&'static str],
    /// Arguments that turn such on: alone, or before `=` or `.`.
    pub arguments: &'static [&'static str],
}

impl Steering {
    /// It takes nothing unasked.
    pub const NONE: Steering = Steering { instructions: &[], extensions: &[], arguments: &[] };

    /// Returns it without instructions, where an argument of the assistant turns these off.
    pub(crate) fn unless(self, assistant: &Assistant, off: &[&str]) -> Steering {
        let is_off = assistant.args.iter().any(|argument| off.contains(&argument.as_str()));
        if is_off { Steering { instructions: &[], ..self } } else { self }
    }

    /// Returns the arguments of an assistant that turn extensions on.
    pub fn turned_on<'a>(&self, assistant: &'a Assistant) -> Vec<&'a str> {
        let turns_on = |argument: &&String| {
            self.arguments.iter().any(|name| {
                argument
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', '.']))
            })
        };
        let name = |argument: &'a String| argument.split('=').next().unwrap_or(argument);
        assistant.args.iter().filter(turns_on).map(name).collect()
    }
}

/// Returns every place where some program looks, in a fixed order and each once.
pub fn places() -> Vec<&'static str> {
    let of = |kind: BackendKind| {
        let assistant = Assistant::new(fairtrial_domain::id::AssistantId::parse("any").ok()?, "", kind);
        // A newer version may look in more places than the one that was driven.
        let versions = [None, Some("999.0")];
        Some(versions.map(|version| backend(kind).steering(&assistant, version)))
    };
    let all = BackendKind::ALL.into_iter().filter_map(of).flatten().flatten();
    let mut places: Vec<&str> = all
        .flat_map(|one| one.instructions.concat().into_iter().chain(one.extensions.iter().copied()))
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Returns whether a version is at least another, number by number; one that cannot be read is not.
pub(crate) fn is_at_least(version: &str, least: &[u64]) -> bool {
    let numbers: Option<Vec<u64>> = version.split('.').map(|part| part.parse().ok()).collect();
    numbers.is_some_and(|numbers| numbers.as_slice() >= least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairtrial_domain::id::AssistantId;

    fn assistant(kind: BackendKind, args: &[&str]) -> Assistant {
        let args = args.iter().map(|word| (*word).to_owned()).collect();
        Assistant { args, ..Assistant::new(AssistantId::parse("one").unwrap(), "One", kind) }
    }

    fn reads(kind: BackendKind, args: &[&str], version: Option<&str>) -> Option<Vec<&'static str>> {
        let steering = backend(kind).steering(&assistant(kind, args), version)?;
        Some(steering.instructions.concat())
    }

    #[test]
    fn each_program_reads_its_own_files_and_of_an_unknown_one_nothing_is_claimed() {
        assert!(reads(BackendKind::ClaudeCode, &[], None).unwrap().contains(&"**/CLAUDE.md"));
        assert!(!reads(BackendKind::ClaudeCode, &[], Some("2.1.197")).unwrap().contains(&"AGENTS.md"));
        assert!(reads(BackendKind::ClaudeCode, &[], Some("2.1.277")).unwrap().contains(&"AGENTS.md"));
        assert_eq!(reads(BackendKind::ClaudeCode, &["--bare"], None), Some(vec![]));
        assert_eq!(reads(BackendKind::Pi, &["-nc"], None), Some(vec![]));
        assert_eq!(reads(BackendKind::Sample, &[], None), Some(vec![]));
        assert_eq!(reads(BackendKind::Command, &[], None), None);
    }

    #[test]
    fn a_program_reads_the_same_whichever_way_it_is_talked_to() {
        let through = |program: &str| {
            let one = Assistant { program: Some(program.to_owned()), ..assistant(BackendKind::Acp, &[]) };
            backend(BackendKind::Acp).steering(&one, None)
        };
        let own = assistant(BackendKind::Gemini, &[]);
        assert_eq!(through("/opt/bin/gemini"), backend(BackendKind::Gemini).steering(&own, None));
        // What an adapter makes its program read was never looked at.
        assert_eq!(through("claude-agent-acp"), None);
    }

    #[test]
    fn arguments_that_turn_extensions_on_are_told_by_name() {
        let on = |kind, args: &[&str]| {
            let one = assistant(kind, args);
            backend(kind).steering(&one, None).unwrap().turned_on(&one).join(" ")
        };
        assert_eq!(on(BackendKind::ClaudeCode, &["--mcp-config=x.json", "--max-turns", "3"]), "--mcp-config");
        assert_eq!(on(BackendKind::Codex, &["-c", "mcp_servers.docs.command=x"]), "mcp_servers.docs.command");
        assert_eq!(on(BackendKind::Codex, &["-c", "model_verbosity=low"]), "");
    }

    #[test]
    fn versions_are_numbers_and_what_is_none_is_old() {
        let least = [2, 1, 277];
        assert!(is_at_least("2.1.277", &least) && is_at_least("2.2", &least) && is_at_least("3.0.1", &least));
        assert!(!is_at_least("2.1.99", &least) && !is_at_least("2.1", &least) && !is_at_least("new", &least));
    }

    #[test]
    fn places_are_told_once_and_stay_in_the_repository() {
        let places = places();
        assert!(places.len() > 40 && places.contains(&"AGENTS.md") && places.contains(&".kiro/steering"));
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
        assert!(places.iter().all(|place| !place.starts_with(['/', '~']) && !place.contains("..")));
    }
}
