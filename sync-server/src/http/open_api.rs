//! The description of what is served, in OpenAPI.

use serde_json::{Value, json};

/// The description as JSON.
pub(super) fn text() -> String {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Canbao, the centre",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The public log, health and metrics.",
            "description": "Tiles hold salted commitments only; nothing here is personal.",
        },
        "paths": {
            "/checkpoint": get("The signed head of the log (C2SP tlog-checkpoint).", "text/plain"),
            "/tile/{path}": tile(),
            "/health": health(),
            "/metrics": get("Counters in Prometheus' text format.", "text/plain"),
            "/openapi.json": get("This description.", "application/json"),
        },
    })
    .to_string()
}

fn get(summary: &str, kind: &str) -> Value {
    json!({ "get": { "summary": summary, "responses": { "200": body(summary, kind) } } })
}

fn tile() -> Value {
    json!({
        "parameters": [{
            "name": "path",
            "in": "path",
            "required": true,
            "description": "As C2SP tlog-tiles writes it: `0/000`, `1/x001/234.p/17`, \
                            `entries/000`.",
            "schema": { "type": "string", "maxLength": 64 },
        }],
        "get": {
            "summary": "A tile of hashes or a bundle of entries.",
            "responses": {
                "200": body("Its bytes.", "application/octet-stream"),
                "404": { "description": "The log has no such tile." },
            },
        },
    })
}

fn health() -> Value {
    json!({
        "get": {
            "summary": "Whether the log can grow.",
            "responses": {
                "200": body("It can.", "application/json"),
                "503": body("The writer is stopped.", "application/json"),
            },
        },
    })
}

fn body(description: &str, kind: &str) -> Value {
    json!({ "description": description, "content": { (kind): {} } })
}
