//! `fairtrial tasks audit`: what tasks are worth, a paragraph each.

use std::sync::Arc;

use fairtrial_api::view::AuditRequest;
use fairtrial_api::{Api, ApiError, AuditTold};
use fairtrial_domain::audit::{AuditPoint, AuditRule, FlakyTest, MutantEnd, PointState, TaskAudit};
use fairtrial_domain::id::TaskId;

use crate::args::AuditArgs;
use crate::commands::{aside, say, say_json, width};

pub(crate) async fn audit(api: &Arc<Api>, args: AuditArgs) -> Result<(), ApiError> {
    let task = args.task.as_deref().map(TaskId::parse).transpose();
    let task = task.map_err(|error| ApiError::BadRequest(error.to_string()))?;
    let request = AuditRequest { suite: args.suite, task, repeat: args.repeat, jobs: args.jobs };
    let json = args.json.json;
    let told = |told: AuditTold| match told {
        AuditTold::Known(audit) => aside(&format!("{}: audited before, nothing changed", audit.task)),
        AuditTold::Done(audit) => aside(&format!("{}: audited in {:.0} s", audit.task, audit.seconds)),
    };
    let audits = api.audit(request, told).await?;
    if json {
        return say_json(&audits);
    }
    let width = width();
    for audit in &audits {
        lines(audit, width).iter().for_each(|line| say(line));
    }
    Ok(())
}

/// Returns a task's audit as lines no wider than `width`.
fn lines(audit: &TaskAudit, width: usize) -> Vec<String> {
    let mut lines = vec![format!("{:<8} {}", audit.status.words(), audit.task)];
    for point in &audit.points {
        let mark = match point.found {
            PointState::Holds => "+",
            PointState::Doubt => "?",
            PointState::Broken => "!",
            PointState::Missing => "-",
        };
        wrap(&mut lines, &format!("  {mark} {} ", number(point.rule)), &point.because, width);
        evidence(&mut lines, point, width);
    }
    for flaky in &audit.quarantined {
        let FlakyTest { check, test, base_passed, reference_passed } = flaky;
        let said = format!(
            "{check}/{test}: passed {base_passed} of {0} times on the base, {reference_passed} of {0} on the reference",
            audit.repeat
        );
        wrap(&mut lines, "       ", &said, width);
    }
    let lost = audit.mutants.iter().filter(|one| matches!(one.end, MutantEnd::Stillborn { .. })).count();
    if lost > 0 {
        lines.push(format!("       {lost} more could not be judged and do not count"));
    }
    lines
}

fn evidence(lines: &mut Vec<String>, point: &AuditPoint, width: usize) {
    for one in &point.evidence {
        let line = one.at.line.map(|line| format!(":{line}")).unwrap_or_default();
        let survived = if point.rule == AuditRule::Strength { "unnoticed: " } else { "" };
        wrap(lines, "       ", &format!("{survived}{}{line}: {}", one.at.path, one.text), width);
    }
}

fn number(rule: AuditRule) -> &'static str {
    match rule {
        AuditRule::ReferencePasses => "V1",
        AuditRule::BaseFails => "V2",
        AuditRule::Repeatable => "V3",
        AuditRule::NoLeak => "V4",
        AuditRule::Strength => "V5",
        AuditRule::NotOverSpecific => "V6",
    }
}

/// Adds text in lines no wider than `width`, the first after `head` and the others below it.
pub(crate) fn wrap(lines: &mut Vec<String>, head: &str, text: &str, width: usize) {
    let margin = " ".repeat(head.chars().count());
    let room = width.saturating_sub(margin.len()).max(20);
    let (mut line, mut used) = (String::new(), 0);
    let mut first = true;
    let mut push = |line: &mut String| {
        lines.push(format!("{}{line}", if first { head } else { &margin }));
        first = false;
        line.clear();
    };
    for word in text.split_whitespace().flat_map(|word| pieces(word, room)) {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > room {
            push(&mut line);
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(&word);
        used += length;
    }
    push(&mut line);
}

/// Cuts a word that is wider than the room.
fn pieces(word: &str, room: usize) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(room).map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_and_stays_within_its_width() {
        let mut lines = vec![];
        wrap(&mut lines, "  ! V1 ", "one two three four five six seven", 30);
        assert_eq!(lines, ["  ! V1 one two three four five", "       six seven"]);
        lines.clear();
        wrap(&mut lines, "> ", &"x".repeat(30), 22);
        assert_eq!(lines, [format!("> {}", "x".repeat(20)), format!("  {}", "x".repeat(10))]);
    }
}
