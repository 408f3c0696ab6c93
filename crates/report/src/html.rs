//! The report as one page that needs nothing else: no script, no other file, and a content policy that says so.

mod arms;
mod board;
mod chart;
mod left;
mod trial;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use crate::markup::Markup;
use crate::{OWN_LOGIN, ReportInput, findings, letter, notes, verdict, words};

const STYLE: &str = include_str!("html/style.css");

/// A headline of more characters is set smaller, so that the first page has room for figures.
const LONG: usize = 120;

/// Returns the report as a self-contained HTML page. It is well-formed XML but for its doctype.
pub fn html(input: &ReportInput<'_>) -> String {
    let mut m = Markup::document();
    m.inside("html", &[("lang", "en")], |m| {
        m.inside("head", &[], |m| head(m, input));
        m.inside("body", &[], |m| {
            m.inside("main", &[], |m| {
                opening(m, input);
                // The first page of paper holds the verdict, the intervals and every trial.
                board::rates(m, input);
                board::map(m, input);
                board::excluded(m, input);
                board::figures(m, input);
                board::pairs(m, input);
                sections(m, input);
                arms::arms(m, input);
                left::left(m, input);
                arms::tasks(m, input);
                trial::trials(m, input);
                arms::method(m, input);
            });
        });
    });
    m.finish()
}

fn head(m: &mut Markup, input: &ReportInput<'_>) {
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
    let policy =
        &format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    m.void("meta", &[("charset", "utf-8")]);
    m.void("meta", &[("http-equiv", "Content-Security-Policy"), ("content", policy)]);
    m.void("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
    m.void("meta", &[("name", "referrer"), ("content", "no-referrer")]);
    m.leaf("title", &[], &format!("{}: {}", fairtrial_domain::PRODUCT, input.run.plan.title));
    m.style(STYLE);
}

fn opening(m: &mut Markup, input: &ReportInput<'_>) {
    let (run, plan) = (input.run, &input.run.plan);
    m.inside("header", &[], |m| {
        m.inside("p", &[("class", "soft")], |m| {
            m.leaf("bdi", &[], &plan.title);
            let size = format!(
                ", version {}: {} × {} × {}. Run {}, {}, started {}. Report by {} {}.",
                plan.suite_version,
                words::count(plan.tasks.len(), "task"),
                words::count(plan.assistants.len(), "assistant"),
                words::count(plan.trials as usize, "trial"),
                run.id,
                words::status(run.status),
                words::moment(&run.started),
                fairtrial_domain::PRODUCT,
                run.app_version
            );
            m.text(&size);
        });
        let headline = &input.comparison.verdict.headline;
        let class = if headline.chars().count() > LONG { "long" } else { "short" };
        m.leaf("h1", &[("dir", "auto"), ("class", class)], headline);
        if !input.comparison.verdict.parts.is_empty() {
            m.inside("ul", &[], |m| {
                for sentence in verdict::parts(input, &input.comparison.verdict.parts) {
                    m.leaf("li", &[("dir", "auto")], &sentence);
                }
            });
        }
        m.inside("ul", &[("class", "notes")], |m| {
            notes(input).iter().for_each(|note| m.leaf("li", &[], note));
        });
    });
}

/// What else is known, section by section.
fn sections(m: &mut Markup, input: &ReportInput<'_>) {
    for section in findings::findings(input.comparison, &|id| input.title_of(id)) {
        m.leaf("h2", &[], section.heading);
        m.inside("ul", &[], |m| {
            section.lines.iter().for_each(|line| m.leaf("li", &[("dir", "auto")], line));
        });
    }
}

/// Writes an assistant's letter and name.
fn who(m: &mut Markup, input: &ReportInput<'_>, id: &fairtrial_domain::id::AssistantId) {
    m.inside("span", &[("class", "who")], |m| {
        if let Some(place) = input.place(id) {
            m.leaf("span", &[("class", &format!("id {}", hue(place)))], &letter(place));
        }
        m.leaf("bdi", &[], input.title(id));
        if input.has_own_login(id) {
            m.leaf("span", &[("class", "soft")], OWN_LOGIN);
        }
    });
}

/// Returns the class of an assistant's hue; its letter tells it apart where hues repeat.
fn hue(place: usize) -> &'static str {
    ["i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7"][place % 8]
}

/// Writes a table's first row.
fn heads(m: &mut Markup, names: &[&str]) {
    m.inside("thead", &[], |m| {
        m.inside("tr", &[], |m| {
            names.iter().for_each(|name| m.leaf("th", &[("scope", "col")], name));
        });
    });
}

#[cfg(test)]
mod tests;
