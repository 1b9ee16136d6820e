//! Ctrl-C and SIGTERM: the first stops the job, the second the program.

use std::future::Future;

use crate::{cli::exit, postgres::session::Stop};

/// Runs a job that obeys Ctrl-C and SIGTERM.
pub(super) fn block_on<T, F: Future<Output = T>>(job: impl FnOnce(Stop) -> F) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs a file descriptor, and the program has just started");
    runtime.block_on(async {
        let (pull, stop) = Stop::new();
        let job = job(stop);
        let watcher = async move {
            let mut signals = Signals::listen();
            signals.next().await;
            pull.send_replace(true);
            signals.next().await;
            exit::now()
        };
        tokio::select! {
            // before the job begins there is somebody who listens
            biased;
            never = watcher => never,
            result = job => result,
        }
    })
}

#[cfg(unix)]
struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    /// Without a handler there is nothing to wait for: the system ends the program by itself.
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        Self(
            kinds
                .into_iter()
                .filter_map(|kind| signal(kind).ok())
                .collect(),
        )
    }

    async fn next(&mut self) {
        std::future::poll_fn(|cx| {
            let heard = self.0.iter_mut().any(|it| it.poll_recv(cx).is_ready());
            if heard {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
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
