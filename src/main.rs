//! The program; all of it is in the library.
//!
//! What is here is what only a program can know: whether it was started without stdout. Before `main`, Rust's standard library opens
//! /dev/null where a descriptor is closed, and from then on every answer is lost without an error. So it is looked at before that.

#[cfg(any(target_os = "linux", target_os = "macos"))]
#[allow(unsafe_code, reason = "nothing else runs before the standard library does")]
mod start {
    use std::sync::atomic::{AtomicBool, Ordering};

    static IS_CLOSED: AtomicBool = AtomicBool::new(false);

    #[used]
    #[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
    #[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
    static LOOK: extern "C" fn() = look;

    extern "C" fn look() {
        // SAFETY: it only asks, and the number is all that it is given
        let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
        IS_CLOSED.store(flags == -1, Ordering::Relaxed);
    }

    pub(crate) fn is_stdout_closed() -> bool {
        IS_CLOSED.load(Ordering::Relaxed)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod start {
    pub(crate) fn is_stdout_closed() -> bool {
        false
    }
}

fn main() -> std::process::ExitCode {
    glowplug::cli::main(start::is_stdout_closed())
}
