//! The program `windtunnel`.
fn main() -> std::process::ExitCode {
    windtunnel::main()
}
