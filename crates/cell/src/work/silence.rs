//! What counts as silence, and as a first word that does not come: values in, values out.
//!
//! **Invariant:** a storm of retries is silence, however much of it passes or is computed.

use std::time::Duration;

/// Signs of life other than output, as they stand at one moment; `None` where that cannot be seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    /// Bytes to and from its model.
    pub(super) metered: Option<u64>,
    /// Bytes through the proxy.
    pub(super) relayed: Option<u64>,
    /// Whether its processes have computed since the last look.
    pub(super) computing: Option<bool>,
}

/// What is known of a session's signs of life.
#[derive(Debug, Default)]
pub(super) struct Life {
    last: Kinds,
    /// Whether the program has said anything that is one.
    pub(super) heard: bool,
}

impl Life {
    /// Returns whether `now` shows life since the last look. `retrying`: its model fails it at this moment, by its own words.
    pub(super) fn look(&mut self, now: Kinds, retrying: bool) -> bool {
        let last = std::mem::replace(&mut self.last, now);
        let more = |now: Option<u64>, last: Option<u64>| now.unwrap_or(0) > last.unwrap_or(0);
        let moved = more(now.metered, last.metered) || more(now.relayed, last.relayed);
        !retrying && (moved || now.computing == Some(true))
    }

    /// Returns the limit in words, with what was looked at.
    pub(super) fn silence(&self, seconds: f64) -> String {
        let kinds = [
            (true, "output"),
            (self.last.metered.is_some(), "traffic with its model"),
            (self.last.relayed.is_some(), "traffic through the proxy"),
            (self.last.computing.is_some(), "CPU"),
        ];
        let kinds: Vec<&str> = kinds.into_iter().filter(|(seen, _)| *seen).map(|(_, kind)| kind).collect();
        format!("silent for {seconds} s (looked at: {})", kinds.join(", "))
    }
}

/// Returns whether a first word is overdue. `waited`: since it was asked for; `None` when it has come, or nobody asked.
pub(super) fn first_is_late(limit_sec: Option<f64>, waited: Option<Duration>) -> bool {
    limit_sec.zip(waited).is_some_and(|(limit, waited)| waited.as_secs_f64() >= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_life_counts_once_and_none_of_them_in_a_storm() {
        let kinds = |metered, relayed, computing| Kinds { metered, relayed, computing };
        let mut life = Life::default();
        for (now, retrying, alive) in [
            (kinds(Some(0), None, Some(false)), false, false),
            (kinds(Some(1), None, Some(false)), false, true),
            (kinds(Some(1), None, Some(false)), false, false),
            (kinds(Some(1), Some(7), None), false, true),
            (kinds(Some(1), Some(7), Some(true)), false, true),
            (kinds(Some(1), Some(9), Some(true)), true, false),
            (kinds(Some(1), Some(9), Some(false)), false, false),
            (kinds(None, None, None), false, false),
        ] {
            assert_eq!(life.look(now, retrying), alive, "{now:?}");
        }
    }

    #[test]
    fn the_reason_says_what_was_looked_at() {
        let mut life = Life::default();
        assert_eq!(life.silence(0.5), "silent for 0.5 s (looked at: output)");
        life.look(Kinds { metered: Some(0), relayed: None, computing: Some(false) }, false);
        assert_eq!(life.silence(2.0), "silent for 2 s (looked at: output, traffic with its model, CPU)");
    }

    #[test]
    fn a_first_word_is_late_only_where_it_is_bounded_and_asked_for() {
        let second = Some(Duration::from_secs(1));
        let late = [(Some(1.0), second), (Some(1.1), second), (None, second), (Some(0.1), None)]
            .map(|(limit, waited)| first_is_late(limit, waited));
        assert_eq!(late, [true, false, false, false]);
    }
}
