//! What a script in the page can still not do, should one ever run there.

use serde_json::{Value, json};

use crate::window::Window;

/// Tries the ways from text to code, and collects what the policy says about each.
const INJECT: &str = r#"
const done = arguments[arguments.length - 1], tried = {}, reported = [];
addEventListener('securitypolicyviolation', (event) => reported.push(event.effectiveDirective));
const attempt = (name, run) => { try { run(); tried[name] = 'allowed' } catch (error) { tried[name] = error.name } };
const place = document.body.appendChild(document.createElement('div'));
const script = () => document.body.appendChild(document.createElement('script'));
attempt('markup', () => { place.innerHTML = '<img src=x onerror="window.__pwned=10">' });
attempt('script text', () => { script().textContent = 'window.__pwned=11' });
attempt('script source', () => { script().src = 'data:text/javascript,window.__pwned=12' });
attempt('eval', () => (0, eval)('window.__pwned=13'));
attempt('function', () => new Function('window.__pwned=14')());
attempt('policy', () => trustedTypes.createPolicy('mine', { createHTML: (text) => text }));
attempt('parsed', () => { place.append(...new DOMParser().parseFromString('<p>', 'text/html').body.children) });
const handler = document.createElement('img');
attempt('handler', () => { handler.setAttribute('onerror', 'window.__pwned=15'); handler.src = 'x:'; place.append(handler) });
const link = place.appendChild(document.createElement('a'));
attempt('link', () => { link.href = 'javascript:window.__pwned=16'; link.click() });
const frame = document.createElement('iframe');
attempt('frame', () => { frame.src = 'https://example.invalid/'; place.append(frame) });
attempt('picture', () => { new Image().src = 'https://example.invalid/leak.png' });
const form = place.appendChild(document.createElement('form'));
attempt('form', () => { form.action = 'https://example.invalid/'; form.submit() });
attempt('socket', () => new WebSocket('wss://example.invalid/'));
const fetched = fetch('https://example.invalid/').then(() => 'allowed', (error) => error.name);
setTimeout(async () => { place.remove(); done({
  tried, reported: [...new Set(reported)].sort(), fetched: await fetched, pwned: window.__pwned ?? null,
  global: typeof window.__TAURI__, frozen: Object.isFrozen(Object.prototype) }) }, 900);
"#;

pub(crate) async fn markup_is_refused_and_reported(window: &Window) {
    let seen = window.later(INJECT, &[]).await;
    assert_eq!(seen["pwned"], Value::Null, "{seen:#}");
    for refused in ["markup", "eval", "function", "policy"] {
        assert_ne!(seen["tried"][refused], "allowed", "{refused}: {seen:#}");
    }
    assert_ne!(seen["fetched"], "allowed", "{seen:#}");
    let reported = seen["reported"].as_array().unwrap();
    for directive in ["require-trusted-types-for", "trusted-types", "img-src", "connect-src", "form-action"] {
        assert!(reported.contains(&json!(directive)), "{directive} is not among {seen:#}");
    }
    assert_eq!(seen["global"], "undefined");
    assert_eq!(seen["frozen"], true);
}

pub(crate) async fn the_window_cannot_be_led_away(window: &Window) {
    let before = window.address().await;
    for away in
        ["https://example.invalid/", "file:///etc/passwd", "tauri://example.invalid/", "data:text/html,x"]
    {
        let js = "const done = arguments[arguments.length - 1];
            try { location.href = arguments[0] } catch {}
            window.open(arguments[0]);
            setTimeout(() => done(0), 300)";
        window.later(js, &[json!(away)]).await;
        assert_eq!(window.address().await, before, "led to {away}");
    }
    assert_eq!(window.count().await, 1, "another window opened");
}

pub(crate) async fn commands_that_were_not_granted_are_refused(window: &Window) {
    let invoke = "const done = arguments[arguments.length - 1];
        window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1]).then((v) => done(['answered', v]), (e) => done(['refused', e]))";
    for (command, arguments) in [
        ("plugin:window|set_title", json!({ "label": "main", "value": "x" })),
        ("plugin:window|close", json!({ "label": "main" })),
        (
            "plugin:webview|create_webview_window",
            json!({ "options": { "label": "other", "url": "index.html" } }),
        ),
        ("plugin:event|emit", json!({ "event": "x", "payload": null })),
        ("plugin:path|resolve_directory", json!({ "directory": 1 })),
        ("plugin:app|version", json!({})),
        ("start_run", json!({})),
    ] {
        let answer = window.later(invoke, &[json!(command), arguments]).await;
        assert_eq!(answer[0], "refused", "{command}: {answer}");
    }
    // The two that were granted check what they are asked.
    for query in
        [json!({ "q": { "query": "run", "run": "../../etc" } }), json!({ "q": { "query": "read_file" } })]
    {
        let answer = window.later(invoke, &[json!("query"), query]).await;
        assert_eq!(answer[0], "refused", "{answer}");
    }
    let answer = window.later(invoke, &[json!("query"), json!({ "q": { "query": "runs" } })]).await;
    assert_eq!(answer[0], "answered", "{answer}");
}
