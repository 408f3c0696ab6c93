//! A body that is sent on piece by piece as it comes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

/// Pieces under way at most: more wait at the upstream.
const UNDER_WAY: usize = 8;

/// The receiving end, which the server sends.
pub(super) struct Outgoing(mpsc::Receiver<Result<Bytes, io::Error>>);

/// The giving end.
pub(super) type Giver = mpsc::Sender<Result<Bytes, io::Error>>;

/// Returns both ends of a body.
pub(super) fn channel() -> (Giver, Outgoing) {
    let (giver, taker) = mpsc::channel(UNDER_WAY);
    (giver, Outgoing(taker))
}

impl Outgoing {
    /// Returns a body that is all there.
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Outgoing {
        let (giver, taker) = mpsc::channel(1);
        // There is room for one.
        let _sent = giver.try_send(Ok(bytes.into()));
        Outgoing(taker)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
