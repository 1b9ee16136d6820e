//! The `glowplug` program: everything is in the library.

fn main() -> std::process::ExitCode {
    glowplug::cli::main()
}
