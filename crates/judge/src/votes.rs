//! Reads blind votes that people cast elsewhere: a table or a list of objects, one for each vote.
//!
//! **Invariant:** a vote is read whole or refused with its place and a remedy; one about somebody or something that is
//! not compared is refused, not left out.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::compare::{BlindVote, ComparisonInput};
use crate::csv::{CsvError, rows};
use crate::stats::Preferred;

const COLUMNS: [&str; 5] = ["task", "left", "right", "preferred", "reviewer"];

/// Why votes cannot be read. Votes of a list count from 1, as lines do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VotesError {
    /// No table at all.
    #[error(transparent)]
    Table(#[from] CsvError),
    /// No list of votes.
    #[error("the list cannot be read; write an array of objects with task, left, right, preferred, reviewer")]
    List(#[from] serde_json::Error),
    /// The first line names other columns.
    #[error("line 1: the columns must be task, left, right, preferred, reviewer, in this order")]
    Columns,
    /// A line with fewer or more fields.
    #[error(
        "line {line}: {found} fields stand here and 5 are needed: task, left, right, preferred, reviewer"
    )]
    Fields {
        /// Where.
        line: u32,
        /// How many.
        found: usize,
    },
    /// A field that names nothing that is compared, or does not say what it must.
    #[error("line {line}, column `{column}`: `{text}` {problem}")]
    Value {
        /// Where.
        line: u32,
        /// In which column.
        column: &'static str,
        /// What stands there.
        text: String,
        /// Why it is wrong, with a remedy.
        problem: &'static str,
    },
    /// A reviewer who voted twice on one pair.
    #[error("line {line}: {reviewer} voted on this pair in line {first} already; keep one of the two")]
    Twice {
        /// Where.
        line: u32,
        /// Where the first one stands.
        first: u32,
        /// Who.
        reviewer: String,
    },
    /// A file without any vote.
    #[error("there is no vote; write one line per vote")]
    None,
}

/// A vote as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    task: String,
    left: String,
    right: String,
    preferred: String,
    reviewer: String,
}

/// Reads votes on what `input` compares: a CSV table whose first line is `task,left,right,preferred,reviewer`, or a
/// JSON array of objects with these fields. `preferred` is `left`, `right` or `tie`; assistants are named by id or
/// title.
///
/// # Errors
/// Names the line, the column and the remedy.
pub fn read_votes(text: &str, input: &ComparisonInput) -> Result<Vec<BlindVote>, VotesError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let written = if text.trim_start().starts_with('[') { listed(text)? } else { tabled(text)? };
    if written.is_empty() {
        return Err(VotesError::None);
    }
    let mut cast = BTreeMap::new();
    let mut votes = Vec::with_capacity(written.len());
    for (line, one) in &written {
        let vote = vote(*line, one, input)?;
        let mut pair = [vote.left.clone(), vote.right.clone()];
        pair.sort();
        if let Some(first) = cast.insert((vote.task.clone(), pair, vote.reviewer.clone()), *line) {
            return Err(VotesError::Twice { line: *line, first, reviewer: vote.reviewer });
        }
        votes.push(vote);
    }
    Ok(votes)
}

fn listed(text: &str) -> Result<Vec<(u32, Written)>, VotesError> {
    let all: Vec<Written> = serde_json::from_str(text)?;
    Ok((1..).zip(all).collect())
}

fn tabled(text: &str) -> Result<Vec<(u32, Written)>, VotesError> {
    let mut rows = rows(text)?.into_iter();
    let names = rows.next().ok_or(VotesError::None)?.1;
    if !names.iter().map(|name| name.trim()).eq(COLUMNS) {
        return Err(VotesError::Columns);
    }
    let one = |(line, fields): (u32, Vec<String>)| {
        let found = fields.len();
        let [task, left, right, preferred, reviewer] =
            <[String; 5]>::try_from(fields).map_err(|_| VotesError::Fields { line, found })?;
        Ok((line, Written { task, left, right, preferred, reviewer }))
    };
    rows.map(one).collect()
}

fn vote(line: u32, one: &Written, input: &ComparisonInput) -> Result<BlindVote, VotesError> {
    let wrong = |column: &'static str, text: &str, problem: &'static str| VotesError::Value {
        line,
        column,
        text: text.chars().take(80).collect(),
        problem,
    };
    let who = |column: &'static str, name: &str| {
        let name = name.trim();
        let mut titled = input.assistants.iter().filter(|arm| arm.title == name);
        let alone = titled.next().filter(|_| titled.next().is_none());
        let found = input.assistants.iter().find(|arm| arm.id.as_str() == name).or(alone);
        found.map(|arm| arm.id.clone()).ok_or_else(|| {
            wrong(column, name, "names none, or several, of those compared; write an assistant's id")
        })
    };
    let task = input.tasks.iter().find(|task| task.id.as_str() == one.task.trim());
    let no_task = || wrong("task", &one.task, "is no task of this comparison; write its id");
    let (left, right) = (who("left", &one.left)?, who("right", &one.right)?);
    if left == right {
        return Err(wrong("right", &one.right, "stands on both sides; a vote is on two"));
    }
    let preferred = match one.preferred.trim() {
        "left" => Preferred::Left,
        "right" => Preferred::Right,
        "tie" => Preferred::Tie,
        other => return Err(wrong("preferred", other, "is no preference; write left, right or tie")),
    };
    let reviewer = one.reviewer.trim().to_owned();
    if reviewer.is_empty() {
        return Err(wrong("reviewer", "", "names nobody; write who voted, as a name or a number"));
    }
    Ok(BlindVote { task: task.ok_or_else(no_task)?.id.clone(), left, right, preferred, reviewer })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv::{from_csv, read_csv};

    fn read(text: &str) -> Result<String, String> {
        let trials = "task,assistant,trial,outcome\na,Aster,1,pass\na,Birch,1,fail\n";
        let input = from_csv(&read_csv(trials).unwrap(), 0.1).unwrap();
        let said = |vote: BlindVote| {
            let BlindVote { task, left, right, preferred, reviewer } = vote;
            format!("{task} {left} {right} {preferred:?} {reviewer}")
        };
        let votes = read_votes(text, &input).map_err(|error| error.to_string())?;
        Ok(votes.into_iter().map(said).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn votes_are_read_from_a_table_or_a_list() {
        let told = Ok("a aster birch Left r1; a birch aster Tie r2".to_owned());
        assert_eq!(
            read("task,left,right,preferred,reviewer\na,Aster,birch,left,r1\na,birch,aster,tie,r2\n"),
            told
        );
        let list = r#"[{"task":"a","left":"aster","right":"birch","preferred":"left","reviewer":"r1"},
            {"task":"a","left":"Birch","right":"Aster","preferred":"tie","reviewer":"r2"}]"#;
        assert_eq!(read(list), told);
    }

    #[test]
    fn a_bad_vote_is_refused_with_place_and_remedy() {
        let check = |line: &str, told: &str| {
            let text = format!("task,left,right,preferred,reviewer\n{line}\n");
            assert_eq!(read(&text), Err(told.to_owned()), "{line}");
        };
        check(
            "b,aster,birch,left,r",
            "line 2, column `task`: `b` is no task of this comparison; write its id",
        );
        check(
            "a,aster,cedar,left,r",
            "line 2, column `right`: `cedar` names none, or several, of those compared; write an assistant's id",
        );
        check(
            "a,aster,Aster,left,r",
            "line 2, column `right`: `Aster` stands on both sides; a vote is on two",
        );
        check(
            "a,aster,birch,aster,r",
            "line 2, column `preferred`: `aster` is no preference; write left, right or tie",
        );
        check(
            "a,aster,birch,left,",
            "line 2, column `reviewer`: `` names nobody; write who voted, as a name or a number",
        );
        check(
            "a,aster,birch",
            "line 2: 3 fields stand here and 5 are needed: task, left, right, preferred, reviewer",
        );
        check(
            "a,aster,birch,left,r\na,birch,aster,tie,r",
            "line 3: r voted on this pair in line 2 already; keep one of the two",
        );
        check("", "there is no vote; write one line per vote");
        assert!(read("task,a,b\n").unwrap_err().starts_with("line 1: the columns must be"));
        assert!(read("[{}]").unwrap_err().starts_with("the list cannot be read"));
        assert!(read("").is_err());
    }
}
