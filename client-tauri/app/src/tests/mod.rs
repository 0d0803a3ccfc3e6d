//! The application against a centre of a few lines: real facts, a real log, real keys.

mod audit;
mod centre;
mod conflicts;
mod devices;
mod imports;
mod keys;
mod link;
mod offline;
mod packs;
mod passphrase;
mod payments;
mod pension;
mod proofs;
mod queries;
mod repair;
mod restart;
mod review;
mod scope;
mod sentences;
mod succession;
mod tax;
mod upgrades;

use std::path::Path;

use canbao_core::certificate::Mandate;
use canbao_core::declaration::Kind;
use canbao_core::message::Lang;
use canbao_core::newest::Newest;
use canbao_core::signing::hash_parts;
use canbao_core::time::Timestamp;
use canbao_workbook::Reader;

use crate::app::App;
use crate::request::{Context, Form, Request};
use crate::response::{DeclarationRow, Failure, Response};
use crate::world::{NoRandomness, World};

pub(super) use centre::{Centre, DISTRICT, NOW, UNIT};

/// A world that stands still, whose randomness follows from a seed.
pub(super) struct Fixed {
    now: Timestamp,
    seed: u8,
    drawn: u64,
}

impl World for Fixed {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        for chunk in bytes.chunks_mut(32) {
            self.drawn += 1;
            let hash = hash_parts("test", &[&[self.seed], &self.drawn.to_be_bytes()]);
            chunk.copy_from_slice(&hash[..chunk.len()]);
        }
        Ok(())
    }

    /// The program of a test is no reader.
    fn reader(&self) -> std::io::Result<Reader> {
        Ok(Reader::Here)
    }
}

/// Opens a data directory; another `seed` each time, as fresh randomness would be.
pub(super) fn open(directory: &Path, seed: u8) -> App {
    open_at(directory, seed, NOW)
}

/// The same with a clock that shows another time.
pub(super) fn open_at(directory: &Path, seed: u8, now: Timestamp) -> App {
    App::open_in(
        directory,
        Box::new(Fixed {
            now,
            seed,
            drawn: 0,
        }),
    )
    .expect("opens")
}

/// The same by a program that knows the formats so far.
pub(super) fn open_knowing(directory: &Path, seed: u8, newest: Newest) -> App {
    let (now, drawn) = (NOW, 0);
    let world = Box::new(Fixed { now, seed, drawn });
    App::open_knowing(directory, newest, world).expect("opens")
}

/// An employer's device, enrolled, with the feed so far.
pub(super) fn employer(centre: &mut Centre, directory: &Path) -> App {
    let mut app = open(directory, 1);
    centre.enrol(&mut app, Mandate::Employer(vec![UNIT]), "王经办");
    centre.deliver(&mut app);
    app
}

/// A district agency's device, enrolled, with the feed so far.
pub(super) fn agency(centre: &mut Centre, directory: &Path) -> App {
    let mut app = open(directory, 101);
    centre.enrol(&mut app, Mandate::Agency(DISTRICT), "李窗口");
    centre.deliver(&mut app);
    app
}

pub(super) fn english() -> Context {
    Context {
        lang: Lang::En,
        ..Context::default()
    }
}

pub(super) fn ask(app: &mut App, request: Request) -> Response {
    app.dispatch(&english(), request).expect("answered")
}

pub(super) fn refuse(app: &mut App, request: Request) -> Failure {
    app.dispatch(&english(), request).expect_err("refused")
}

pub(super) fn wage(person: &str, from: &str, to: &str, wage: &str) -> Request {
    let form = Form {
        person: Some(person.to_owned()),
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
        wage: Some(wage.to_owned()),
        ..Form::default()
    };
    filled_in(Kind::Wage, form)
}

pub(super) fn stop(person: &str, month: &str) -> Request {
    let form = Form {
        person: Some(person.to_owned()),
        month: Some(month.to_owned()),
        reason: Some("辞职".to_owned()),
        ..Form::default()
    };
    filled_in(Kind::Interruption, form)
}

pub(super) fn filled_in(kind: Kind, form: Form) -> Request {
    let form = Box::new(form);
    Request::Declare { kind, form }
}

pub(super) fn amended(id: &str, form: Form) -> Request {
    Request::DeclareEdit {
        id: id.parse().expect("an id"),
        form: Box::new(form),
    }
}

pub(super) fn declare(app: &mut App, request: Request) -> DeclarationRow {
    match ask(app, request) {
        Response::Declaration(row) => *row,
        other => panic!("a declaration, not {other:?}"),
    }
}

pub(super) fn declarations(app: &mut App) -> Vec<DeclarationRow> {
    match ask(app, Request::DeclareList) {
        Response::Declarations(rows) => rows,
        other => panic!("declarations, not {other:?}"),
    }
}

pub(super) fn submit_all(app: &mut App) {
    ask(
        app,
        Request::Submit {
            ids: Vec::new(),
            all: true,
        },
    );
}

pub(super) fn codes(failure: &Failure) -> Vec<(&str, &str)> {
    failure
        .problems
        .iter()
        .map(|it| (it.field.as_str(), it.code.as_str()))
        .collect()
}

/// An 18-character ID number with its check character, from the first 17.
pub(super) fn id_number(first: &str) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = first
        .bytes()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let check = b"10X98765432"[(sum % 11) as usize];
    format!("{first}{}", char::from(check))
}
