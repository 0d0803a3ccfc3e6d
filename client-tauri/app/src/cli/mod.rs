//! The command line: arguments in, one answer out, an exit code that says its class.

mod args;
mod conversation;
mod json;
mod reading;
mod render;
mod secrets;
#[cfg(test)]
mod sentences;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use canbao_client::response::{Failure, FailureClass};
use canbao_core::message::{Lang, Message};
use clap::error::ErrorKind;
use etcetera::BaseStrategy;
use tracing_subscriber::EnvFilter;

use crate::local::{Answer, Call, failure};
use args::{Arguments, Options};
use secrets::Secrets;

/// Carries out one command line, the program's name first.
///
/// 0: done; 1: refused; 2: usage; 3: network; 4: store or disk; 5: trust.
pub(crate) fn run(arguments: &[OsString]) -> ExitCode {
    log_to_stderr();
    let (voice, answer) = match reading::parse(arguments) {
        Ok(Arguments { options, command }) => {
            let answer = answer(&options, command);
            (Voice::of(&options), answer)
        }
        Err(error) if is_help(&error) => return say(&error.to_string()),
        Err(error) => {
            let voice = Voice {
                json: reading::wants_json(arguments),
                lang: reading::language(arguments),
            };
            let message = reading::misused(&error);
            (
                voice,
                Err(failure(&message, FailureClass::Usage, voice.lang)),
            )
        }
    };
    voice.tell(&answer)
}

/// How the answers are told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice {
    json: bool,
    lang: Lang,
}

impl Voice {
    fn of(options: &Options) -> Self {
        Self {
            json: options.json,
            lang: options.lang,
        }
    }

    /// Tells an answer on the stream where it belongs, and gives the exit code of its class.
    pub(crate) fn tell(self, answer: &Answer) -> ExitCode {
        if self.json {
            let told = say(&format!("{}\n", json::document(answer)));
            return match answer {
                Ok(_) => told,
                Err(failure) => failure.class.exit_code().into(),
            };
        }
        match answer {
            Ok(response) => say(&format!("{}\n", render::response(response, self.lang))),
            Err(failure) => {
                // Nobody is left to tell where the standard error is gone.
                let _ = writeln!(io::stderr(), "{}", render::failure(failure, self.lang));
                failure.class.exit_code().into()
            }
        }
    }
}

fn answer(options: &Options, command: args::Command) -> Answer {
    let here = std::env::current_dir().map_err(|error| {
        let message = Message::bare("local.no_working_directory").with("detail", error);
        failure(&message, FailureClass::Store, options.lang)
    })?;
    let directory = match &options.data {
        Some(directory) => here.join(directory),
        None => own_directory(options.lang)?,
    };
    let mut secrets = Secrets::of(options, &here);
    let request = command.into_request(&here, &mut secrets)?;
    let mut call = Call {
        context: options.context(),
        request,
    };
    // Between two tries nothing is held open: whoever is asked may take their time.
    loop {
        call.context.passphrases.clone_from(&secrets.given);
        let answer = conversation::hold(&directory, call.clone(), Voice::of(options));
        match &answer {
            Err(failure) if secrets.after(failure)? => {}
            Ok(_) | Err(_) => return answer,
        }
    }
}

/// The data directory of this user, where none is named.
fn own_directory(lang: Lang) -> Result<PathBuf, Failure> {
    let strategy = etcetera::choose_base_strategy().map_err(|_| {
        let message = Message::bare("local.no_home");
        failure(&message, FailureClass::Usage, lang)
    })?;
    Ok(strategy.data_dir().join("canbao"))
}

/// Writes to the standard output; a reader that went away early has read enough.
fn say(text: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(_) => FailureClass::Store.exit_code().into(),
    }
}

fn is_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    )
}

/// What the log says goes to the standard error, as far as `CANBAO_LOG` asks for it.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("CANBAO_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false)
        .init();
}
