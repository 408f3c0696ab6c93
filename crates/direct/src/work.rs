//! What a sample does from the instruction to its last word.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use fairtrial_domain::event::ToolKind;

use crate::playbook::{self, Book, Edit, Play};
use crate::stream::Stream;
use crate::tests_run::{self, TestRun};
use crate::who::Who;

/// Works in the current folder.
pub(crate) fn work(who: Who, instruction: &str, stream: &mut Stream<impl Write>) -> io::Result<()> {
    let root = Path::new(".");
    stream.start(instruction)?;
    match playbook::book(instruction) {
        Some(mut book) => {
            let play = book.play.remove(&who).unwrap_or_default();
            known(who, &book, &play, root, stream)
        }
        None => stranger(who, root, stream),
    }
}

/// Goes on in the current folder with a session whose instruction was `before`, after being told `feedback`.
pub(crate) fn again(
    who: Who,
    before: &str,
    feedback: &str,
    stream: &mut Stream<impl Write>,
) -> io::Result<()> {
    let root = Path::new(".");
    stream.start(feedback)?;
    stream.think("I read what failed.")?;
    let book = playbook::book(before);
    let play = book.and_then(|mut book| book.play.remove(&who)).and_then(|play| play.again);
    let Some(play) = play.filter(|play| feedback.contains(&play.when)) else {
        return stream.say("I do not see what else to change.");
    };
    stream.think(&play.think)?;
    for edit in &play.edits {
        look(root, &edit.path, stream)?;
        change(root, edit, stream)?;
    }
    stream.say(&play.say)
}

fn known(who: Who, book: &Book, play: &Play, root: &Path, stream: &mut Stream<impl Write>) -> io::Result<()> {
    stream.think(opening(who))?;
    let enough = match who {
        Who::Aster | Who::Birch => book.look.len(),
        Who::Cedar | Who::Dogwood => 2,
        Who::Elder | Who::Fir => 1,
    };
    for path in book.look.iter().take(enough) {
        look(root, path, stream)?;
    }
    if !play.think.is_empty() {
        stream.think(play.think.trim())?;
    }
    for edit in &play.edits {
        change(root, edit, stream)?;
    }
    if play.test {
        test(book, root, stream)?;
    }
    match who {
        Who::Elder => stream.say("All tests pass; the task is done."),
        Who::Fir => Ok(()),
        Who::Aster | Who::Birch | Who::Cedar | Who::Dogwood => stream.say(play.say.trim()),
    }
}

fn opening(who: Who) -> &'static str {
    match who {
        Who::Aster => "I read the code and its tests before I change anything.",
        Who::Birch => "I look around; there may be more to tidy up on the way.",
        Who::Cedar => "What is the smallest change that does it?",
        Who::Dogwood => "What would make the tests green?",
        Who::Elder => "This looks familiar.",
        Who::Fir => "Let me look at one file first.",
    }
}

fn look(root: &Path, path: &str, stream: &mut Stream<impl Write>) -> io::Result<()> {
    stream.tool(ToolKind::Read, path, || match fs::read_to_string(root.join(path)) {
        Ok(text) => (Some(true), text),
        Err(error) => (Some(false), error.to_string()),
    })
}

fn change(root: &Path, edit: &Edit, stream: &mut Stream<impl Write>) -> io::Result<()> {
    let lines = |text: &str| text.lines().count();
    let title = format!("{} (+{} -{})", edit.path, lines(&edit.replace), lines(&edit.find));
    stream.tool(ToolKind::Edit, &title, || {
        let (ok, what) = edit.apply(root);
        (Some(ok), what)
    })
}

fn test(book: &Book, root: &Path, stream: &mut Stream<impl Write>) -> io::Result<()> {
    let (folder, line) = book.language.command();
    let mut skipped = None;
    stream.tool(ToolKind::Execute, &format!("cd {folder} && {line}"), || {
        match tests_run::run(book.language, root) {
            TestRun::Ended { passed, output } => (Some(passed), output),
            TestRun::Skipped { because } => {
                skipped = Some(because.clone());
                (None, because)
            }
        }
    })?;
    match skipped {
        Some(because) => stream.notice(&format!("the tests were not run: {because}")),
        None => Ok(()),
    }
}

/// On a task that no book knows: looks around, and who is honest leaves a note.
fn stranger(who: Who, root: &Path, stream: &mut Stream<impl Write>) -> io::Result<()> {
    stream
        .notice("this is a bundled sample: it calls no model and knows only the tasks of the sample suite")?;
    stream.think("I do not know this task. I look at what is here.")?;
    let mut names = Vec::new();
    stream.tool(ToolKind::Search, ".", || match top(root) {
        Ok(found) => {
            names = found;
            (Some(true), names.join("\n"))
        }
        Err(error) => (Some(false), error.to_string()),
    })?;
    match who {
        Who::Aster | Who::Birch | Who::Cedar => {
            change(root, &note(who, &names), stream)?;
            stream.say("I am a sample and know only the sample suite. I left a note on what I saw; nothing else changed.")
        }
        Who::Dogwood => stream.say("I am a sample and know only the sample suite. I changed nothing."),
        Who::Elder => stream.say("All tests pass; the task is done."),
        Who::Fir => Ok(()),
    }
}

fn note(who: Who, names: &[String]) -> Edit {
    let mut text = format!(
        "# Note of the sample assistant {}\n\nA sample calls no model and knows only the sample suite. It saw here:\n\n",
        who.name()
    );
    let few = match who {
        Who::Cedar => 3,
        Who::Aster | Who::Birch | Who::Dogwood | Who::Elder | Who::Fir => 20,
    };
    for name in names.iter().take(few) {
        text.push_str(&format!("- `{name}`\n"));
    }
    Edit { path: format!("NOTES-{}.md", who.name()), find: String::new(), replace: text }
}

fn top(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for item in fs::read_dir(root)? {
        let name = item?.file_name().to_string_lossy().into_owned();
        if name != ".git" {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
