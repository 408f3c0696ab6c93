//! The window: two commands that call `api`, and a lock on where the window may go.
//!
//! **Invariant:** no SQL, no process, no git here; what a command may do is listed in `permissions/`.

mod drawing;

use std::process::ExitCode;
use std::sync::Arc;

use fairtrial_api::call::{Action, Query};
use fairtrial_api::view::ErrorDto;
use fairtrial_api::{Api, Home};
use serde_json::Value;
use tauri::{State, WebviewUrl, WebviewWindowBuilder};

/// Set by a WebDriver, and the engine then lets it drive the window.
const AUTOMATION: &str = "TAURI_WEBVIEW_AUTOMATION";

// The parameters' names are what `ui/src/host/tauri.ts` sends. Async, so that neither runs on the window's thread.
#[tauri::command]
async fn query(api: State<'_, Arc<Api>>, q: Query) -> Result<Value, ErrorDto> {
    api.query(q).await
}

#[tauri::command]
async fn act(api: State<'_, Arc<Api>>, a: Action) -> Result<Value, ErrorDto> {
    api.act(a).await
}

/// Opens the data folder and the window, and returns when the window is closed.
pub fn start() -> ExitCode {
    refuse_automation();
    drawing::avoid_blank_window();
    let api = match Home::find(None).and_then(Api::open) {
        Ok(api) => api,
        Err(error) => {
            eprintln!("fairtrial-desktop: {}", fairtrial_api::describe(&error));
            return ExitCode::from(2);
        }
    };
    let built = tauri::Builder::default()
        .manage(api)
        .invoke_handler(tauri::generate_handler![query, act])
        .setup(|app| {
            let window = app.config().app.windows.first().cloned().unwrap_or_else(|| {
                tauri::utils::config::WindowConfig {
                    label: "main".into(),
                    url: WebviewUrl::default(),
                    ..Default::default()
                }
            });
            WebviewWindowBuilder::from_config(app.handle(), &window)?.on_navigation(is_ours).build()?;
            Ok(())
        })
        .build(tauri::generate_context!());
    match built {
        // Cells end with this process; a run that was under way can be resumed.
        Ok(app) => {
            app.run(|_, _| {});
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("fairtrial-desktop: could not open the window: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether the window may go to `url`: only to the interface it was built with.
fn is_ours(url: &tauri::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        "tauri" => host == "localhost",
        "http" | "https" => {
            host == "tauri.localhost" || (cfg!(dev) && host == "127.0.0.1" && url.port() == Some(5199))
        }
        _ => false,
    }
}

/// Refuses to start where another program could drive the window through a WebDriver.
fn refuse_automation() {
    #[cfg(not(feature = "e2e"))]
    if std::env::var_os(AUTOMATION).is_some() {
        eprintln!("fairtrial-desktop: {AUTOMATION} lets another program drive this window: unset it");
        std::process::exit(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_stays_at_home() {
        let goes = |url: &str| is_ours(&url.parse().unwrap());
        assert!(goes("tauri://localhost/index.html"));
        for away in ["https://example.com/", "tauri://example.com/", "file:///etc/passwd", "data:text/html,x"]
        {
            assert!(!goes(away), "{away}");
        }
    }
}
