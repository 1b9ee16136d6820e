//! Ctrl-C, SIGTERM and SIGHUP: the first stops the job, the second the program.
//!
//! A separate thread listens, so that the first is answered at once even while the job blocks.

use std::{
    future::Future,
    sync::{Mutex, OnceLock, PoisonError, mpsc},
    thread,
};

use tokio::sync::watch;

use crate::{
    cli::{exit, terminal},
    postgres::session::Stop,
};

/// Runs a job that stops on Ctrl-C, SIGTERM and SIGHUP.
pub(super) fn block_on<T, F: Future<Output = T>>(job: impl FnOnce(Stop) -> F) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs a file descriptor, and few are open at the start");
    let (pull, stop) = Stop::new();
    static LISTENING: OnceLock<()> = OnceLock::new();
    LISTENING.get_or_init(listen);
    with_running(|running| *running = Running::Job(pull));
    let result = runtime.block_on(async { job(stop).await });
    with_running(|running| *running = Running::Nothing);
    result
}

/// What a signal would stop.
enum Running {
    /// No job: an editor or psql may own the terminal and its signals.
    Nothing,
    Job(watch::Sender<bool>),
    /// A job that is already stopping.
    Stopping,
}

fn with_running<T>(change: impl FnOnce(&mut Running) -> T) -> T {
    static RUNNING: Mutex<Running> = Mutex::new(Running::Nothing);
    change(&mut RUNNING.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Starts to listen. After this returns, no signal is lost.
fn listen() {
    let (tell, told) = mpsc::channel();
    let listener = thread::Builder::new().spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async move {
            let mut signals = Signals::listen();
            drop(tell);
            loop {
                signals.next().await;
                heard();
            }
        });
    });
    if listener.is_ok() {
        // the other end is dropped once the thread listens; without it the system ends the program
        told.recv().unwrap_or(());
    }
}

fn heard() {
    with_running(|running| match std::mem::replace(running, Running::Stopping) {
        Running::Nothing => *running = Running::Nothing,
        Running::Job(pull) => {
            terminal::say(
                "Stopping: uncommitted work is rolled back. Interrupt again to exit at once.\n",
            );
            pull.send_replace(true);
        }
        Running::Stopping => exit::now(),
    });
}

#[cfg(unix)]
struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    /// Without a handler there is nothing to wait for: the system ends the program.
    fn listen() -> Self {
        use crate::cluster::ignores_hangup;
        use tokio::signal::unix::{SignalKind, signal};
        let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
        // nohup means that the run should outlive its terminal
        if !ignores_hangup() {
            kinds.push(SignalKind::hangup());
        }
        Self(kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect())
    }

    async fn next(&mut self) {
        std::future::poll_fn(|cx| {
            let heard = self.0.iter_mut().any(|it| it.poll_recv(cx).is_ready());
            if heard { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
