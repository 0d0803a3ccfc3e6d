//! Connections that can end the process once their answer is out, and bodies with a bound.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::extract::connect_info::Connected;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::problem::Problem;

/// The most bytes of a body, as the interface says.
const MOST_BYTES: usize = 8 << 20;
/// How much of a too large body is read and thrown away, so that its sender gets to read why.
const MOST_DRAINED: usize = 64 << 20;

/// A listener whose connections know their [`Farewell`].
#[derive(Debug)]
pub struct Connections(pub TcpListener);

/// Whether the process dies when this connection has ended.
#[derive(Debug, Clone, Default)]
pub struct Farewell(Arc<AtomicBool>);

/// One accepted connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    farewell: Farewell,
}

impl Farewell {
    /// The last answer of this process: the connection closes behind it, which drops the
    /// [`Connection`], when all bytes are with the operating system.
    #[must_use]
    pub fn after(self, mut answer: Response) -> Response {
        self.0.store(true, Ordering::SeqCst);
        answer
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
        answer
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.farewell.0.load(Ordering::SeqCst) {
            std::process::abort();
        }
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        (
            Connection {
                stream,
                farewell: Farewell::default(),
            },
            peer,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Connections>> for Farewell {
    fn connect_info(stream: IncomingStream<'_, Connections>) -> Self {
        stream.io().farewell.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The whole body, unless it is too large or its sender goes away.
///
/// # Errors
/// The [`Problem`] to answer.
pub async fn read_body(mut body: Body) -> Result<Vec<u8>, Problem> {
    let (mut bytes, mut length) = (Vec::new(), 0_usize);
    while let Some(frame) =
        std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
    {
        let frame = frame.map_err(|_| Problem::Malformed("the body broke off".to_owned()))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length += data.len();
        if length > MOST_DRAINED {
            break;
        }
        if length <= MOST_BYTES {
            bytes.extend_from_slice(&data);
        }
    }
    if length <= MOST_BYTES {
        Ok(bytes)
    } else {
        Err(Problem::TooLarge)
    }
}
