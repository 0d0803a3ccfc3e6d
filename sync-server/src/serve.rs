//! `canbao-server serve`: the running centre, until it is asked to end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use canbao_core::message::{Lang, Message};
use canbao_transport::Limits;
use canbao_transport::local::LocalSocket;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::admin::{Desk, Failure, Line, Lines, SOCKET};
use crate::border;
use crate::centre::{Centre, OpenError};
use crate::contact::Contact;
use crate::http::{self, Shown};
use crate::metrics::Metrics;
use crate::peers::{Clock, Peers};
use crate::remote::BadAddress;
use crate::{pension, tax};

/// How long what is still asked at the end may take.
const FAREWELL: Duration = Duration::from_secs(10);

/// What to serve, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serve {
    /// The centre's directory.
    pub directory: PathBuf,
    /// Where devices connect, by QUIC.
    pub listen: SocketAddr,
    /// Where checkpoint, tiles, health and metrics are read.
    pub http: SocketAddr,
    /// The tax bureau's address; without one nothing is sent.
    pub tax: Option<String>,
    /// The pension side's address; without one feeds come as files alone.
    pub pension: Option<String>,
}

/// What opens the centre of a directory: [`Centre::open`], or what stands for another disk.
pub type Open = fn(&Path) -> Result<Centre, OpenError>;

/// Where it serves, printed as one line when it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ready {
    /// The address for devices.
    pub quic: String,
    /// The address of checkpoint, tiles, health and metrics.
    pub http: String,
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// [`Failure`]: it did not get ready, or the HTTP server failed.
pub fn serve(serve: &Serve, lang: Lang) -> Result<(), Failure> {
    serve_opened_by(Centre::open, serve, lang)
}

/// Serves the centre that `open` makes of the directory, as [`serve`] does its own.
///
/// # Errors
/// As [`serve`].
pub fn serve_opened_by(open: Open, serve: &Serve, lang: Lang) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::of_store("serve.runtime", error, lang))?;
    let ended = runtime.block_on(run(open, serve, lang));
    // A request to tax may be under way; what became of it is asked for at the next start.
    runtime.shutdown_timeout(Duration::from_millis(100));
    ended
}

async fn run(open: Open, serve: &Serve, lang: Lang) -> Result<(), Failure> {
    let failed =
        |code: &'static str| move |error: std::io::Error| Failure::of_store(code, error, lang);
    // Asked for first: a signal during the start shall end it cleanly as well.
    let mut signals = Signals::listen().map_err(failed("serve.signals"))?;
    let tax = client(
        serve.tax.as_deref(),
        tax::Client::new,
        "serve.tax_address",
        lang,
    )?;
    let address = serve.pension.as_deref();
    let pension = client(address, pension::Client::new, "serve.pension_address", lang)?;
    let directory = serve.directory.clone();
    let opened = tokio::task::spawn_blocking(move || open(&directory)).await;
    let centre = opened
        .map_err(|error| Failure::of_store("serve.runtime", error, lang))?
        .map_err(|error| Failure::of_opening(&error, lang))?;
    // Where a rotation was cut short before the log told of it.
    centre
        .announce_log_key(border::now())
        .await
        .map_err(|error| Failure::of_unavailable(&error, lang))?;
    let socket =
        LocalSocket::bind(&serve.directory, &SOCKET).map_err(|it| Failure::of_local(&it, lang))?;
    let metrics = Arc::new(Metrics::default());
    let clock: Clock = Arc::new(border::now);
    let (limits, counted) = (Limits::default(), Arc::clone(&metrics));
    let peers = Peers::listen(centre.clone(), serve.listen, limits, clock, counted)
        .map_err(|error| Failure::of_store(error.code(), error, lang))?;
    let web = TcpListener::bind(serve.http)
        .await
        .map_err(failed("serve.http"))?;
    let ready = Ready {
        quic: peers
            .local_addr()
            .map_err(failed("transport.bind"))?
            .to_string(),
        http: web.local_addr().map_err(failed("serve.http"))?.to_string(),
    };

    let (stop, stopping) = watch::channel(false);
    let lines = Lines {
        tax: tax.map(line),
        pension: pension.map(line),
    };
    let desk = Desk::of_server(centre.clone(), lines.clone());
    let answering = tokio::spawn(async move {
        let answer = move |call| {
            let desk = desk.clone();
            async move { desk.answer(call).await }
        };
        socket.serve(answer).await;
    });
    let shown = Shown {
        centre: centre.clone(),
        metrics,
        tax: lines.tax.as_ref().map(|it| Arc::clone(&it.contact)),
        pension: lines.pension.as_ref().map(|it| Arc::clone(&it.contact)),
    };
    let adapters = adapters(&centre, lines);
    let devices = tokio::spawn(peers.run(told(stopping.clone())));
    let mut web = tokio::spawn(http::serve(web, shown, told(stopping)));

    println!("{}", serde_json::json!(ready));
    tracing::info!(quic = ready.quic, http = ready.http, "serving");
    let ended = tokio::select! {
        () = signals.next() => Ok(()),
        ended = &mut web => Err(match ended {
            Ok(Ok(())) => std::io::Error::other("it ended"),
            Ok(Err(error)) => error,
            Err(error) => error.into(),
        }),
    };
    tracing::info!("stopping");
    // An error means that nobody is left to be told.
    let _ = stop.send(true);
    let _ = tokio::time::timeout(FAREWELL, devices).await;
    for adapter in adapters {
        adapter.abort();
    }
    answering.abort();
    // Dropped with it, the socket's file is gone before the process is.
    let _ = answering.await;
    centre.stop().await;
    ended.map_err(failed("serve.http"))
}

fn client<C>(
    address: Option<&str>,
    client: impl FnOnce(&str) -> Result<C, BadAddress>,
    code: &'static str,
    lang: Lang,
) -> Result<Option<C>, Failure> {
    let client = address.map(client).transpose();
    client.map_err(|_| Failure::refused(&Message::bare(code), lang))
}

fn line<C>(client: C) -> Line<C> {
    Line {
        contact: Arc::new(Contact::default()),
        client,
    }
}

/// What talks with the other authorities, as far as there is a line to them.
fn adapters(centre: &Centre, lines: Lines) -> Vec<JoinHandle<()>> {
    let tax = lines.tax.map(|Line { contact, client }| {
        tokio::spawn(tax::Adapter::new(centre.clone(), client, contact).run())
    });
    let pension = lines.pension.map(|Line { contact, client }| {
        tokio::spawn(pension::Adapter::new(centre.clone(), client, contact).run())
    });
    tax.into_iter().chain(pension).collect()
}

async fn told(mut stopping: watch::Receiver<bool>) {
    // An error means that the process ends.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// The signals that ask for the end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
