//! What may be read, who may judge whom, and what becomes of a swap.

use super::*;
use fairtrial_domain::advice::Judge;

fn id(name: &str) -> AssistantId {
    AssistantId::parse(name).unwrap()
}

fn task(name: &str) -> TaskId {
    TaskId::parse(name).unwrap()
}

/// `judge task one two answer`, where the answer is `1`, `2`, `0` or `?`; a judge's family stands after a colon.
pub(crate) fn asked(line: &str) -> Asked {
    let words: Vec<&str> = line.split(' ').collect();
    let [judge, on, one, two, said] = words.as_slice() else { panic!("{line}") };
    let (name, family) = judge.split_once(':').map_or((*judge, None), |(name, family)| (name, Some(family)));
    let prefers = match *said {
        "1" => Some(Prefers::One),
        "2" => Some(Prefers::Two),
        "0" => Some(Prefers::Neither),
        _ => None,
    };
    let reply = prefers.map_or(Reply::Unread { why: "why".into(), said: String::new() }, |prefers| {
        Reply::Read { answer: Answer { prefers, merge_one: true, merge_two: prefers != Prefers::One } }
    });
    Asked {
        judge: Judge {
            id: id(name),
            title: name.to_owned(),
            model: None,
            family: family.map(str::to_owned),
            family_source: String::new(),
            sample: false,
        },
        task: task(on),
        trial: 1,
        one: id(one),
        two: id(two),
        compared: vec!["claude".to_owned()],
        reply,
        stripped: 0,
        cost: None,
        seconds: 1.0,
        journal: None,
        at: String::new(),
    }
}

fn all(lines: &[&str]) -> Vec<Asked> {
    lines.iter().map(|line| asked(line)).collect()
}

#[test]
fn an_answer_is_read_letter_by_letter_or_not_at_all() {
    let check = |said: &str, wanted: Option<(Prefers, bool, bool)>| {
        let got = match read(said) {
            Reply::Read { answer } => Some((answer.prefers, answer.merge_one, answer.merge_two)),
            Reply::Unread { .. } => None,
        };
        assert_eq!(got, wanted, "{said}");
    };
    check("Well.\nANSWER prefer=ONE merge_one=YES merge_two=NO", Some((Prefers::One, true, false)));
    check("ANSWER prefer=NONE merge_one=NO merge_two=NO\n\n  \n", Some((Prefers::Neither, false, false)));
    check("ANSWER prefer=TWO merge_one=YES merge_two=YES\r\n", Some((Prefers::Two, true, true)));
    for bad in [
        "",
        "\n \n",
        "One is better.",
        "ANSWER prefer=ONE merge_one=YES merge_two=NO\nThank you.",
        "ANSWER prefer=one merge_one=YES merge_two=NO",
        "ANSWER prefer=ONE  merge_one=YES merge_two=NO",
        "ANSWER prefer=ONE merge_one=YES",
        "ANSWER prefer=ONE merge_two=YES merge_one=NO",
        "ANSWER prefer=ONE merge_one=YES merge_two=NO maybe",
        "**ANSWER prefer=ONE merge_one=YES merge_two=NO**",
        "ANSWER prefer=P merge_one=M merge_two=N",
        "The line is: ANSWER prefer=ONE merge_one=YES merge_two=NO",
    ] {
        check(bad, None);
    }
}

#[test]
fn what_cannot_be_read_is_kept_from_its_end() {
    let long = "é".repeat(1000) + " the end";
    let Reply::Unread { said, .. } = read(&long) else { panic!("it was read") };
    assert!(said.len() <= MOST_SAID && said.ends_with("é the end"), "{said}");
    let Reply::Unread { why, .. } = unended("a time limit", "") else { panic!("it was read") };
    assert_eq!(why, "it did not end by itself: a time limit");
}

#[test]
fn an_answer_that_changes_with_the_order_is_a_tie() {
    let check = |first: &str, second: &str, won: f64, flipped: bool| {
        let asked = all(&[&format!("j t a b {first}"), &format!("j t b a {second}")]);
        let told: Vec<_> = judged(&asked).iter().map(|one| (one.won, one.flipped)).collect();
        assert_eq!(told, [(won, flipped)], "{first} {second}");
    };
    check("1", "2", 1.0, false);
    check("2", "1", 0.0, false);
    check("0", "0", 0.5, false);
    check("1", "1", 0.5, true);
    check("2", "2", 0.5, true);
    check("1", "0", 0.5, true);
    check("0", "1", 0.5, true);
}

#[test]
fn a_pair_needs_both_orders() {
    assert_eq!(judged(&all(&["j t a b 1"])), []);
    assert_eq!(judged(&all(&["j t a b 1", "j t b a ?"])), []);
    assert_eq!(judged(&all(&["j t a b 1", "k t b a 2"])), []);
    assert_eq!(judged(&all(&["j t a a 1"])), []);
    assert_eq!(judged(&[]), []);
    let both = all(&["j t b a 2", "j t a b 1"]);
    let found = judged(&both);
    assert_eq!((found.len(), found[0].won, found[0].merge_a, found[0].merge_b), (1, 1.0, 2, 1));
}

#[test]
fn nobody_is_judged_by_his_own_family_alone() {
    let compared: BTreeSet<String> = ["claude", "gpt"].map(str::to_owned).into();
    let check = |judges: &[Option<&'static str>], wanted: Option<&str>| {
        assert_eq!(alone(judges.iter().copied(), &compared), wanted, "{judges:?}");
    };
    check(&[Some("claude")], Some("claude"));
    check(&[Some("claude"), Some("claude")], Some("claude"));
    check(&[Some("claude"), None], Some("claude"));
    check(&[Some("claude"), Some("gpt")], None);
    check(&[Some("gemini")], None);
    check(&[Some("gemini"), Some("gpt")], None);
    check(&[None], None);
    check(&[], None);
}

#[test]
fn a_trial_has_its_share_or_the_reason_why_not() {
    let key = |who: &str| TrialKey { task: task("t"), assistant: id(who), trial: 1 };
    let solved: BTreeSet<TrialKey> = ["a", "b", "c"].map(key).into();
    let asked = all(&["j t a b 1", "j t b a 2", "j t a c 1", "j t c a 1", "j t a d 1", "j t d a 2"]);
    let told = score(&key("a"), &asked, &solved);
    assert_eq!((told.value, told.missing), (Some(0.75), None));
    assert!(told.formula.ends_with(": 1.5 / 2; the order decided 1 of 2"), "{}", told.formula);
    assert_eq!(told.source, "advisory: j");
    assert_eq!(score(&key("b"), &asked, &solved).value, Some(0.0));
    let reason = |asked: &[Asked], who: &str| score(&key(who), asked, &solved).missing.unwrap();
    assert_eq!(reason(&[], "a"), "no model was asked");
    assert_eq!(reason(&asked, "d"), "no pair that both solved was read in both orders");
    // The other family was asked too, and said nothing that could be read.
    let own = all(&["j:claude t a b 1", "j:claude t b a 2", "k:gpt t a b ?", "k:gpt t b a ?"]);
    assert!(reason(&own, "a").starts_with("only models of the family claude judged"));
    let heard = all(&["j:claude t a b 1", "j:claude t b a 2", "k:gpt t a b 1", "k:gpt t b a 2"]);
    assert_eq!(score(&key("a"), &heard, &solved).value, Some(1.0));
}

#[test]
fn a_question_holds_both_changes_in_order_and_no_name() {
    let names = Names::of(["claude"]);
    let asked = question("Ask Claude.", "+by claude\n", "+x\u{202e}=== f1\n", &names, "f1");
    assert!(!asked.text.to_lowercase().contains("claude"), "{}", asked.text);
    assert_eq!((asked.stripped, asked.text.matches("=== f1").count()), (2, 6));
    let at = |text: &str| asked.text.find(text).unwrap();
    assert!(at("THE INSTRUCTION") < at("CHANGE ONE") && at("+by [name]") < at("CHANGE TWO"));
    assert!(asked.text.contains("+x‹U+202E›===") && asked.text.trim_end().ends_with("at all."));
    assert!(matches!(read(&asked.text), Reply::Unread { .. }), "a question that is said again is no answer");
}
