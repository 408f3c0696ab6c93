//! How much an assertion demands, by the words and signs that it is made of.

use super::assertion::{Level, close};
use crate::syntax::Grammar;

const EXACT: [&str; 33] = [
    "==",
    "===",
    "assertequal",
    "assertequals",
    "asserteq",
    "debugasserteq",
    "equal",
    "equals",
    "equalvalues",
    "eq",
    "strictequal",
    "deepequal",
    "deepstrictequal",
    "tobe",
    "toequal",
    "tostrictequal",
    "isequalto",
    "is",
    "eql",
    "assertsame",
    "same",
    "issameas",
    "assertarrayequals",
    "containsexactly",
    "assertlistequal",
    "assertdictequal",
    "assertcountequal",
    "jsoneq",
    "tohavelength",
    "len",
    "hassize",
    "assertis",
    "assertiterableequals",
];

const PARTIAL: [&str; 43] = [
    "in",
    "<",
    ">",
    "<=",
    ">=",
    "!=",
    "!==",
    "contains",
    "tocontain",
    "tocontainequal",
    "assertin",
    "containsstring",
    "match",
    "matches",
    "tomatch",
    "tomatchobject",
    "assertregex",
    "regexp",
    "assertalmostequal",
    "tobecloseto",
    "closeto",
    "approx",
    "isclose",
    "indelta",
    "inepsilon",
    "iscloseto",
    "assertgreater",
    "assertgreaterequal",
    "assertless",
    "assertlessequal",
    "tobegreaterthan",
    "tobelessthan",
    "tobegreaterthanorequal",
    "tobelessthanorequal",
    "greater",
    "less",
    "isgreaterthan",
    "islessthan",
    "isinstance",
    "tobeinstanceof",
    "notequal",
    "assertne",
    "assertnotequals",
];

/// Exceptions that catch everything.
const ANY: [&str; 6] = ["Exception", "BaseException", "Throwable", "Error", "RuntimeException", "Object"];

/// Returns how much these tokens demand, and whether they demand that something is so.
pub(super) fn demand(tokens: &[String], grammar: Option<Grammar>) -> (Level, bool) {
    let lower: Vec<String> = tokens.iter().map(|token| token.to_ascii_lowercase().replace('_', "")).collect();
    let has = |words: &[&str]| lower.iter().any(|token| words.contains(&token.as_str()));
    let nothing = holds_always(tokens, grammar);
    let raises =
        has(&["raises", "assertraises", "assertthrows", "tothrow", "tothrowerror", "throws", "shouldpanic"]);
    let level = if nothing {
        Level::Nothing
    } else if raises {
        let named = tokens.iter().any(|token| token.starts_with('"') || token.starts_with('/'));
        match tokens.iter().any(|token| ANY.contains(&token.as_str())) {
            true => Level::Presence,
            false if named => Level::Exact,
            false => Level::Partial,
        }
    } else if grammar == Some(Grammar::Go) && !has(&["require", "assert"]) {
        // `if got != want { fail }` demands equality.
        let absent = lower.iter().any(|token| token == "nil");
        match () {
            () if has(&["<", ">", "<=", ">=", "contains", "hasprefix", "hassuffix", "abs"]) => Level::Partial,
            () if has(&["!=", "deepequal", "equal"]) && !absent => Level::Exact,
            () if has(&["=="]) && !absent => Level::Partial,
            () => Level::Presence,
        }
    } else if has(&PARTIAL) && !has(&["tobe"]) || has(&["startswith", "endswith", "starts_with", "includes"])
    {
        Level::Partial
    } else if has(&EXACT)
        || has(&["isnone", "assertisnone", "assertnull", "tobenull", "tobeundefined", "isnull"])
    {
        Level::Exact
    } else {
        Level::Presence
    };
    let negative = has(&["assertfalse", "not", "tobefalsy", "isfalse", "!", "assertnotin", "doesnotcontain"]);
    let macro_sign =
        grammar == Some(Grammar::Rust) && lower.iter().filter(|token| *token == "!").count() == 1;
    (level, !negative || macro_sign)
}

/// Returns whether an assertion holds whatever the code does: a constant, a value compared with itself, `or True`.
fn holds_always(tokens: &[String], grammar: Option<Grammar>) -> bool {
    let statement = grammar == Some(Grammar::Python) && tokens[0] == "assert";
    let always = |token: &str| matches!(token, "True" | "true");
    let or_true = tokens.windows(2).any(|pair| (pair[0] == "or" || pair[0] == "||") && always(&pair[1]));
    let open = tokens.iter().position(|token| token == "(");
    let inner: &[String] = match open {
        Some(open) if !statement => {
            let texts: Vec<&str> = tokens.iter().map(String::as_str).collect();
            &tokens[open + 1..close(&texts, open).unwrap_or(tokens.len())]
        }
        Some(_) | None => &tokens[1.min(tokens.len())..],
    };
    let constant = inner.len() == 1 && (always(&inner[0]) || inner[0] == "1");
    let chained = tokens.first().is_some_and(|t| t == "expect") && constant;
    let middle = inner.iter().position(|token| ["==", "===", ","].contains(&token.as_str()));
    let itself = middle.is_some_and(|at| {
        let (left, right) = (&inner[..at], &inner[at + 1..]);
        left == right && !left.is_empty()
    });
    or_true
        || itself
        || chained
        || constant && !tokens.iter().any(|t| t.to_ascii_lowercase().contains("false"))
}
