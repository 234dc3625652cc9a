//! The TCP connections to the echo peer; frames as in `runtimes/echo-frame.ts`.
//!
//! A task writes its request at once, under the connection's lock, as far as the socket takes it. One task of
//! Tokio's per connection writes what is left over and reads the replies; the tag says which task waits for one.

use crate::generated::{PAYLOAD_LIMIT_BYTES, ReplyFrame, RequestFrame};
use crate::payload::push_payload;
use crate::record::Records;
use crate::row::{bytes_of, row_from};
use crate::suspension::{Resumption, Suspension};
use crate::worker::Worker;
use std::cell::RefCell;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use tokio::net::TcpStream;

/// How much one read takes at most.
const READ_BYTES: usize = 65_536;

thread_local! {
    /// Where requests are put together and replies are read: one of each a worker, not one a connection.
    static REQUEST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static REPLIES: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

pub struct Request {
    pub payload_bytes: u32,
    pub seed: u32,
    /// Index of the task's suspension in the table that the connections know.
    pub tag: u32,
    pub reply_delay_ns: f64,
    pub is_warm_up: bool,
}

pub struct Connections {
    list: Vec<Arc<Connection>>,
}

/// What the connections need to know of the trial.
#[derive(Clone)]
pub struct Surroundings {
    /// Indexed by tag.
    pub suspensions: &'static [Suspension],
    pub records: Records,
    /// A connection that breaks before the trial is stopped fails the trial: told in a sentence.
    pub fail: Arc<dyn Fn(String) + Send + Sync>,
}

struct Connection {
    stream: TcpStream,
    outbox: Mutex<Outbox>,
    surroundings: Surroundings,
}

/// What the socket did not take at once.
#[derive(Default)]
struct Outbox {
    unsent: Vec<u8>,
    /// The connection's own task, to be told when something is unsent. None before its first poll.
    flusher: Option<Waker>,
}

impl Connections {
    /// Opens exactly `count` connections to the peer on this machine, or none.
    pub async fn open(port: u16, count: u32, surroundings: Surroundings) -> Result<Connections, String> {
        let mut list = Vec::with_capacity(count as usize);
        for index in 0..count {
            let stream = connect(port).await.map_err(|error| {
                format!("connection {} of {count} to the echo peer on port {port} failed: {error}", index + 1)
            })?;
            let connection =
                Arc::new(Connection { stream, outbox: Mutex::default(), surroundings: surroundings.clone() });
            tokio::spawn(Serve { connection: connection.clone(), incoming: Incoming::default() });
            list.push(connection);
        }
        Ok(Connections { list })
    }

    /// Sends the request on connection `turn`, counted round. The task's suspension is armed.
    pub fn send(&self, turn: usize, request: &Request) {
        let connection = &self.list[turn % self.list.len()];
        REQUEST.with_borrow_mut(|bytes| {
            bytes.clear();
            bytes.extend_from_slice(bytes_of(&RequestFrame {
                payload_bytes: request.payload_bytes,
                tag: request.tag,
                reply_delay_ns: request.reply_delay_ns,
                warm_up: u32::from(request.is_warm_up),
                reserved: 0,
            }));
            push_payload(bytes, request.seed, request.payload_bytes as usize);
            connection.send(bytes);
        });
    }
}

async fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Connection {
    /// Writes what the socket takes and leaves the rest to the connection's task.
    fn send(&self, bytes: &[u8]) {
        let mut outbox = self.lock();
        if !outbox.unsent.is_empty() {
            outbox.unsent.extend_from_slice(bytes);
            return;
        }
        match self.write(bytes) {
            Ok(written) if written == bytes.len() => {}
            Ok(written) => {
                outbox.unsent.extend_from_slice(&bytes[written..]);
                if let Some(flusher) = &outbox.flusher {
                    flusher.wake_by_ref();
                }
            }
            Err(error) => self.broke(&error.to_string()),
        }
    }

    /// How many of `bytes` the socket took.
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < bytes.len() {
            match self.stream.try_write(&bytes[written..]) {
                Ok(more) => written += more,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    /// Writes what is left over. Pending: all is written, or the socket takes no more for now.
    fn poll_flush(&self, context: &mut Context<'_>) -> Poll<io::Error> {
        let mut outbox = self.lock();
        if outbox.flusher.is_none() {
            outbox.flusher = Some(context.waker().clone());
        }
        while !outbox.unsent.is_empty() {
            if let Err(error) = ready!(self.stream.poll_write_ready(context)) {
                return Poll::Ready(error);
            }
            match self.write(&outbox.unsent) {
                Ok(written) => drop(outbox.unsent.drain(..written)),
                Err(error) => return Poll::Ready(error),
            }
        }
        Poll::Pending
    }

    /// Reads and hands out replies. Ready: the connection is at its end, and why.
    fn poll_replies(&self, incoming: &mut Incoming, context: &mut Context<'_>) -> Poll<String> {
        REPLIES.with_borrow_mut(|buffer| {
            loop {
                if let Err(error) = ready!(self.stream.poll_read_ready(context)) {
                    return Poll::Ready(error.to_string());
                }
                match self.stream.try_read(buffer) {
                    Ok(0) => return Poll::Ready("the peer closed it".to_owned()),
                    Ok(read) => {
                        if let Err(damage) = incoming.take(&buffer[..read], self.surroundings.suspensions) {
                            return Poll::Ready(damage);
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(error.to_string()),
                }
            }
        })
    }

    /// Fails the trial, unless it is over anyway.
    fn broke(&self, why: &str) {
        if !self.surroundings.records.stopped() {
            (self.surroundings.fail)(format!("a connection to the echo peer broke during the trial: {why}"));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task of one connection: ends when the connection does.
struct Serve {
    connection: Arc<Connection>,
    incoming: Incoming,
}

impl Future for Serve {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let serve = self.get_mut();
        Worker::with(|worker| worker.ends_rest(&serve.connection.surroundings.records));
        if let Poll::Ready(error) = serve.connection.poll_flush(context) {
            serve.connection.broke(&error.to_string());
            return Poll::Ready(());
        }
        let why = ready!(serve.connection.poll_replies(&mut serve.incoming, context));
        serve.connection.broke(&why);
        Poll::Ready(())
    }
}

/// A reply on its way in: its frame as far as it has come, then the checksum of its payload so far.
#[derive(Default)]
struct Incoming {
    frame: Vec<u8>,
    reply: Option<(ReplyFrame, crc32fast::Hasher)>,
    /// Bytes of the payload still to come.
    missing_bytes: usize,
}

impl Incoming {
    /// Takes the bytes in and hands out each reply that is whole. Err: they make no sense.
    fn take(&mut self, mut bytes: &[u8], suspensions: &[Suspension]) -> Result<(), String> {
        loop {
            let Some((frame, checksum)) = &mut self.reply else {
                let missing = size_of::<ReplyFrame>() - self.frame.len();
                let (head, rest) = bytes.split_at(missing.min(bytes.len()));
                self.frame.extend_from_slice(head);
                bytes = rest;
                if self.frame.len() < size_of::<ReplyFrame>() {
                    return Ok(());
                }
                self.begin()?;
                continue;
            };
            let (payload, rest) = bytes.split_at(self.missing_bytes.min(bytes.len()));
            checksum.update(payload);
            self.missing_bytes -= payload.len();
            bytes = rest;
            if self.missing_bytes > 0 {
                return Ok(());
            }
            let resumption = Resumption { result: checksum.clone().finalize(), ready_at_ns: frame.sent_ns };
            let tag = frame.tag;
            self.reply = None;
            let is_awaited =
                suspensions.get(tag as usize).is_some_and(|suspension| suspension.reply(resumption));
            if !is_awaited {
                return Err(format!("a reply came with the tag {tag}, for which no task waits"));
            }
        }
    }

    /// The frame is whole.
    fn begin(&mut self) -> Result<(), String> {
        let frame: ReplyFrame = row_from(&self.frame);
        self.frame.clear();
        self.missing_bytes = frame.payload_bytes as usize;
        if self.missing_bytes > PAYLOAD_LIMIT_BYTES {
            return Err(format!("a reply promises {} bytes of payload", self.missing_bytes));
        }
        self.reply = Some((frame, crc32fast::Hasher::new()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply_bytes(tag: u32, payload: &[u8]) -> Vec<u8> {
        let frame = ReplyFrame {
            payload_bytes: payload.len() as u32,
            tag,
            received_ns: 1.0,
            sent_ns: f64::from(tag),
        };
        [bytes_of(&frame), payload].concat()
    }

    fn armed(count: usize) -> Vec<Suspension> {
        let slots: Vec<Suspension> = (0..count).map(|_| Suspension::default()).collect();
        for slot in &slots {
            slot.arm(Waker::noop(), 1);
        }
        slots
    }

    #[test]
    fn replies_arrive_whole_however_the_stream_is_cut() {
        let payloads: [&[u8]; 4] = [b"abc", b"", b"0123456789", b"z"];
        let stream: Vec<u8> =
            (0..).zip(payloads).flat_map(|(tag, payload)| reply_bytes(tag, payload)).collect();
        for piece in 1..=stream.len() {
            let slots = armed(payloads.len());
            let mut incoming = Incoming::default();
            for bytes in stream.chunks(piece) {
                incoming.take(bytes, &slots).expect("the stream is sound");
            }
            for (tag, (slot, payload)) in slots.iter().zip(payloads).enumerate() {
                let left = slot.resumption().expect("each reply was handed out");
                assert_eq!((left.result, left.ready_at_ns), (crc32fast::hash(payload), tag as f64));
            }
        }
    }

    #[test]
    fn a_reply_for_nobody_or_of_senseless_length_is_damage() {
        let slots = armed(1);
        assert!(Incoming::default().take(&reply_bytes(1, b"x"), &slots).is_err());
        assert!(Incoming::default().take(&reply_bytes(0, b"x"), &slots).is_ok());
        assert!(Incoming::default().take(&reply_bytes(0, b"x"), &slots).is_err());
        let huge = vec![0; PAYLOAD_LIMIT_BYTES + 1];
        assert!(Incoming::default().take(&reply_bytes(0, &huge), &armed(1)).is_err());
    }
}
