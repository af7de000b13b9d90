//! What signals ask of telepost: to end (SIGTERM, SIGINT), to read its configuration again (SIGHUP), to drain (SIGUSR1).

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask for the end, watched from the moment this exists.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes the signals over from the system's default, which would end the process at once.
    pub fn watch() -> io::Result<Signals> {
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one of them and gives its name.
    pub async fn received(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// All that a running relay can be asked. Only `serve` watches these: elsewhere SIGHUP ends a process, as a closed
/// terminal should.
pub struct Requests {
    end: Signals,
    reload: Signal,
    drain: Signal,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    End { signal: &'static str },
    Reload,
    Drain,
}

impl Requests {
    /// As [`Signals::watch`].
    pub fn watch() -> io::Result<Requests> {
        let reload = signal(SignalKind::hangup())?;
        Ok(Requests { end: Signals::watch()?, reload, drain: signal(SignalKind::user_defined1())? })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Request {
        tokio::select! {
            signal = self.end.received() => Request::End { signal },
            _ = self.reload.recv() => Request::Reload,
            _ = self.drain.recv() => Request::Drain,
        }
    }
}
