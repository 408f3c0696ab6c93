//! Compares what a program reports with what its model's answers said.

use fairtrial_domain::usage::Usage;

/// Returns one sentence for each figure that both know and that differs.
pub(super) fn disagreements(metered: &Usage, reported: Option<&Usage>) -> Vec<String> {
    let Some(reported) = reported else { return vec![] };
    if metered.requests == Some(0) {
        return match reported.total_tokens() {
            Some(tokens) if tokens > 0 => {
                vec![format!("it reports {tokens} tokens, and no model request of it came by the meter")]
            }
            Some(_) | None => vec![],
        };
    }
    // Not all tell reasoning from other output.
    let output =
        |usage: &Usage| usage.output.map(|output| output.saturating_add(usage.reasoning.unwrap_or(0)));
    let figures = [
        ("uncached input", metered.input_uncached, reported.input_uncached),
        ("tokens read from a cache", metered.cache_read, reported.cache_read),
        ("tokens written to a cache", metered.cache_write, reported.cache_write),
        ("output tokens", output(metered), output(reported)),
    ];
    let differ = |(name, ours, theirs): (&str, Option<u64>, Option<u64>)| match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours != theirs => {
            Some(format!("{name}: it reports {theirs}, the meter counted {ours}"))
        }
        _ => None,
    };
    figures.into_iter().filter_map(differ).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_both_know_can_disagree() {
        let ours = Usage {
            input_uncached: Some(10),
            output: Some(5),
            reasoning: Some(2),
            requests: Some(1),
            ..Usage::default()
        };
        let same = Usage { input_uncached: Some(10), output: Some(7), ..Usage::default() };
        assert_eq!(disagreements(&ours, Some(&same)), Vec::<String>::new());
        assert_eq!(disagreements(&ours, None), Vec::<String>::new());
        let other = Usage { input_uncached: Some(54), cache_read: Some(1), ..Usage::default() };
        assert_eq!(
            disagreements(&ours, Some(&other)),
            ["uncached input: it reports 54, the meter counted 10"]
        );
        let most = Usage { output: Some(u64::MAX), reasoning: Some(1), ..ours.clone() };
        assert_eq!(disagreements(&most, Some(&most)), Vec::<String>::new());
        let bypassed = Usage { requests: Some(0), ..Usage::default() };
        assert_eq!(
            disagreements(&bypassed, Some(&same)),
            ["it reports 17 tokens, and no model request of it came by the meter"]
        );
    }
}
