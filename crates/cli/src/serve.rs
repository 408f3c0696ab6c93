//! The interface over loopback HTTP: the same two calls as the window has, behind a token.
//!
//! **Invariant:** no answer without the right token, no request from another page (Origin) or another name (Host),
//! no address but loopback.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use fairtrial_api::call::{Action, Query};
use fairtrial_api::view::ErrorDto;
use fairtrial_api::{Api, ApiError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpListener;

/// The built interface; empty when the program was built before the interface was.
#[derive(rust_embed::Embed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Interface;

/// The window's content policy, with the calls going to where the page came from.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; \
require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

/// More than any request of the interface needs.
const MOST_BODY: usize = 1 << 20;

#[derive(Clone)]
struct Door {
    api: Arc<Api>,
    token: Arc<str>,
    port: u16,
}

/// Serves until the process is told to end.
pub(crate) async fn serve(api: Arc<Api>, port: u16) -> Result<(), ApiError> {
    if Interface::get("index.html").is_none() {
        return Err(ApiError::BadRequest(
            "this program was built without the interface: run `make build`, or `npm run build` in ui/ and build again"
                .to_owned(),
        ));
    }
    let failed =
        |source| ApiError::Access { doing: "listen on", path: format!("127.0.0.1:{port}").into(), source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let door = Door { api, token: draw_token()?.into(), port };
    crate::commands::say(&format!("http://127.0.0.1:{port}/#token={}", door.token));
    crate::commands::aside("Whoever on this machine has the address above may start runs. End with Ctrl+C.");
    let api = Arc::clone(&door.api);
    axum::serve(listener, router(door)).with_graceful_shutdown(interrupted()).await.map_err(failed)?;
    for run in api.at_work() {
        crate::commands::aside(&format!(
            "Run {run} is interrupted; what its trials at work have spent is lost. `fairtrial resume {run}` goes on."
        ));
    }
    Ok(())
}

async fn interrupted() {
    // Without a handler for the signal the process simply ends, which is as good.
    let _ = tokio::signal::ctrl_c().await;
}

fn router(door: Door) -> Router {
    Router::new()
        .route("/api/query", post(query))
        .route("/api/act", post(act))
        .fallback(page)
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .layer(middleware::from_fn_with_state(door.clone(), guard))
        .with_state(door)
}

/// Refuses what another page or another name sends here, and puts the policy on every answer.
async fn guard(State(door): State<Door>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let hosts = [format!("127.0.0.1:{}", door.port), format!("localhost:{}", door.port)];
    let host = text(header::HOST).is_some_and(|host| hosts.iter().any(|ours| ours == host));
    let origin = text(header::ORIGIN)
        .is_none_or(|origin| hosts.iter().any(|ours| origin.strip_prefix("http://") == Some(ours)));
    let mut response = if host && origin {
        next.run(request).await
    } else {
        refuse(StatusCode::FORBIDDEN, "forbidden", "this address is only for its own page on this machine")
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn query(State(door): State<Door>, headers: HeaderMap, body: Bytes) -> Response {
    match admitted::<Query>(&door, &headers, &body) {
        Ok(query) => answer(door.api.query(query).await),
        Err(refusal) => *refusal,
    }
}

async fn act(State(door): State<Door>, headers: HeaderMap, body: Bytes) -> Response {
    match admitted::<Action>(&door, &headers, &body) {
        Ok(action) => answer(door.api.act(action).await),
        Err(refusal) => *refusal,
    }
}

fn admitted<T: DeserializeOwned>(door: &Door, headers: &HeaderMap, body: &[u8]) -> Result<T, Box<Response>> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !same(given.as_bytes(), door.token.as_bytes()) {
        let message = "open the address that `fairtrial serve` printed: it holds the token";
        return Err(Box::new(refuse(StatusCode::UNAUTHORIZED, "token", message)));
    }
    serde_json::from_slice(body).map_err(|error| {
        Box::new(refuse(
            StatusCode::BAD_REQUEST,
            "bad_request",
            &format!("the request cannot be read: {error}"),
        ))
    })
}

/// Compares in time that does not depend on where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

fn answer(outcome: Result<Value, ErrorDto>) -> Response {
    match outcome {
        Ok(value) => axum::Json(value).into_response(),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(error)).into_response(),
    }
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    (status, axum::Json(ErrorDto { code: code.to_owned(), message: message.to_owned() })).into_response()
}

async fn page(uri: Uri) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let Some(file) = Interface::get(path) else {
        return refuse(StatusCode::NOT_FOUND, "not_found", "there is nothing here");
    };
    let kind = match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("woff2") => "font/woff2",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some(_) | None => "application/octet-stream",
    };
    ([(header::CONTENT_TYPE, kind)], file.data).into_response()
}

/// Draws 256 bits from the operating system.
fn draw_token() -> Result<String, ApiError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| ApiError::Internal(format!("no randomness: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
