//! `fairtrial-model-server [SCRIPT.json]`: the scripted model server until standard input closes. Without a script it
//! plays the calculator's repair. Prints one line of JSON with its addresses.

use std::io::{self, Read, Write};

use fairtrial_testkit::{ModelServer, Script};

fn main() -> io::Result<()> {
    let script = match std::env::args_os().nth(1) {
        Some(file) => serde_json::from_slice(&std::fs::read(file)?).map_err(io::Error::other)?,
        None => Script::calculator_fix(),
    };
    let server = ModelServer::start(script)?;
    let started = serde_json::json!({
        "port": server.port(), "anthropic": server.anthropic_url(), "openai": server.openai_url(),
    });
    let mut out = io::stdout();
    writeln!(out, "{started}")?;
    out.flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    let mut log = io::stderr();
    for request in server.requests() {
        let step = request.step.map_or_else(|| "-".to_owned(), |step| step.to_string());
        writeln!(log, "{} {} {} step {step}", request.method, request.path, request.status)?;
    }
    Ok(())
}
