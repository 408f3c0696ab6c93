//! `fairtrial compare` and what is shown before a run: what may be concluded, by whose choice, and whether it holds.

use std::fs;
use std::path::Path;

use fairtrial_api::view::PlanRequest;
use fairtrial_api::{Api, ApiError, Choice};

use crate::args::CompareArgs;
use crate::commands::{colour, say_json, say_styled, width};
use crate::crossing;

/// Compares a run or a table, or checks the methods.
pub(crate) fn compare(api: &Api, args: &CompareArgs) -> Result<(), ApiError> {
    if args.self_test {
        return self_test(api, args);
    }
    let choice = Choice {
        margin: args.margin,
        weights: args.weights.as_deref().map(fairtrial_api::read_weights).transpose()?,
        without: args.without.clone(),
        votes: args.votes.as_deref().map(read).transpose()?,
        growing: args.growing,
    };
    let path = Path::new(&args.what);
    let table = path.is_file() || path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
    let comparison = if table {
        api.compare_csv(&read(path)?, &choice)?
    } else if args.growing {
        let told =
            "a run has a planned number of tasks: leave --growing out, or plan `looks = \"every_task\"`";
        return Err(ApiError::BadRequest(told.to_owned()));
    } else {
        api.comparison_with(&api.find_run(&args.what)?, &choice)?
    };
    if args.json.json {
        return say_json(&comparison);
    }
    say_styled(&api.comparison_terminal(&comparison, width(), colour()));
    Ok(())
}

fn read(path: &Path) -> Result<String, ApiError> {
    fs::read_to_string(path).map_err(ApiError::given(path))
}

fn self_test(api: &Api, args: &CompareArgs) -> Result<(), ApiError> {
    // Without any run there is still the simulation.
    let run = match api.find_run(&args.what) {
        Err(ApiError::NoRun(name)) if name == "latest" => None,
        found => Some(found?),
    };
    let test = api.self_test(run.as_ref())?;
    if args.json.json {
        say_json(&test)?;
    } else {
        say_styled(&api.self_test_terminal(&test, width(), colour()));
    }
    if test.held {
        return Ok(());
    }
    Err(ApiError::BadRequest("an error rate lies beyond its bar on this machine: report it".to_owned()))
}

/// Shows what a plan could detect and in what its assistants differ.
pub(crate) fn preview(api: &Api, request: &PlanRequest, json: bool) -> Result<(), ApiError> {
    let preview = api.preview(request)?;
    crossing::tell(&preview.left_out);
    if json {
        return say_json(&preview);
    }
    say_styled(&api.preview_terminal(&preview, width(), colour()));
    Ok(())
}
