//! Recorded streams, launches and endings, through the public interface only.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod documented;
mod ending;
mod golden;
mod known_sessions;
mod launch;
mod mutations;
mod nothing_lost;

use std::collections::BTreeMap;

use fairtrial_backends::samples;
use fairtrial_domain::assistant::{Assistant, BackendKind};

/// An assistant with nothing set.
fn plain(backend: BackendKind) -> Assistant {
    let aster = samples().remove(0);
    Assistant { backend, args: vec![], sample: false, env: BTreeMap::new(), ..aster }
}
