//! What crosses the local socket: the process that has the store open answers the others.

use std::time::Duration;

use canbao_client::request::{Context, Request};
use canbao_client::response::{Failure, FailureClass, Response};
use canbao_core::message::{Lang, Message};
use canbao_transport::local::{LocalError, LocalRules};
use serde::{Deserialize, Serialize};

/// The socket of a data directory.
pub(crate) const SOCKET: LocalRules = LocalRules {
    file_name: "canbao.sock",
    longest_question: 1 << 20,
    // The payment records of a large unit over many years.
    longest_answer: 1 << 28,
    connections: 32,
    // An exchange with the centre may be part of it.
    answer_within: Duration::from_secs(300),
};

/// What a line of the socket asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Call {
    /// On whose behalf.
    pub(crate) context: Context,
    /// What.
    pub(crate) request: Request,
}

/// What the application says.
pub(crate) type Answer = Result<Response, Failure>;

/// A failure without problems of fields.
pub(crate) fn failure(message: &Message, class: FailureClass, lang: Lang) -> Failure {
    let text = message.text(lang);
    Failure {
        code: message.code.to_owned(),
        message: text.message,
        hint: text.hint,
        problems: Vec::new(),
        class,
    }
}

/// A failure of the socket.
pub(crate) fn failed(error: &LocalError, lang: Lang) -> Failure {
    let class = match error {
        LocalError::TooLong { .. } | LocalError::NotUnderstood => FailureClass::Usage,
        LocalError::Taken
        | LocalError::PathTooLong
        | LocalError::NoAnswer(_)
        | LocalError::Socket(_) => FailureClass::Store,
    };
    failure(&error.message(), class, lang)
}
