//! A session that is saved step by step in the home, and read again to go on with it.
//!
//! **Invariant:** what is read again is what was said, word for word; a record that is not whole is not gone on with.

use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use fairtrial_wire::talk::{Output, Turn};
use serde_json::{Value, json};

/// One session.
pub(crate) struct Session {
    name: String,
    /// Where its steps are saved; `None` where there is no place for them.
    file: Option<File>,
    /// What was said so far.
    pub(crate) turns: Vec<Turn>,
}

impl Session {
    /// Begins a session. Where there is no home it is not saved, and cannot be gone on with.
    pub(crate) fn begin(home: Option<&Path>) -> Session {
        let name = format!("direct-{:016x}", RandomState::new().hash_one(std::process::id()));
        let create = |home: &Path| {
            let path = path(home, &name);
            fs::create_dir_all(path.parent()?).ok()?;
            File::create(path).ok()
        };
        Session { file: home.and_then(create), name, turns: vec![] }
    }

    /// Takes a session up again.
    pub(crate) fn resume(home: Option<&Path>, name: &str) -> io::Result<Session> {
        let refused = |why: &str| io::Error::other(format!("there is no session `{name}` here: {why}"));
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let home =
            home.filter(|_| name.chars().all(is_name)).ok_or_else(|| refused("no such name, or no home"))?;
        let path = path(home, name);
        let text = fs::read_to_string(&path).map_err(|error| refused(&error.to_string()))?;
        let turns = read(&text).ok_or_else(|| refused("what was saved of it is not whole"))?;
        let file = File::options().append(true).open(&path)?;
        Ok(Session { name: name.to_owned(), file: Some(file), turns })
    }

    /// Returns the name to resume it by.
    pub(crate) fn name(&self) -> Option<String> {
        self.file.as_ref().map(|_| self.name.clone())
    }

    /// Adds what the user says.
    pub(crate) fn user(&mut self, text: String) -> io::Result<()> {
        self.save(&json!({ "user": text }))?;
        self.turns.push(Turn::User(text));
        Ok(())
    }

    /// Adds what the model said, with what all of it used so far.
    pub(crate) fn model(&mut self, own: Vec<Value>, usage: &impl serde::Serialize) -> io::Result<()> {
        self.save(&json!({ "model": own, "usage": usage }))?;
        self.turns.push(Turn::Model(own));
        Ok(())
    }

    /// Saves what a tool returned; all of one turn are added at once.
    pub(crate) fn save_output(&mut self, output: &Output) -> io::Result<()> {
        let Output { id, name, text, ok } = output;
        self.save(&json!({ "tool": name, "id": id, "ok": ok, "output": text }))
    }

    fn save(&mut self, line: &Value) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            writeln!(file, "{line}")?;
            file.flush()?;
        }
        Ok(())
    }
}

fn path(home: &Path, name: &str) -> PathBuf {
    home.join(".fairtrial-direct").join(format!("{name}.jsonl"))
}

/// Reads what was saved; `None` where a line is none of ours or the last one is cut.
fn read(text: &str) -> Option<Vec<Turn>> {
    if !text.ends_with('\n') {
        return None;
    }
    let mut turns = vec![];
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).ok()?;
        let word = |name: &str| line[name].as_str().map(str::to_owned);
        if let Some(said) = word("user") {
            turns.push(Turn::User(said));
        } else if let Some(own) = line["model"].as_array() {
            turns.push(Turn::Model(own.clone()));
        } else {
            let output = Output {
                id: word("id")?,
                name: word("tool")?,
                text: word("output")?,
                ok: line["ok"].as_bool()?,
            };
            match turns.last_mut() {
                Some(Turn::Outputs(outputs)) => outputs.push(output),
                Some(Turn::User(_) | Turn::Model(_)) | None => turns.push(Turn::Outputs(vec![output])),
            }
        }
    }
    Some(turns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(id: &str) -> Output {
        Output { id: id.to_owned(), name: "read".to_owned(), text: "a\nb".to_owned(), ok: true }
    }

    #[test]
    fn a_session_is_read_again_as_it_was_said() {
        let home = tempfile::tempdir().unwrap();
        let mut session = Session::begin(Some(home.path()));
        session.user("repair it".to_owned()).unwrap();
        session.model(vec![json!({ "text": "I look" })], &json!({})).unwrap();
        let outputs = vec![output("1"), output("2")];
        for output in &outputs {
            session.save_output(output).unwrap();
        }
        session.turns.push(Turn::Outputs(outputs));
        session.model(vec![json!({ "text": "done" })], &json!({})).unwrap();
        let name = session.name().unwrap();
        let said = session.turns.clone();
        let mut again = Session::resume(Some(home.path()), &name).unwrap();
        assert_eq!(again.turns, said);
        again.user("a test fails".to_owned()).unwrap();
        let third = Session::resume(Some(home.path()), &name).unwrap();
        assert_eq!(third.turns.len(), said.len() + 1, "what followed is saved behind it");
    }

    #[test]
    fn what_is_not_whole_or_not_there_is_not_gone_on_with() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(".fairtrial-direct/cut.jsonl");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "{\"user\":\"x\"}\n{\"mod").unwrap();
        for name in ["cut", "none", "../cut"] {
            assert!(Session::resume(Some(home.path()), name).is_err(), "{name}");
        }
        assert!(Session::begin(None).name().is_none());
    }
}
