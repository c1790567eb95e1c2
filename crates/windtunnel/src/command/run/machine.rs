//! The machine that generates the load, and the id of a run.

use std::hash::{BuildHasher, Hasher, RandomState};

use jiff::Timestamp;
use windtunnel_core::summary::Machine;

/// What a record says about this machine. What the system does not tell is empty.
pub(in crate::command) fn machine() -> Machine {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    Machine {
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        boot: read("/proc/sys/kernel/random/boot_id").trim().to_owned(),
        cpu: processor(&read("/proc/cpuinfo")),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The name of the first processor.
fn processor(cpuinfo: &str) -> String {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(':')).map_or("", |(_, name)| name.trim()).to_owned()
}

/// The id of a run that begins at `started`: sorts by time, is a file name, and is unique even when two machines
/// begin in the same second. Modules that run side by side share it.
pub(super) fn run_id(started: Timestamp) -> String {
    // The standard library's hasher is seeded by the operating system: the only randomness that is wanted here.
    let random = RandomState::new().build_hasher().finish() & 0x00ff_ffff;
    let time: String = started.to_string().chars().take(19).filter(|c| *c != '-' && *c != ':').collect();
    format!("{time}Z-{random:06x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named_once() {
        assert_eq!(processor("processor : 0\nmodel name\t: A B\nmodel name\t: A B\n"), "A B");
        assert_eq!(processor(""), "");
    }

    #[test]
    fn ids_sort_by_time_and_differ() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let first = run_id(at("2025-01-31T12:00:00.5Z"));
        assert!(first.starts_with("20250131T120000Z-"), "{first}");
        assert!(first < run_id(at("2025-01-31T12:00:01Z")));
        assert_ne!(first, run_id(at("2025-01-31T12:00:00.5Z")));
    }
}
