//! The stream of a sample: one `EventKind` as JSON per line, with small real pauses.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use fairtrial_domain::event::{EventKind, StreamEnd, ToolKind};
use fairtrial_domain::usage::{Cost, CostSource, Usage, UsageSource};

use crate::who::Who;

/// Bytes that make one simulated token.
const BYTES_PER_TOKEN: u64 = 4;
/// Simulated dollars per million input tokens and per million output tokens.
const DOLLARS: (f64, f64) = (3.0, 15.0);

/// Writes events and keeps count of what they would have cost.
pub(crate) struct Stream<W: Write> {
    out: W,
    who: Who,
    steps: u64,
    calls: u64,
    read: u64,
    written: u64,
}

impl<W: Write> Stream<W> {
    pub(crate) fn new(out: W, who: Who) -> Self {
        Stream { out, who, steps: 0, calls: 0, read: 0, written: 0 }
    }

    /// Says that the session is open.
    pub(crate) fn start(&mut self, instruction: &str) -> io::Result<()> {
        self.read += instruction.len() as u64;
        self.emit(&EventKind::Started {
            session: Some(crate::session::name(self.who)),
            model: None,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        })
    }

    pub(crate) fn think(&mut self, text: &str) -> io::Result<()> {
        self.written += text.len() as u64;
        self.emit(&EventKind::Thinking { text: text.to_owned() })?;
        self.usage()
    }

    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        self.written += text.len() as u64;
        self.emit(&EventKind::Text { text: text.to_owned() })
    }

    pub(crate) fn notice(&mut self, text: &str) -> io::Result<()> {
        self.emit(&EventKind::Notice { text: text.to_owned() })
    }

    /// Calls a tool: says so, does it, and says what came of it.
    pub(crate) fn tool(
        &mut self,
        kind: ToolKind,
        title: &str,
        act: impl FnOnce() -> (Option<bool>, String),
    ) -> io::Result<()> {
        self.calls += 1;
        let id = format!("call-{}", self.calls);
        self.written += title.len() as u64;
        let name = tool_name(kind).to_owned();
        self.emit(&EventKind::ToolCall { id: id.clone(), name, kind, title: title.to_owned() })?;
        let (ok, output) = act();
        self.read += output.len() as u64;
        self.emit(&EventKind::ToolResult { id, ok, output })?;
        self.usage()
    }

    /// Says that it is done.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.usage()?;
        self.emit(&EventKind::Ended { end: StreamEnd::Completed })
    }

    fn usage(&mut self) -> io::Result<()> {
        let (input, output) = (self.read / BYTES_PER_TOKEN, self.written / BYTES_PER_TOKEN);
        let usd = (input as f64 * DOLLARS.0 + output as f64 * DOLLARS.1) / 1e6;
        let usage = Usage {
            input_uncached: Some(input),
            cache_read: Some(0),
            cache_write: Some(0),
            output: Some(output),
            reasoning: None,
            requests: Some(self.calls + 1),
            credits: None,
            source: UsageSource::Simulated,
        };
        self.line(&EventKind::Usage { usage, cost: Some(Cost { usd, source: CostSource::Simulated }) })
    }

    fn emit(&mut self, event: &EventKind) -> io::Result<()> {
        self.line(event)?;
        self.steps += 1;
        // Uneven on purpose: lanes that move in step look like a recording.
        let uneven = (self.steps * 37 + self.who.pause_ms()) % 5 * 12;
        thread::sleep(Duration::from_millis(self.who.pause_ms() - 24 + uneven));
        Ok(())
    }

    fn line(&mut self, event: &EventKind) -> io::Result<()> {
        let line = serde_json::to_string(event)?;
        writeln!(self.out, "{line}")?;
        self.out.flush()
    }
}

fn tool_name(kind: ToolKind) -> &'static str {
    match kind {
        ToolKind::Read => "read",
        ToolKind::Edit => "edit",
        ToolKind::Search => "list",
        ToolKind::Execute => "run",
        ToolKind::Fetch => "fetch",
        ToolKind::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_an_event_and_every_figure_is_marked_as_simulated() {
        let mut out = Vec::new();
        let mut stream = Stream::new(&mut out, Who::Cedar);
        stream.start("Fix it.").unwrap();
        stream.tool(ToolKind::Read, "a.py", || (Some(true), "x = 1\n".to_owned())).unwrap();
        stream.end().unwrap();
        let events: Vec<EventKind> =
            String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(events.len(), 6);
        assert_eq!(events[5], EventKind::Ended { end: StreamEnd::Completed });
        for event in events {
            if let EventKind::Usage { usage, cost } = event {
                assert_eq!(usage.source, UsageSource::Simulated);
                assert_eq!(cost.unwrap().source, CostSource::Simulated);
            }
        }
    }
}
