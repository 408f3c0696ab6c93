//! What `docs/assistants.md` shows can be copied: every example parses, and its words about defaults hold.

use std::path::Path;

use fairtrial_backends::config::parse;
use fairtrial_domain::assistant::BackendKind;
use fairtrial_domain::task::Network;

/// Returns the blocks of a language in a page.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```"))
        .map(|(block, _)| block.to_owned())
        .collect()
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/assistants.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_documented_example_parses() {
    let blocks = blocks(&page(), "toml");
    assert_eq!(blocks.len(), 1);
    let read = parse(&blocks[0]).unwrap();
    let [claude, codex, script] = read.as_slice() else { panic!("{read:?}") };
    assert_eq!(
        [claude.backend, codex.backend, script.backend],
        [BackendKind::ClaudeCode, BackendKind::Codex, BackendKind::Command]
    );
    // The page says which network each has without being asked.
    assert_eq!([&codex.network, &script.network], [&Network::Host, &Network::None]);
    assert_eq!(claude.version.as_deref(), Some("2.1.197"));
    assert!(codex.price.is_some());
}
