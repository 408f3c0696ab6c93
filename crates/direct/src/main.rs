//! The bundled sample assistants: real processes that work in the current folder and tell it as a stream of JSON lines.
//!
//! **Invariant:** a sample calls no model and reads nothing outside of its working folder but its own session in its
//! home; it knows the tasks of the sample suite by a playbook and says so. What it claims to consume is marked as simulated.

mod hang;
mod playbook;
mod session;
mod stream;
mod tests_run;
mod who;
mod work;

use std::io::{self, Read, Write};
use std::process::ExitCode;

use crate::stream::Stream;
use crate::who::Who;

const USAGE: &str = "usage: fairtrial-sample aster|birch|cedar|dogwood|elder|fir [--resume SESSION | INSTRUCTION]\n\
                     Without INSTRUCTION it is read from standard input, and so is what a resumed session is told.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        [hang::STRAGGLE] => hang::straggle(),
        [hang::STAY] => hang::stay(),
        [name] => with(name, None),
        [name, "--resume", session] => resumed(name, session),
        [name, instruction] => with(name, Some((*instruction).to_owned())),
        _wrong => fail(USAGE),
    }
}

fn with(name: &str, instruction: Option<String>) -> ExitCode {
    let Some(who) = Who::named(name) else { return fail(USAGE) };
    let instruction = match instruction.map_or_else(stdin, Ok) {
        Ok(text) => text,
        Err(error) => return fail(&format!("the instruction cannot be read: {error}")),
    };
    session::keep(who, &instruction);
    let mut stream = Stream::new(io::stdout().lock(), who);
    let done = work::work(who, &instruction, &mut stream).and_then(|()| match who {
        Who::Fir => hang::hang(&mut stream),
        Who::Aster | Who::Birch | Who::Cedar | Who::Dogwood | Who::Elder => stream.end(),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("the stream cannot be written: {error}")),
    }
}

/// Goes on with a session of an earlier process.
fn resumed(name: &str, session: &str) -> ExitCode {
    let Some(who) = Who::named(name) else { return fail(USAGE) };
    let Some(before) = session::of(who, session) else {
        return fail(&format!("there is no session `{session}` here"));
    };
    let feedback = match stdin() {
        Ok(text) => text,
        Err(error) => return fail(&format!("what to go on with cannot be read: {error}")),
    };
    let mut stream = Stream::new(io::stdout().lock(), who);
    match work::again(who, &before, &feedback, &mut stream).and_then(|()| stream.end()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("the stream cannot be written: {error}")),
    }
}

fn stdin() -> io::Result<String> {
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

fn fail(message: &str) -> ExitCode {
    // Nothing is left to do when even standard error is closed.
    let _ = writeln!(io::stderr(), "fairtrial-sample: {message}");
    ExitCode::FAILURE
}
