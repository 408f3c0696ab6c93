//! What left the machine, by assistant and host.

use fairtrial_domain::id::AssistantId;
use fairtrial_domain::run::TrialRecord;

use super::{heads, who};
use crate::left::{by_host, contents};
use crate::markup::Markup;
use crate::{ReportInput, words};

/// Writes a table of hosts; nothing where no trial was metered and no host was seen.
pub(super) fn left(m: &mut Markup, input: &ReportInput<'_>) {
    let sent = by_host(input);
    if sent.is_empty() {
        return;
    }
    m.leaf("h2", &[], "What left the machine");
    m.inside("table", &[], |m| {
        heads(
            m,
            &[
                "Assistant",
                "Host",
                "Trials",
                "Requests",
                "Bytes",
                "Through a proxy",
                "Lines of the repository",
            ],
        );
        m.inside("tbody", &[], |m| {
            for ((place, host), sent) in &sent {
                let Some(assistant) = input.run.plan.assistants.get(*place) else { continue };
                m.inside("tr", &[], |m| {
                    m.inside("td", &[], |m| who(m, input, &assistant.id));
                    m.leaf("td", &[("dir", "ltr")], host);
                    m.leaf("td", &[], &sent.trials.len().to_string());
                    m.leaf("td", &[], &sent.requests.to_string());
                    m.leaf("td", &[], &sent.bytes.to_string());
                    let proxied = &sent.proxied;
                    m.leaf("td", &[], &format!("{} bytes, {} times", proxied.bytes, proxied.times));
                    m.leaf("td", &[("dir", "ltr")], &contents(sent));
                });
            }
        });
    });
    let seen = |trial: &TrialRecord| trial.metered().next().is_some() || trial.asked_for().next().is_some();
    let unseen = input.trials.iter().filter(|trial| !seen(trial));
    let sample = |id: &AssistantId| input.run.plan.assistants.iter().any(|one| one.id == *id && one.sample);
    let unseen = unseen.filter(|trial| !sample(&trial.key.assistant)).count();
    if unseen > 0 {
        let trials = words::count(unseen, "trial");
        m.leaf(
            "p",
            &[("class", "soft")],
            &format!("{trials} not metered: contents and bytes are not visible."),
        );
    }
}
