//! Text and names that mean something to a terminal or a browser, through to what people look at.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::AttackError;
use super::ground::Ground;
use super::row::{Fared, Row};

/// Says and writes what clears screens, sets titles, fills clipboards, turns text round and runs in pages.
const SCRIPT: &str = "printf '\\033[2J\\033]0;pwned\\007\\033]52;c;cHduZWQ=\\007\\302\\233 31m<script>alert(1)</script>\\342\\200\\256txt\\n'; \
    printf 'x\\033[2J\\302\\205\\342\\200\\256<script>alert(1)</script>\\n' > \"$(printf 'a\\033]0;pwned\\007\\n<img src=x onerror=alert(1)>\\342\\200\\256.txt')\"; \
    printf 'x\\n' > ./-rf; exit 3";

pub(super) fn rows(ground: &Ground) -> Result<Vec<Row>, AttackError> {
    let place = ground.fresh("showing")?;
    let write = |path: &str, text: &str| {
        let path = place.join(path);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        made.map_err(|source| AttackError::Access { path, source })
    };
    write("base/a.txt", "a\n")?;
    write("suite/names/instruction.md", "Say something.\n")?;
    write(
        "suite/names/task.toml",
        "schema_version = \"1.4\"\n\n[metadata.fairtrial]\ntitle = \"Names\"\nkind = \"other\"\n\
         repository = { folder = \"../../base\" }\n\n[[metadata.fairtrial.checks]]\nid = \"there\"\nkind = \"fail_to_pass\"\n\
         run = \"cat ./a?* 1>&2; test -e ./-rf\"\nformat = \"exit\"\ntimeout_sec = 20.0\nhidden = true\n",
    )?;
    let script = serde_json::to_string(SCRIPT)?;
    write(
        "home/assistants.toml",
        &format!(
            "[assistants.names]\nbackend = \"command\"\nprogram = \"/bin/sh\"\nargs = [\"-c\", {script}]\n"
        ),
    )?;
    let suite = place.join("suite").display().to_string();
    let mut terminal = fairtrial(ground, &place, &["run", &suite, "--assistants", "names", "--trials", "1"])?;
    for words in [&["show"][..], &["diff", "latest", "names"], &["report", "--html", "report.html"]] {
        terminal.push_str(&fairtrial(ground, &place, words)?);
    }
    let html = fs::read_to_string(place.join("report.html")).unwrap_or_default();
    let naive = ground.plain(&place.join("base"), SCRIPT)?;
    let list = ground.plain(&place.join("base"), "find . -print; cat ./a?*")?;
    let raw = format!("{}{}", String::from_utf8_lossy(&naive.stdout), String::from_utf8_lossy(&list.stdout));
    let page = format!("<pre>{raw}</pre>");
    let row = |attack: &str, baseline: Fared, cell: Fared| Row {
        group: "showing".to_owned(),
        attack: attack.to_owned(),
        baseline,
        cell,
    };
    let seen = |text: &str| text.contains("names") || text.contains("Names");
    let missing = |text: &str| (!seen(text)).then(|| Fared::Skipped("nothing was shown".to_owned()));
    Ok(vec![
        row(
            "terminal escapes in what is said, in file names and contents",
            orders(&raw),
            missing(&terminal).unwrap_or_else(|| orders(&terminal)),
        ),
        row("markup in an HTML report", markup(&page), missing(&html).unwrap_or_else(|| markup(&html))),
        row(
            "text that is turned round in an HTML report",
            turned(&page),
            missing(&html).unwrap_or_else(|| turned(&html)),
        ),
    ])
}

fn fairtrial(ground: &Ground, place: &Path, words: &[&str]) -> Result<String, AttackError> {
    let output = Command::new(ground.program("fairtrial"))
        .args(words)
        .arg("--home")
        .arg(place.join("home"))
        .current_dir(place)
        .output()
        .map_err(|source| AttackError::Start { program: "fairtrial".to_owned(), source })?;
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if output.status.success() {
        Ok(said)
    } else {
        Err(AttackError::Failed { what: format!("fairtrial {}", words.join(" ")), said })
    }
}

/// Whether text holds a character that a terminal obeys, or that turns text round.
fn orders(text: &str) -> Fared {
    let bad = text.chars().find(|c| c.is_control() && !"\n\t\r".contains(*c) || is_turning(*c));
    match bad {
        Some(bad) => Fared::Succeeded(format!("it holds U+{:04X}", u32::from(bad))),
        None => Fared::Failed(format!("none in {} characters", text.chars().count())),
    }
}

fn markup(page: &str) -> Fared {
    let bad = ["<script>alert(1)", "<img src=x"].into_iter().find(|bad| page.contains(bad));
    match bad {
        Some(bad) => Fared::Succeeded(format!("it holds {bad}")),
        None => Fared::Failed("every mark is escaped".to_owned()),
    }
}

fn turned(page: &str) -> Fared {
    let bad = page.chars().find(|c| is_turning(*c) || *c == '\u{1b}');
    match bad {
        Some(bad) => Fared::Succeeded(format!("it holds U+{:04X}", u32::from(bad))),
        None => Fared::Failed("such characters are shown by name".to_owned()),
    }
}

fn is_turning(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
