//! `canbao-server`: the centre's one program.

use std::process::ExitCode;

use canbao_core::message::Lang;
use canbao_server::admin::{self, Failure, Reply};
use canbao_server::args::{CommandLine, InitArgs, Keys, KeysArgs, Rotate, ServeArgs, Top};
use canbao_server::init::{Init, init};
use canbao_server::keys::Rotation;
use canbao_server::rotate::rotate;
use canbao_server::serve::{Serve, serve};
use clap::Parser;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let line = CommandLine::parse();
    log_to_stderr(match line.command {
        Top::Serve(_) => "info",
        Top::Init(_) | Top::Admin(_) | Top::Keys(_) | Top::ReadSheet { .. } => "warn",
    });
    canbao_core::panics::tell_place_only(|place| {
        tracing::error!(code = "program.bug", place, "a bug of this program");
    });
    let lang = line.lang;
    let code = match line.command {
        Top::Init(args) => found(args, lang),
        Top::Serve(args) => run(args, lang),
        Top::Admin(args) => {
            let reply = admin::run(&args.data, args.command, lang);
            admin::show(&reply, args.json, lang)
        }
        Top::Keys(args) => replace_key(args, lang),
        Top::ReadSheet { kind } => return canbao_workbook::answer(kind),
    };
    ExitCode::from(code)
}

fn found(args: InitArgs, lang: Lang) -> u8 {
    let InitArgs {
        directory,
        root,
        origin,
        json,
    } = args;
    match init(
        &Init {
            directory,
            root,
            origin,
        },
        lang,
    ) {
        Ok(founded) if json => {
            println!("{}", serde_json::json!({ "ok": true, "result": founded }));
            0
        }
        Ok(founded) => {
            println!(
                "{}\n{}\n{}",
                founded.directory.display(),
                founded.origin,
                founded.root_hash
            );
            0
        }
        Err(failure) => fail(failure, json, lang),
    }
}

fn replace_key(args: KeysArgs, lang: Lang) -> u8 {
    let KeysArgs {
        data,
        json,
        command: Keys::Rotate(key),
    } = args;
    let rotation = match key {
        Rotate::Tls => Rotation::Tls,
        Rotate::Authority(args) => Rotation::Authority { root: args.root },
        Rotate::Log(args) => Rotation::Log { root: args.root },
    };
    match rotate(&data, &rotation, lang) {
        Ok(rotated) if json => {
            println!("{}", serde_json::json!({ "ok": true, "result": rotated }));
            0
        }
        Ok(rotated) => {
            println!(
                "{}\ntls {}\nauthority {}\nlog {}",
                rotated.version, rotated.tls, rotated.authority, rotated.log
            );
            0
        }
        Err(failure) => fail(failure, json, lang),
    }
}

fn run(args: ServeArgs, lang: Lang) -> u8 {
    let ServeArgs {
        directory,
        listen,
        http,
        tax,
        pension,
    } = args;
    match serve(
        &Serve {
            directory,
            listen,
            http,
            tax,
            pension,
        },
        lang,
    ) {
        Ok(()) => 0,
        Err(failure) => fail(failure, false, lang),
    }
}

fn fail(failure: Failure, json: bool, lang: Lang) -> u8 {
    admin::show(&Reply::Failed(failure), json, lang)
}

/// What is logged holds no name, number or amount of a person.
fn log_to_stderr(default: &str) {
    let filter = EnvFilter::try_from_env("CANBAO_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
