//! The English of every sentence: one text per code, filled by fixed rules. Other languages fill theirs by the same.

use fairtrial_domain::comparison::{Param, PartKind, Sentence};
use fairtrial_domain::id::AssistantId;
use fairtrial_domain::task::TaskKind;

macro_rules! codes {
    ($( $name:ident $word:literal $text:literal )*) => {
        /// Which text a sentence stands for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the text beside each code says what it means")]
        pub enum Code { $( $name, )* }

        /// Every code with its word and its English text.
        pub const CODES: &[(Code, &str, &str)] = &[ $( (Code::$name, $word, $text), )* ];

        impl Code {
            /// Returns the code as it stands in data.
            pub fn word(self) -> &'static str {
                match self { $( Code::$name => $word, )* }
            }
        }
    };
}

codes! {
    WithheldOneTask "withheld_one_task" "Withheld: one task says nothing about tasks in general."
    WithheldUngraded "withheld_ungraded" "Withheld: no hidden check says what is solved."
    WithheldInfra "withheld_infra_asymmetry" "Withheld: failures that are not the assistant's hit one side far more than the other."
    WithheldNoEvidence "withheld_no_evidence" "Withheld: fewer than two assistants have evidence."
    WithheldNotIsolated "withheld_not_isolated" "Withheld: trials ran without isolation."
    WithheldMixedTiers "withheld_mixed_tiers" "Withheld: trials ran with different isolation."
    WithheldOwnLogin "withheld_own_login" "Withheld: an assistant worked with its user's own login and settings, which no isolation keeps apart."
    WithheldUnfinished "withheld_unfinished" "Withheld: the run has not finished."
    More "more" "{a} solves more tasks than {b}: {by} more (95% interval {low} to {high}, on {n} tasks)."
    MoreSmall "more_small" "{a} solves more tasks than {b}: {by} more (95% interval {low} to {high}, on {n} tasks), which is less than the {margin} that matter."
    MoreMaybeSmall "more_maybe_small" "{a} solves more tasks than {b}: {by} more (95% interval {low} to {high}, on {n} tasks), which may be less than the {margin} that matter."
    Best "best" "{a} solves more tasks than each of {b}; the nearest is {c}, {by} behind (95% interval {low} to {high}, on {n} tasks)."
    BestSmall "best_small" "{a} solves more tasks than each of {b}; the nearest is {c}, {by} behind (95% interval {low} to {high}, on {n} tasks), which is less than the {margin} that matter."
    TopOne "top_one" "No rival beats {a}, but it does not beat every one. Beaten by at least one: {b}."
    TopGroup "top_group" "Top group: {a}; no rival beats any of them. Beaten by at least one: {b}."
    Equal "equal" "{a} and {b} solve equally many tasks, within {margin} (95% interval {low} to {high}, on {n} tasks)."
    EqualAll "equal_all" "{a} solve equally many tasks, within {margin}."
    NotWorse "not_worse" "{a} solves no fewer tasks than {b} by {margin} or more; whether it solves more is undecided, at a difference of {by} (95% interval {low} to {high}, on {n} tasks)."
    Undecided "undecided" "Undecided: whether {a} or {b} solves more tasks is open, at a difference of {by} (95% interval {low} to {high}, on {n} tasks)."
    UndecidedAll "undecided_all" "Undecided: none of {a} is shown to solve more tasks than another."
    FewTasks "few_tasks" "Fewer than {n} tasks can decide nothing."
    Needed "needed" "About {n} more tasks would detect {margin} with 80% power."
    NeededHours "needed_hours" "About {n} more tasks would detect {margin} with 80% power: {hours} of trials."
    NeededPriced "needed_priced" "About {n} more tasks would detect {margin} with 80% power: {usd} and {hours} of trials."
    Had "had" "The tasks at hand would have detected {margin} with 80% power; the difference may be smaller."
    NoPrice "no_price" "How many tasks would settle it cannot be said."
    Early "early" "Decided after {n} of {planned} planned tasks by the sequential test."
    CostsLess "costs_less" "{a} costs {by}% less per solved task than {b} (95% interval {low} to {high}%)."
    CostsLessSimulated "costs_less_simulated" "{a} costs {by}% less per solved task than {b} (95% interval {low} to {high}%, simulated costs)."
    CostOpen "cost_open" "Whether {a} or {b} costs less per solved task is undecided."
    CostsLessSmall "costs_less_small" "{a} costs {by}% less per solved task than {b} (95% interval {low} to {high}%), which is below the margin that matters: {margin}."
    CostsLessSmallSimulated "costs_less_small_simulated" "{a} costs {by}% less per solved task than {b} (95% interval {low} to {high}%, simulated costs), which is below the margin that matters: {margin}."
    TakesLess "takes_less" "{a} takes {by}% less time than {b} (95% interval {low} to {high}%, on {n} tasks)."
    TakesLessSmall "takes_less_small" "{a} takes {by}% less time than {b} (95% interval {low} to {high}%, on {n} tasks), which is below the margin that matters: {margin}."
    TimeOpen "time_open" "Whether {a} or {b} takes less time is undecided."
    Steadier "steadier" "{a} solves tasks in all of their trials more often than {b}: {by} more (95% interval {low} to {high}, on {n} tasks)."
    SteadierSmall "steadier_small" "{a} solves tasks in all of their trials more often than {b}: {by} more (95% interval {low} to {high}, on {n} tasks), which is below the margin that matters: {margin}."
    SteadyOpen "steady_open" "Whether {a} or {b} solves tasks in all of their trials more often is undecided."
    Scores "scores" "{a} is ahead of {b} in {score}, on tasks both solved: {by} (95% interval {low} to {high}, on {n} tasks)."
    ScoresSmall "scores_small" "{a} is ahead of {b} in {score}, on tasks both solved: {by} (95% interval {low} to {high}, on {n} tasks), which is below the margin that matters: {margin}."
    ScoresOpen "scores_open" "Whether {a} or {b} is ahead in {score} on tasks both solved is undecided."
    PartEqual "part_equal" "{a} and {b} are equal in {part}, within {margin} (95% interval {low} to {high}, on {n} tasks)."
    PartEqualSimulated "part_equal_simulated" "{a} and {b} are equal in {part}, within {margin} (95% interval {low} to {high}, on {n} tasks, simulated costs)."
    PartPriceOpen "part_price_open" "Whether {a} or {b} is better in {part} is undecided. About {n} more tasks would detect {margin} with 80% power: {usd} and {hours} of trials."
    PartHoursOpen "part_hours_open" "Whether {a} or {b} is better in {part} is undecided. About {n} more tasks would detect {margin} with 80% power: {hours} of trials, at a cost that is not known."
    PartUsdOpen "part_usd_open" "Whether {a} or {b} is better in {part} is undecided. About {n} more tasks would detect {margin} with 80% power: {usd}, in a time that is not known."
    PartTasksOpen "part_tasks_open" "Whether {a} or {b} is better in {part} is undecided. About {n} more tasks would detect {margin} with 80% power, at a cost and in a time that are not known."
    PartHadOpen "part_had_open" "Whether {a} or {b} is better in {part} is undecided. The {n} tasks at hand would have detected {margin} with 80% power; the difference may be smaller."
    CostUnknown "cost_unknown_unsaid" "Which of {a} and {b} costs less per solved task cannot be said: a cost is unknown."
    CostFew "cost_few_unsaid" "Which of {a} and {b} costs less per solved task cannot be said: fewer than five tasks or eight solved trials on a side, or nothing was spent."
    TimeUnknown "time_unknown_unsaid" "Which of {a} and {b} takes less time cannot be said: a time is unknown."
    TimeEven "time_even_unsaid" "Which of {a} and {b} takes less time cannot be said: every task has the same ratio of times."
    TimeFew "time_few_unsaid" "Which of {a} and {b} takes less time cannot be said: fewer than two tasks, or a time of zero."
    SteadyFew "steady_few_unsaid" "Which of {a} and {b} solves tasks in all of their trials more often cannot be said: fewer than two tasks with two trials each."
    ScoresFew "scores_few_unsaid" "Which of {a} and {b} is ahead in {score} cannot be said: fewer than two tasks that both solved with a value."
    PartsEarly "parts_early_unsaid" "Cost, time, consistency and the scorecard are told when all planned tasks are in: only the solved rate may be looked at early."
    KindMore "kind_more" "On tasks of the kind {kind}, {a} solves more than {b}: {by} more (95% interval {low} to {high}, on {n} tasks)."
    KindOpen "kind_open" "On tasks of the kind {kind}, nobody is shown to solve more, on {n} tasks."
    NoPlan "exploratory_no_plan" "Exploratory: no plan fixed this before the trials."
    PlanChanged "exploratory_plan_changed" "Exploratory: the plan is not the one that was fixed before the trials."
    OtherMargin "exploratory_other_margin" "Exploratory: the margin is not the plan's."
    OtherWeights "exploratory_other_weights" "Exploratory: the weights are not the plan's."
    LeftOut "exploratory_assistants_left_out" "Exploratory: assistants of the plan were left out."
    OtherTasks "exploratory_other_tasks" "Exploratory: the tasks are not the plan's."
    StoppedEarly "exploratory_stopped_early" "Exploratory: the run stopped before its plan was through."
    OtherRules "exploratory_other_rules" "Exploratory: the rules of judging are not those of the plan."
    OutcomesChanged "exploratory_outcomes_changed" "Exploratory: outcomes were changed after the trials."
    Replayed "exploratory_replayed" "Exploratory: a recording answered, which was there before the plan."
}

/// Returns the English text of a code's word, holes unfilled; `None` for a word that is none.
pub fn template(word: &str) -> Option<&'static str> {
    CODES.iter().find(|(_, known, _)| *known == word).map(|(_, _, text)| *text)
}

/// Puts a sentence into English; `title` gives an assistant's name for people.
pub fn english(sentence: &Sentence, title: &dyn Fn(&AssistantId) -> String) -> String {
    let mut rest = template(&sentence.code).unwrap_or_default();
    let mut text = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(&sentence.params.get(name).map_or_else(|| "?".to_owned(), |param| said(param, title)));
        rest = after;
    }
    text + rest
}

fn said(param: &Param, title: &dyn Fn(&AssistantId) -> String) -> String {
    match param {
        Param::Names(ids) => list(&ids.iter().map(title).collect::<Vec<_>>()),
        Param::Points(share) => points(*share),
        Param::Bound(share) => whole(*share),
        Param::Percent(share) => whole(*share),
        Param::Ratio(ratio) => number(*ratio),
        Param::Factor(ratio) => format!("a factor of {}", number(*ratio)),
        Param::Count(n) => n.to_string(),
        Param::Usd(usd) if *usd < 10.0 => format!("${usd:.2}"),
        Param::Usd(usd) => format!("${usd:.0}"),
        Param::Hours(hours) if *hours < 1.0 => match (60.0 * hours).ceil() {
            1.0 => "1 minute".to_owned(),
            minutes => format!("{minutes} minutes"),
        },
        Param::Hours(hours) => match hours.round() {
            1.0 => "1 hour".to_owned(),
            hours => format!("{hours} hours"),
        },
        Param::Score(id) => plain(serde_json::to_value(id)),
        Param::Kind(kind) => kind_word(*kind).to_owned(),
        Param::Part(PartKind::CostPerSolved) => "cost per solved task".to_owned(),
        Param::Part(PartKind::Time) => "time".to_owned(),
        Param::Part(PartKind::Consistency) => "solving tasks in all of their trials".to_owned(),
        Param::Part(PartKind::Score(id)) => plain(serde_json::to_value(id)),
    }
}

/// A name in data as words.
fn plain(value: Result<serde_json::Value, serde_json::Error>) -> String {
    value.ok().and_then(|v| v.as_str().map(|word| word.replace('_', " "))).unwrap_or_default()
}

fn kind_word(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::BugFix => "bug fix",
        TaskKind::Feature => "feature",
        TaskKind::Refactoring => "refactoring",
        TaskKind::Performance => "performance",
        TaskKind::Tests => "tests",
        TaskKind::Canary => "canary",
        TaskKind::Other => "other",
    }
}

fn list(titles: &[String]) -> String {
    match titles.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// A share as whole points; a real minus, and no minus before a zero.
fn whole(share: f64) -> String {
    let rounded = (100.0 * share).round();
    if rounded < 0.0 { format!("\u{2212}{}", -rounded) } else { format!("{}", rounded.abs()) }
}

/// A ratio with two places, without zeros behind.
fn number(ratio: f64) -> String {
    let text = format!("{ratio:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn points(share: f64) -> String {
    let number = whole(share);
    if number == "1" { "1 point".to_owned() } else { format!("{number} points") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fairtrial_domain::score::ScoreId;

    use super::*;

    #[test]
    fn every_code_has_one_word_and_a_text() {
        let words: BTreeSet<&str> = CODES
            .iter()
            .map(|(code, word, _)| {
                assert_eq!(code.word(), *word);
                *word
            })
            .collect();
        assert_eq!(words.len(), CODES.len());
        assert!(CODES.iter().all(|(_, _, text)| text.ends_with('.')));
    }

    #[test]
    fn the_interface_has_the_same_english() {
        let texts = include_str!("../../../../ui/src/i18n/verdict.ts");
        for (_, word, text) in CODES {
            let line = format!("'verdict.{word}': '{}',", text.replace('\'', "\\'"));
            assert!(texts.contains(&line), "ui/src/i18n/verdict.ts lacks {line}");
        }
    }

    #[test]
    fn a_hole_without_its_param_is_seen() {
        let sentence = Sentence { code: "early".into(), params: [("n".to_owned(), Param::Count(7))].into() };
        let text = english(&sentence, &|id| id.to_string());
        assert_eq!(text, "Decided after 7 of ? planned tasks by the sequential test.");
    }

    #[test]
    fn money_time_and_points_are_said_as_people_do() {
        let title = |id: &AssistantId| id.to_string();
        let say = |param: Param| said(&param, &title);
        assert_eq!(say(Param::Usd(3.456)), "$3.46");
        assert_eq!(say(Param::Usd(34.56)), "$35");
        assert_eq!(say(Param::Hours(0.01)), "1 minute");
        assert_eq!(say(Param::Hours(0.4)), "24 minutes");
        assert_eq!(say(Param::Hours(2.6)), "3 hours");
        assert_eq!(say(Param::Points(-0.014)), "\u{2212}1 points");
        assert_eq!(say(Param::Bound(-0.001)), "0");
        assert_eq!(say(Param::Score(ScoreId::FailToPass)), "fail to pass");
        assert_eq!(say(Param::Ratio(0.904)), "0.9");
        assert_eq!(say(Param::Ratio(100.0)), "100");
        assert_eq!(say(Param::Factor(1.25)), "a factor of 1.25");
        assert_eq!(say(Param::Part(PartKind::CostPerSolved)), "cost per solved task");
        assert_eq!(say(Param::Part(PartKind::Score(ScoreId::OwnTests))), "own tests");
    }
}
