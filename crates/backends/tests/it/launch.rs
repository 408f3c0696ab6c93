//! What is started, for each back end.

use std::collections::BTreeMap;
use std::path::Path;

use fairtrial_backends::{Input, Launch, LaunchError, LaunchSpec, Reader, backend, known, samples, start};
use fairtrial_domain::assistant::{Assistant, BackendKind, Price, PromptBy};
use fairtrial_domain::event::{EventKind, StreamEnd};

use crate::plain;

const INSTRUCTION: &str = "--fix \"it\"\nnow";

fn launch(assistant: &Assistant, secrets: &[(&str, &str)]) -> Result<Launch, LaunchError> {
    resumed(assistant, secrets, None)
}

fn resumed(
    assistant: &Assistant,
    secrets: &[(&str, &str)],
    session: Option<&str>,
) -> Result<Launch, LaunchError> {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    };
    let spec = LaunchSpec {
        assistant,
        instruction: INSTRUCTION,
        program: Path::new("/bin/prog"),
        workspace: Path::new("/ws"),
        home: Path::new("/h"),
        secrets: &map(secrets),
        env: &map(&[("LANG", "C")]),
        meter: None,
        resume: session,
    };
    start(backend(assistant.backend), &spec)
}

#[test]
fn a_session_is_resumed_where_the_program_can_and_refused_where_it_cannot() {
    let keys = [("ANTHROPIC_API_KEY", "k"), ("OPENAI_API_KEY", "k")];
    let words = |kind| resumed(&plain(kind), &keys, Some("s-1")).unwrap().argv.join(" ");
    assert!(words(BackendKind::ClaudeCode).ends_with(" --resume s-1"));
    assert!(words(BackendKind::Codex).ends_with(" --cd /ws resume s-1 -"));
    assert!(words(BackendKind::Sample).ends_with(" --resume s-1"));
    assert!(words(BackendKind::Qwen).ends_with(" --resume s-1"));
    let key = [("COPILOT_PROVIDER_API_KEY", "k")];
    let copilot = resumed(&plain(BackendKind::Copilot), &key, Some("s-1")).unwrap();
    assert_eq!(copilot.argv.last().unwrap(), "--resume=s-1");
    for kind in [BackendKind::Opencode, BackendKind::Kilo] {
        let some = Assistant { model: Some("m".into()), ..plain(kind) };
        assert!(resumed(&some, &keys, Some("s-1")).unwrap().argv.join(" ").ends_with(" --session s-1"));
    }
    for (kind, arguments) in [
        (BackendKind::ClaudeCode, &["--no-session-persistence"][..]),
        (BackendKind::Codex, &["--ephemeral"]),
        (BackendKind::Pi, &["--no-session"]),
        (BackendKind::Qwen, &["--no-chat-recording"]),
        (BackendKind::Qwen, &["--chat-recording=false"]),
        (BackendKind::Qwen, &["--chat-recording", "false"]),
    ] {
        let args = arguments.iter().map(|word| (*word).to_owned()).collect();
        assert!(!backend(kind).can_resume(&Assistant { args, ..plain(kind) }), "{arguments:?}");
        assert!(backend(kind).can_resume(&plain(kind)), "{kind:?}");
    }
    let refused = resumed(&plain(BackendKind::Command), &keys, Some("s-1")).unwrap_err();
    assert_eq!(refused.to_string(), "assistant `aster` cannot resume a session: its trials have one round");
    // It could, and what it then sends is refused.
    assert!(!backend(BackendKind::Gemini).can_resume(&plain(BackendKind::Gemini)));
}

/// Returns how often a reader tells tokens of a session that begins, and of one that is resumed.
fn tellings(kind: BackendKind, read: impl Fn(&mut dyn Reader) -> Vec<EventKind>) -> [usize; 2] {
    let (assistant, none, folder) = (plain(kind), BTreeMap::new(), Path::new("/x"));
    [None, Some("s-1")].map(|resume| {
        let spec = LaunchSpec {
            assistant: &assistant,
            instruction: "",
            program: folder,
            workspace: folder,
            home: folder,
            secrets: &none,
            env: &none,
            meter: None,
            resume,
        };
        let events = read(&mut *backend(kind).session(&spec).unwrap());
        events.iter().filter(|event| matches!(event, EventKind::Usage { .. })).count()
    })
}

#[test]
fn a_count_of_a_whole_session_is_not_told_as_one_of_what_was_resumed() {
    let codex = r#"{"type":"turn.completed","usage":{"input_tokens":5,"output_tokens":2}}"#;
    assert_eq!(tellings(BackendKind::Codex, |reader| reader.stdout(codex)), [1, 0]);
    let qwen = r#"{"type":"result","subtype":"success","is_error":false,"result":"Done.",
        "usage":{"input_tokens":5200,"output_tokens":240,"cache_read_input_tokens":1200}}"#;
    assert_eq!(tellings(BackendKind::Qwen, |reader| reader.stdout(qwen)), [1, 0]);
    let copilot =
        r#"{"modelMetrics":{"m":{"requests":{"count":5},"usage":{"inputTokens":6500,"outputTokens":300}}}}"#;
    assert_eq!(tellings(BackendKind::Copilot, |reader| reader.file("used.json", copilot)), [1, 0]);
    // These count each step by itself.
    let kilo =
        r#"{"type":"step_finish","sessionID":"s-1","part":{"reason":"stop","cost":0,"tokens":{"input":5}}}"#;
    assert_eq!(tellings(BackendKind::Kilo, |reader| reader.stdout(kilo)), [1, 1]);
}

#[test]
fn copilot_names_its_session_when_it_ends() {
    let line = r#"{"type":"result","sessionId":"825c1aee","exitCode":0}"#;
    let [named, end] = backend(BackendKind::Copilot).reader().stdout(line).try_into().unwrap();
    assert_eq!(named, EventKind::Started { session: Some("825c1aee".into()), model: None, version: None });
    assert_eq!(end, EventKind::Ended { end: StreamEnd::Completed });
}

#[test]
fn claude_code_is_started_with_its_key_and_no_updates() {
    let mut assistant = plain(BackendKind::ClaudeCode);
    assistant.model = Some("m".into());
    assistant.effort = Some("high".into());
    assistant.base_url = Some("http://127.0.0.1:1".into());
    assistant.args = vec!["--max-turns".into(), "3".into()];
    let launch = launch(&assistant, &[("ANTHROPIC_API_KEY", "k")]).unwrap();
    assert_eq!(
        launch.argv.join(" "),
        "/bin/prog --print --output-format stream-json --verbose --permission-mode bypassPermissions --model m \
         --effort high --max-turns 3"
    );
    assert_eq!(launch.stdin, Input::Text(INSTRUCTION.to_owned()));
    let env: Vec<String> = launch.env.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(
        env.join(" "),
        "ANTHROPIC_API_KEY=k ANTHROPIC_BASE_URL=http://127.0.0.1:1 CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 \
         CLAUDE_CONFIG_DIR=/h/.claude DISABLE_AUTOUPDATER=1 DISABLE_ERROR_REPORTING=1 DISABLE_TELEMETRY=1 \
         IS_SANDBOX=1 LANG=C NO_COLOR=1"
    );
}

#[test]
fn codex_is_started_with_settings_of_its_own() {
    let mut assistant = plain(BackendKind::Codex);
    assistant.model = Some("m".into());
    assistant.effort = Some("low".into());
    assistant.base_url = Some("http://127.0.0.1:1/v1".into());
    let launch = launch(&assistant, &[("CODEX_API_KEY", "k")]).unwrap();
    assert_eq!(
        launch.argv.join(" "),
        "/bin/prog exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox --color never --cd \
         /ws --model m -"
    );
    assert_eq!(launch.stdin, Input::Text(INSTRUCTION.to_owned()));
    let env: Vec<String> = launch.env.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(env.join(" "), "CODEX_API_KEY=k CODEX_HOME=/h/.codex LANG=C NO_COLOR=1");
    let [(path, settings)] = launch.files.try_into().unwrap();
    assert_eq!(path, ".codex/config.toml");
    assert_eq!(
        settings,
        "check_for_update_on_startup = false\nmodel_provider = \"fairtrial\"\nmodel_reasoning_effort = \"low\"\n\n\
         [analytics]\nenabled = false\n\n[model_providers.fairtrial]\nbase_url = \"http://127.0.0.1:1/v1\"\n\
         env_key = \"CODEX_API_KEY\"\nname = \"fairtrial\"\nwire_api = \"responses\"\n"
    );
}

#[test]
fn without_a_key_a_vendors_program_does_not_start() {
    for (kind, key) in
        [(BackendKind::ClaudeCode, "ANTHROPIC_API_KEY"), (BackendKind::Codex, "OPENAI_API_KEY")]
    {
        let error = launch(&plain(kind), &[("UNRELATED", "k")]).unwrap_err();
        let expected = format!(
            "assistant `aster` has no key: add `secrets = {{ {key} = {{ env = \"{key}\" }} }}` to its table"
        );
        assert_eq!(error.to_string(), expected);
    }
    let mut cloud = plain(BackendKind::ClaudeCode);
    cloud.env.insert("CLAUDE_CODE_USE_BEDROCK".into(), "1".into());
    assert!(launch(&cloud, &[]).is_ok());
}

#[test]
fn a_secret_is_in_the_environment_and_nowhere_else() {
    for kind in [BackendKind::ClaudeCode, BackendKind::Codex, BackendKind::Command, BackendKind::Sample] {
        let keys = [("ANTHROPIC_API_KEY", "hunter2"), ("OPENAI_API_KEY", "hunter2")];
        let launch = launch(&plain(kind), &keys).unwrap();
        assert_eq!(launch.env["OPENAI_API_KEY"], "hunter2");
        let rest = format!("{:?} {:?} {:?}", launch.argv, launch.stdin, launch.files);
        assert!(!rest.contains("hunter2"), "{kind:?}");
        assert!(!format!("{launch:?}").contains("hunter2"), "{kind:?}");
    }
}

#[track_caller]
fn command(prompt: PromptBy, args: &[&str], argv: &[&str], stdin: bool, files: usize) {
    let mut assistant = plain(BackendKind::Command);
    assistant.prompt = prompt;
    assistant.args = args.iter().map(|arg| (*arg).to_owned()).collect();
    let launch = launch(&assistant, &[]).unwrap();
    assert_eq!(launch.argv[0], "/bin/prog");
    assert_eq!(launch.argv[1..], *argv);
    assert_eq!((launch.stdin != Input::Nothing, launch.files.len()), (stdin, files));
}

#[test]
fn a_command_gets_its_instruction_as_argument_input_or_file() {
    command(PromptBy::Argument, &["-p", "{prompt}", "-q"], &["-p", INSTRUCTION, "-q"], false, 0);
    command(PromptBy::Argument, &["-p"], &["-p", INSTRUCTION], false, 0);
    command(PromptBy::Argument, &["--text={prompt}"], &[&format!("--text={INSTRUCTION}")], false, 0);
    command(PromptBy::Stdin, &["{prompt}"], &["{prompt}"], true, 0);
    command(PromptBy::File, &["@{prompt_file}"], &["@/h/instruction.txt"], false, 1);
    command(PromptBy::File, &[], &["/h/instruction.txt"], false, 1);
}

#[test]
fn a_command_refuses_settings_that_would_change_nothing() {
    let mut assistant = plain(BackendKind::Command);
    assistant.model = Some("m".into());
    let error = launch(&assistant, &[]).unwrap_err().to_string();
    assert_eq!(error, "assistant `aster` sets `model`, which its back end does not take: remove it");
}

#[test]
fn the_samples_are_six_and_say_what_they_are() {
    let samples = samples();
    let ids: Vec<&str> = samples.iter().map(|sample| sample.id.as_str()).collect();
    assert_eq!(ids, ["aster", "birch", "cedar", "dogwood", "elder", "fir"]);
    for sample in samples {
        assert!(sample.sample && sample.backend == BackendKind::Sample, "{}", sample.id);
        let launch = launch(&sample, &[]).unwrap();
        assert_eq!(launch.argv, ["/bin/prog", sample.id.as_str()]);
        assert_eq!(launch.stdin, Input::Text(INSTRUCTION.to_owned()));
    }
}

#[test]
fn a_cost_is_known_from_the_stream_or_from_the_users_prices() {
    let known = |assistant: &Assistant| backend(assistant.backend).cost_known(assistant);
    let price = Price { input: 1.0, cache_read: 1.0, cache_write: 1.0, output: 1.0 };
    for (kind, alone, priced) in [
        (BackendKind::ClaudeCode, true, true),
        (BackendKind::Codex, false, true),
        (BackendKind::Command, false, false),
        (BackendKind::Sample, true, true),
    ] {
        let mut assistant = plain(kind);
        assert_eq!(known(&assistant), alone, "{kind:?}");
        assistant.price = Some(price.clone());
        assert_eq!(known(&assistant), priced, "{kind:?}");
    }
}

#[test]
fn with_its_users_own_login_a_program_needs_no_key_and_its_settings_stay_as_they_are() {
    let kinds = [BackendKind::ClaudeCode, BackendKind::Codex, BackendKind::Gemini, BackendKind::Kiro];
    for known in known().iter().filter(|known| known.login.is_some()) {
        assert!(kinds.contains(&known.backend), "{}", known.title);
        let mut assistant = plain(known.backend);
        assistant.own_login = known.login.map(|login| login.own());
        let launch = launch(&assistant, &[]).unwrap();
        assert_eq!(launch.files, vec![], "{}", known.title);
        for variable in ["CLAUDE_CONFIG_DIR", "CODEX_HOME", "KIRO_HOME"] {
            assert!(!launch.env.contains_key(variable), "{variable}");
        }
        let login = known.login.unwrap();
        for inner in login.sealed.iter().chain(login.credentials) {
            let holds = |place: &&str| inner.strip_prefix(*place).is_some_and(|rest| rest.starts_with('/'));
            assert!(login.places.iter().any(holds), "{inner} lies in no place of its own");
        }
        assert!(login.source.starts_with("https://") && !login.terms.is_empty());
    }
}
