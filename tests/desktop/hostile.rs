//! Text that an assistant wrote to take over the window stays text.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fairtrial_tests::Home;
use serde_json::json;

use crate::attack;
use crate::window::{Window, skipped};

/// What the assistant prints, and what a reader sees of it.
const LINES: [(&str, &str); 8] = [
    ("<img src=x onerror=\"window.__pwned=1\">", "<img src=x onerror=\"window.__pwned=1\">"),
    ("<svg onload=\"window.__pwned=2\"></svg>", "<svg onload=\"window.__pwned=2\"></svg>"),
    ("<script>window.__pwned=3</script>", "<script>window.__pwned=3</script>"),
    ("<a href=\"javascript:window.__pwned=4\">here</a>", "<a href=\"javascript:window.__pwned=4\">here</a>"),
    ("report-\u{202e}gnp.exe", "report-‹U+202E›gnp.exe"),
    ("\u{1b}[31mred\u{1b}[0m", "ESC[31mredESC[0m"),
    ("\u{1b}]52;c;c3RvbGVu\u{7}", "ESC]52;c;c3RvbGVuBEL"),
    ("pass\u{200b}word", "pass‹U+200B›word"),
];
const LONG: usize = 1_000_000;
/// Asks for more of a text that was cut.
const MORE: &str = "[data-testid=transcript] [data-testid=show-rest]";
/// The name of a file that it leaves behind.
const FILE: &str = "<img src=x onerror=window.__pwned=5>\u{202e}txt";
const INSTRUCTION: &str = "Write down what is here <img src=x onerror=window.__pwned=6>";

#[tokio::test]
async fn hostile_text_stays_text_and_the_window_stays_ours() {
    if skipped() {
        return;
    }
    let home = Home::new();
    configure_hostile_assistant(&home);
    let window = Window::open(&home).await;
    let repository = small_repository(home.path());
    window.try_here(repository.to_str().unwrap(), INSTRUCTION).await;
    window.wait_for_end().await;
    nothing_came_alive(&window, "[data-testid=lanes]").await;

    let task = window.each("[data-testid=map-cell]", "data-task").await.remove(0);
    window.open_trial((&task, "mallory")).await;
    the_transcript_shows_it_as_text(&window).await;
    nothing_came_alive(&window, "[data-testid=transcript]").await;
    nothing_came_alive(&window, "[data-testid=patch-files]").await;
    window.press("[data-testid=to-diffs]").await;
    window.see("[data-testid=diff-row]").await;
    nothing_came_alive(&window, "main").await;
    window.pictures("hostile-diff").await;

    // The second line of defence: somebody can run scripts in the page after all.
    attack::markup_is_refused_and_reported(&window).await;
    attack::the_window_cannot_be_led_away(&window).await;
    attack::commands_that_were_not_granted_are_refused(&window).await;
    window.close().await;
}

async fn the_transcript_shows_it_as_text(window: &Window) {
    // What is far from the view has no text yet.
    window.show("[data-testid=transcript]").await;
    let words = window
        .until("the transcript", async |window| {
            let words = window.words("[data-testid=transcript]").await;
            words.contains(LINES[0].1).then_some(words)
        })
        .await;
    for (_, shown) in LINES {
        assert!(
            words.contains(shown),
            "{shown} is not shown in: {}",
            words.chars().take(4000).collect::<String>()
        );
    }
    for hidden in ['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}'] {
        assert!(!window.words("body").await.contains(hidden), "{hidden:?} reached the screen");
    }
    // The long line is there, cut, and says that it is.
    assert!(words.contains(&"A".repeat(1000)));
    assert!(words.len() < LONG / 10, "{} characters of it are drawn unasked", words.len());
    window.pictures("hostile-evidence").await;
    while !window.each(MORE, "type").await.is_empty() {
        window.press(MORE).await;
    }
    let words = window.words("[data-testid=transcript]").await;
    assert!(words.contains(" more bytes)"), "what is not shown at all is counted: {}", words.len());
    let files = window.words("[data-testid=patch-files]").await;
    assert!(files.contains("<img src=x onerror=window.__pwned=5>U+202Etxt"), "{files}");
    let instruction = "return document.body.innerText.includes(arguments[0])";
    assert_eq!(window.script(instruction, &[json!(INSTRUCTION)]).await, true);
}

async fn nothing_came_alive(window: &Window, css: &str) {
    window.see(css).await;
    let js = "return [window.__pwned ?? null, document.querySelectorAll(
        `:is(${arguments[0]}) :is(img, script, iframe, object, embed, form, a[href^=javascript], svg[onload])`).length]";
    assert_eq!(window.script(js, &[json!(css)]).await, json!([null, 0]), "in {css}");
}

/// An assistant of the user's own that prints the lines and leaves the file.
fn configure_hostile_assistant(home: &Home) {
    let octal = |text: &str| text.bytes().map(|byte| format!("\\{byte:03o}")).collect::<String>();
    let mut script = String::new();
    for (printed, _) in LINES {
        script.push_str(&format!("printf '{}\\n'\n", octal(printed)));
    }
    script.push_str(&format!("head -c {LONG} /dev/zero | tr '\\0' A\necho\n"));
    script.push_str(&format!("f=$(printf '{}')\nprintf '{}\\n' > \"$f\"\n", octal(FILE), octal(LINES[0].0)));
    let table = format!(
        "[assistants.mallory]\nbackend = \"command\"\nprogram = \"sh\"\nargs = [\"-c\", '''\n{script}''']\n"
    );
    fs::write(home.path().join("assistants.toml"), table).unwrap();
}

fn small_repository(folder: &Path) -> PathBuf {
    let repository = folder.join("shop");
    fs::create_dir_all(&repository).unwrap();
    fs::write(repository.join("README.md"), "A shop.\n").unwrap();
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"];
    for arguments in
        [&["init", "-q"][..], &["add", "."], &[&identity[..], &["commit", "-qm", "one"]].concat()]
    {
        assert!(Command::new("git").arg("-C").arg(&repository).args(arguments).status().unwrap().success());
    }
    repository
}
