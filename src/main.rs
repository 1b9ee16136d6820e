//! The program; the library does everything.
//!
//! Only a program can know whether it was started without stdout. Before `main`, Rust's standard library opens /dev/null for a
//! closed descriptor, and from then on all output is lost without an error. So this is checked before that.

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
        // SAFETY: it only queries a descriptor, and takes nothing but its number
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
    glowplug::main(start::is_stdout_closed())
}
