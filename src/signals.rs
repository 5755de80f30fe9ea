//! The signals after which a pipeline drains and ends: SIGINT, SIGTERM and, unless it is ignored, SIGHUP.

use std::future::pending;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Why a pipeline is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndSignal {
    /// SIGINT or SIGTERM: somebody wants it to end. Who sends a second one has no patience left.
    Asked,
    /// SIGHUP: the terminal or the connection is gone. It often comes twice, from the system and from a shell, and says no more
    /// the second time.
    HangUp,
}

/// Listens for them. From then on they do not end the process by themselves any more.
#[derive(Debug)]
pub struct EndSignals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
}

impl EndSignals {
    /// Begins to listen. A signal that cannot be listened for does what the system has it do.
    pub fn listen() -> Self {
        let listen = |kind| signal(kind).ok();
        Self {
            interrupt: listen(SignalKind::interrupt()),
            terminate: listen(SignalKind::terminate()),
            hangup: (!ignores_hangup()).then(|| listen(SignalKind::hangup())).flatten(),
        }
    }

    /// The next one.
    pub async fn next(&mut self) -> EndSignal {
        tokio::select! {
            () = of(&mut self.interrupt) => EndSignal::Asked,
            () = of(&mut self.terminate) => EndSignal::Asked,
            () = of(&mut self.hangup) => EndSignal::HangUp,
        }
    }
}

async fn of(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => pending().await,
    }
}

/// Whether this process was started so that SIGHUP does nothing to it, as `nohup` does. To listen would undo that.
pub fn ignores_hangup() -> bool {
    let mut present = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action the call changes nothing and only writes the present one to where it is pointed to, which
    // is large enough. What it has written is read only if it says that it has. No safe interface asks without changing.
    let handler = unsafe {
        match libc::sigaction(libc::SIGHUP, std::ptr::null(), present.as_mut_ptr()) {
            0 => present.assume_init().sa_sigaction,
            _ => return false,
        }
    };
    handler == libc::SIG_IGN
}
