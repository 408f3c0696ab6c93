//! Users' own logins: who works with one, and that one run at a time does.
//!
//! **Invariant:** what is looked at is whether files exist; nothing in them is read here.

use std::collections::BTreeSet;
use std::fs::File;

use fairtrial_backends::Known;
use fairtrial_cell::login;
use fairtrial_cell::toolchain::Host;
use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::plan::Plan;
use fairtrial_store::RunLock;

use crate::error::{ApiError, describe};
use crate::view::SignIn;

/// What a run holds while it is worked on: its own lock, and the logins that its assistants work with.
pub(crate) type Held = (RunLock, Vec<File>);

/// Takes every login that a plan's assistants work with. They are held as long as the files are open.
pub(crate) fn take(plan: &Plan) -> Result<Vec<File>, ApiError> {
    let host = Host::here();
    let mut taken = BTreeSet::new();
    let mut held = vec![];
    for assistant in &plan.assistants {
        let (Some(own), Some(place)) = (&assistant.own_login, assistant.login()) else { continue };
        if taken.insert(place) {
            let refused = |error: login::LoginError| {
                ApiError::BadRequest(format!("{} cannot start: {}", assistant.title, describe(&error)))
            };
            held.push(login::take(own, &host).map_err(refused)?);
        }
    }
    Ok(held)
}

/// Returns what keeps an assistant with a login from starting: nobody signed in.
pub(crate) fn hurdle(assistant: &Assistant) -> Option<String> {
    let own = assistant.own_login.as_ref()?;
    let first = Host::here().expand(&own.places).into_iter().next()?;
    let place = own.places.first()?;
    (!first.exists())
        .then(|| format!("`{place}` is not there: sign in with the program itself, or give it a key"))
}

/// Returns how an assistant signs in; `None` where nothing is known of its program's login.
pub(crate) fn sign_in(assistant: &Assistant, known: Option<&Known>) -> Option<SignIn> {
    let login = known.and_then(|known| known.login);
    let own = assistant.own_login.clone().or_else(|| Some(login?.own()))?;
    let host = Host::here();
    let paths = host.expand(&own.credentials);
    let found = paths.iter().zip(&own.credentials).find(|(path, _)| path.is_file());
    Some(SignIn {
        own_login: assistant.own_login.is_some(),
        found: found.map(|(_, place)| place.clone()),
        places: own.places,
        terms: login.map(|login| login.terms.to_owned()),
        source: login.map(|login| login.source.to_owned()),
    })
}
