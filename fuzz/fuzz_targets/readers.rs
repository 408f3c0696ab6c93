//! Any bytes as a session: the first byte chooses the back end, the rest are lines. No reader may panic.

#![no_main]

use fairtrial_backends::{ProcessExit, Progress, StoppedBy, backend};
use fairtrial_domain::assistant::BackendKind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let kind = BackendKind::ALL[usize::from(*first) % BackendKind::ALL.len()];
    let text = String::from_utf8_lossy(rest);
    let mut reader = backend(kind).reader();
    let mut progress = Progress::new(kind);
    let exit = ProcessExit { code: Some(0), signal: None };
    reader.say();
    let mut events = vec![];
    for line in text.lines() {
        events.extend(reader.stdout(line));
        reader.say();
    }
    events.extend(reader.file("collected", &text));
    events.extend(reader.finish(exit));
    for event in &events {
        progress.see(event);
    }
    progress.ending(StoppedBy::Itself, exit);
});
