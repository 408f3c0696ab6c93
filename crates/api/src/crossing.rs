//! Tools × models: each pair an assistant of its own, and each pair that cannot be with the reason.
//!
//! **Invariant:** no pair vanishes: it is among the assistants or among those left out. Only what is certain is left out.

use fairtrial_backends::{Takes, alias, takes};
use fairtrial_domain::assistant::{Assistant, BackendKind};
use fairtrial_domain::id::AssistantId;
use fairtrial_domain::plan::LeftOut;
use fairtrial_wire::families::family;

use crate::error::ApiError;
use crate::plan::bad;
use crate::view::PlanRequest;

/// Stands between tool and model in the id of a pair; an id has no `+`.
const BETWEEN: &str = "--";
/// No model's name is longer.
const LONGEST_MODEL: usize = 200;

/// Who is to be compared: assistants, or tools and models.
pub(crate) type Who = (Vec<String>, Vec<String>, Vec<String>);

/// Returns who is meant when a plan file names some: whoever the caller named takes their place.
pub(crate) fn given(request: &PlanRequest, file: Who) -> Who {
    let or = |given: &Vec<String>, filed| if given.is_empty() { filed } else { given.clone() };
    if !request.tools.is_empty() || !request.models.is_empty() {
        return (request.assistants.clone(), or(&request.tools, file.1), or(&request.models, file.2));
    }
    if !request.assistants.is_empty() {
        return (request.assistants.clone(), vec![], vec![]);
    }
    file
}

/// Returns whether tools and models are to be crossed.
///
/// # Errors
/// When one of the two is missing, or assistants are named beside them.
pub(crate) fn is_asked(request: &PlanRequest) -> Result<bool, ApiError> {
    let crosses = !request.tools.is_empty() || !request.models.is_empty();
    if crosses && !request.assistants.is_empty() {
        return Err(bad(
            "`assistants` cannot be combined with `tools` and `models`: name assistants, or tools and models"
                .to_owned(),
        ));
    }
    match (crosses, request.tools.is_empty(), request.models.is_empty()) {
        (true, true, _) => Err(bad("`models` are crossed with `tools`: name these too".to_owned())),
        (true, _, true) => Err(bad("`tools` are crossed with `models`: name these too".to_owned())),
        (crosses, ..) => Ok(crosses),
    }
}

/// Returns every pair of `tools` and `models`: the assistants, tool by tool, and those that cannot be.
///
/// # Errors
/// When a tool is not among `all`, a name stands twice or is none, or no pair is left.
pub(crate) fn cross(
    all: &[Assistant],
    tools: &[String],
    models: &[String],
) -> Result<(Vec<Assistant>, Vec<LeftOut>), ApiError> {
    for (list, noun) in [(tools, "tool"), (models, "model")] {
        if let Some(name) =
            list.iter().enumerate().find_map(|(at, name)| list[..at].contains(name).then_some(name))
        {
            return Err(bad(format!("the {noun} `{name}` is named twice: once is enough")));
        }
    }
    for model in models {
        let odd = |c: char| c.is_whitespace() || c.is_control();
        // One that begins with a dash would be an argument of the program.
        if model.is_empty() || model.len() > LONGEST_MODEL || model.starts_with('-') || model.contains(odd) {
            return Err(bad(format!("`{}` is not the name of a model", model.escape_debug())));
        }
    }
    let (mut chosen, mut left_out): (Vec<Assistant>, Vec<LeftOut>) = (vec![], vec![]);
    for name in tools {
        let Some(tool) = all.iter().find(|one| one.id.as_str() == name) else {
            let known: Vec<&str> = all.iter().map(|one| one.id.as_str()).collect();
            return Err(bad(format!("there is no assistant `{name}`: known here are {}", known.join(", "))));
        };
        for model in models {
            match pair(tool, model, &chosen) {
                Ok(one) => chosen.push(one),
                Err(unfit) => left_out.push(LeftOut {
                    tool: tool.id.clone(),
                    model: model.clone(),
                    reason: unfit.to_string(),
                }),
            }
        }
    }
    if chosen.is_empty() {
        let why: Vec<String> =
            left_out.iter().map(|one| format!("{} with {}: {}", one.tool, one.model, one.reason)).collect();
        return Err(bad(format!("no tool can work with any of these models: {}", why.join("; "))));
    }
    Ok((chosen, left_out))
}

/// Why a tool cannot work with a model.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("{kind} takes no model")]
    NoModel { kind: &'static str },
    #[error("the tool's `args` choose a model themselves (`{argument}`)")]
    Chosen { argument: String },
    #[error(
        "`{model}` is of the family {of}, and without a `base_url` of its own {kind} takes {takes} only ({source_page})"
    )]
    Family { model: String, of: String, kind: &'static str, takes: String, source_page: &'static str },
    #[error("the names of tool and model are too long for one id of 64 characters")]
    TooLong,
    #[error("it is written like `{other}`, which makes the same id: `{id}`")]
    Spelled { other: String, id: AssistantId },
}

/// Returns a tool with a model, or why that cannot be.
fn pair(tool: &Assistant, model: &str, earlier: &[Assistant]) -> Result<Assistant, Unfit> {
    eligible(tool, model)?;
    let id =
        AssistantId::parse(&format!("{}{BETWEEN}{}", tool.id, plain(model))).map_err(|_| Unfit::TooLong)?;
    if let Some(same) = earlier.iter().find(|one| one.id == id) {
        return Err(Unfit::Spelled { other: same.model.clone().unwrap_or_default(), id });
    }
    // A price is one model's: another one's is not known by it.
    let price = tool.price.clone().filter(|_| tool.model.as_deref() == Some(model));
    Ok(Assistant {
        id,
        title: format!("{} + {model}", tool.title),
        model: Some(model.to_owned()),
        price,
        ..tool.clone()
    })
}

/// Returns whether an assistant can be told which model to work with.
pub(crate) fn takes_model(tool: &Assistant) -> bool {
    open_to_models(tool).is_ok()
}

/// Says why a tool cannot be told any model.
fn open_to_models(tool: &Assistant) -> Result<(), Unfit> {
    if takes(tool.backend) == Takes::NoModel {
        return Err(Unfit::NoModel { kind: tool.backend.title() });
    }
    match tool.args.iter().find(|argument| chooses_model(argument, tool.backend)) {
        Some(argument) => Err(Unfit::Chosen { argument: argument.clone() }),
        None => Ok(()),
    }
}

/// Says why a tool cannot work with a model, where that is certain.
fn eligible(tool: &Assistant, model: &str) -> Result<(), Unfit> {
    open_to_models(tool)?;
    let kind = tool.backend.title();
    let Takes::Families { families, source } = takes(tool.backend) else { return Ok(()) };
    let of = family(model).map(|one| one.family.as_str()).or_else(|| alias(model));
    match of {
        Some(of) if !families.contains(&of) && !may_go_elsewhere(tool) => Err(Unfit::Family {
            model: model.to_owned(),
            of: of.to_owned(),
            kind,
            takes: families.join(", "),
            source_page: source,
        }),
        Some(_) | None => Ok(()),
    }
}

/// Returns whether a tool may be led to another address or provider than its vendor's: by its `base_url`, by arguments
/// or variables that we do not read, or by its user's own settings.
fn may_go_elsewhere(tool: &Assistant) -> bool {
    let leads = |name: &String| name.contains("URL") || name.contains("ENDPOINT") || name.contains("HOME");
    tool.base_url.is_some()
        || tool.own_login.is_some()
        || !tool.args.is_empty()
        || tool.env.keys().chain(&tool.env_allow).chain(tool.secrets.keys()).any(leads)
}

fn chooses_model(argument: &str, kind: BackendKind) -> bool {
    let short = matches!(
        kind,
        BackendKind::Codex
            | BackendKind::Gemini
            | BackendKind::Qwen
            | BackendKind::Opencode
            | BackendKind::Kilo
            | BackendKind::Cline
    );
    argument == "--model"
        || argument.starts_with("--model=")
        || argument.starts_with("model=")
        || short && argument == "-m"
}

/// Returns a model's name as it can stand in an id.
fn plain(model: &str) -> String {
    let may = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    model.to_ascii_lowercase().chars().map(|c| if may(c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOLS: &str = r#"
[assistants.claude]
backend = "claude_code"
effort = "high"
[assistants.codex]
backend = "codex"
[assistants.own]
backend = "codex"
base_url = "http://127.0.0.1:9"
[assistants.fixed]
backend = "codex"
args = ["-m", "gpt-5"]
[assistants.shell]
backend = "command"
program = "p"
[assistants.amp]
backend = "amp"
[assistants.priced]
backend = "opencode"
model = "some/model"
price = { input = 1.0, cache_read = 1.0, cache_write = 1.0, output = 1.0 }
"#;

    fn all() -> Vec<Assistant> {
        fairtrial_backends::config::parse(TOOLS).unwrap()
    }

    fn crossed(tools: &str, models: &str) -> Result<(Vec<Assistant>, Vec<LeftOut>), ApiError> {
        let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        cross(&all(), &list(tools), &list(models))
    }

    /// Compares what becomes of every pair, in words.
    fn check(tools: &str, models: &str, pairs: &[&str], left: &[&str]) {
        let (chosen, left_out) = crossed(tools, models).unwrap();
        let ids: Vec<&str> = chosen.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, pairs);
        let reasons: Vec<String> =
            left_out.iter().map(|one| format!("{}+{}: {}", one.tool, one.model, one.reason)).collect();
        assert_eq!(reasons.len(), left.len(), "{reasons:?}");
        for (reason, wanted) in reasons.iter().zip(left) {
            assert!(reason.starts_with(wanted), "{reason}\nnot {wanted}");
        }
    }

    #[test]
    fn a_pair_is_left_out_only_where_it_is_certain_that_it_cannot_be() {
        check(
            "claude,codex",
            "sonnet,gpt-5.5",
            &["claude--sonnet", "codex--gpt-5.5"],
            &[
                "claude+gpt-5.5: `gpt-5.5` is of the family gpt",
                "codex+sonnet: `sonnet` is of the family claude",
            ],
        );
        let other = &["claude--who-knows", "own--who-knows", "own--claude-x"];
        check("claude,own", "who-knows,claude-x", &[other[0], "claude--claude-x", other[1], other[2]], &[]);
        check(
            "shell,amp,fixed,own",
            "gpt-5",
            &["own--gpt-5"],
            &[
                "shell+gpt-5: a command takes no model",
                "amp+gpt-5: Amp takes no model",
                "fixed+gpt-5: the tool's `args` choose a model themselves (`-m`)",
            ],
        );
    }

    #[test]
    fn who_takes_a_model_is_just_who_is_not_left_out_whatever_the_model() {
        let takes: Vec<bool> = all().iter().map(takes_model).collect();
        assert_eq!(takes, [true, true, true, false, false, false, true]);
    }

    #[test]
    fn two_spellings_of_one_model_are_one_pair() {
        check(
            "own",
            "Acme/One,acme-one",
            &["own--acme-one"],
            &["own+acme-one: it is written like `Acme/One`, which makes the same id: `own--acme-one`"],
        );
        let long = "m".repeat(64);
        check("own", &format!("short,{long}"), &["own--short"], &[&format!("own+{long}: the names")]);
    }

    #[test]
    fn a_pair_is_its_tool_with_the_model_and_no_price_of_another() {
        let (chosen, _) = crossed("claude,priced", "claude-x,some/model").unwrap();
        let tool = all().remove(0);
        let id = AssistantId::parse("claude--claude-x").unwrap();
        let title = "Claude Code (claude) + claude-x".to_owned();
        assert_eq!(chosen[0], Assistant { id, title, model: Some("claude-x".to_owned()), ..tool });
        let priced: Vec<bool> = chosen
            .iter()
            .filter(|o| o.id.as_str().starts_with("priced"))
            .map(|o| o.price.is_some())
            .collect();
        assert_eq!(priced, [false, true]);
    }

    #[test]
    fn what_cannot_be_crossed_is_refused_with_the_reason() {
        let refused = |tools, models, words: &str| {
            let error = crossed(tools, models).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        refused(
            "codex",
            "sonnet",
            "no tool can work with any of these models: codex with sonnet: `sonnet` is of",
        );
        refused("nobody", "m", "there is no assistant `nobody`");
        refused("own,own", "m", "the tool `own` is named twice");
        refused("own", "m,m", "the model `m` is named twice");
        refused("own", "-x", "`-x` is not the name of a model");
    }

    #[test]
    fn the_families_that_back_ends_name_are_in_the_table() {
        for kind in BackendKind::ALL {
            if let Takes::Families { families, source } = takes(kind) {
                assert!(source.starts_with("https://"), "{kind:?}");
                for name in families {
                    let known = fairtrial_wire::families::families().iter().any(|one| one.family == *name);
                    assert!(known, "{kind:?}: {name}");
                }
            }
        }
    }
}
