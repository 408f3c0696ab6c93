//! The lines that are sent: JSON-RPC requests, notifications and answers.

use serde_json::{Value, json};

/// The method is not offered here.
const NO_METHOD: i64 = -32601;
/// Signing in comes first.
pub(super) const SIGN_IN: i64 = -32000;

pub(super) fn request(id: u64, method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

pub(super) fn notification(method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string()
}

pub(super) fn answer(id: &Value, result: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string()
}

pub(super) fn not_offered(id: &Value, method: &str) -> String {
    let error = json!({ "code": NO_METHOD, "message": format!("`{method}` is not offered") });
    json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string()
}
