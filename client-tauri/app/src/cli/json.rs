//! The answer for scripts: one JSON document, its shape the same for every command.

use canbao_client::response::Failure;
use serde::Serialize;
use serde_json::Value;

use crate::local::Answer;

/// `{"ok": true, "result": …}` or `{"ok": false, "error": …}`, without a line end.
pub(crate) fn document(answer: &Answer) -> String {
    let document = match answer {
        Ok(response) => serde_json::to_string(&Success {
            ok: true,
            result: response.body(),
        }),
        Err(error) => serde_json::to_string(&Failed { ok: false, error }),
    };
    document.expect("an answer is plain data")
}

#[derive(Serialize)]
struct Success {
    ok: bool,
    result: Value,
}

#[derive(Serialize)]
struct Failed<'a> {
    ok: bool,
    error: &'a Failure,
}

#[cfg(test)]
mod tests {
    use canbao_client::response::{FailureClass, Response, SyncReport};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_is_the_body_alone() {
        let report = Response::Synced(SyncReport {
            entries: 3,
            ..SyncReport::default()
        });
        let document: Value = serde_json::from_str(&document(&Ok(report))).unwrap();
        assert_eq!(
            document,
            json!({"ok": true, "result": {
                "entries": 3, "sent": 0, "queued": 0, "held": 0, "refused": [], "left": [], "proven": 0,
                "checkpoint": null,
            }})
        );
    }

    #[test]
    fn an_empty_list_is_a_list() {
        let document = document(&Ok(Response::Declarations(Vec::new())));
        assert_eq!(document, r#"{"ok":true,"result":[]}"#);
    }

    #[test]
    fn an_error_carries_its_code_and_class() {
        let failure = Failure {
            code: "store.busy".to_owned(),
            message: "忙".to_owned(),
            hint: "等".to_owned(),
            problems: Vec::new(),
            class: FailureClass::Store,
        };
        let document: Value = serde_json::from_str(&document(&Err(failure))).unwrap();
        assert_eq!(
            document,
            json!({"ok": false, "error": {
                "code": "store.busy", "message": "忙", "hint": "等", "problems": [],
                "class": "store",
            }})
        );
    }
}
