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
            asked().await;
            pull.send_replace(true);
            asked().await;
            exit::now()
        };
        tokio::select! {
            result = job => result,
            never = watcher => never,
        }
    })
}

async fn asked() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                interrupt = tokio::signal::ctrl_c() => wait_if_deaf(interrupt).await,
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    wait_if_deaf(tokio::signal::ctrl_c().await).await;
}

/// Without a handler there is nothing to wait for: the system ends the program by itself.
async fn wait_if_deaf(heard: std::io::Result<()>) {
    if heard.is_err() {
        std::future::pending::<()>().await;
    }
}
