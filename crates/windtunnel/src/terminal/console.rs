//! What is said to people: results on stdout, messages on stderr or in the file of `--logfile`.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;

use jiff::Timestamp;
use windtunnel_core::error::Problems;

use crate::terminal::print;

/// How important a message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Details.
    Debug,
    /// What happens, and what had to be changed.
    #[default]
    Info,
    /// What may be wrong.
    Warning,
    /// What is wrong.
    Error,
    /// Nothing below it is shown.
    Critical,
}

impl Level {
    /// Reads a level as Python names it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_uppercase().as_str() {
            "DEBUG" => Ok(Self::Debug),
            "INFO" => Ok(Self::Info),
            "WARNING" => Ok(Self::Warning),
            "ERROR" => Ok(Self::Error),
            "CRITICAL" => Ok(Self::Critical),
            _ => Err(format!("expected DEBUG, INFO, WARNING, ERROR or CRITICAL, got `{text}`")),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }
}

/// Where messages go.
#[derive(Debug, Default)]
pub(crate) struct Console {
    level: Level,
    log: Option<File>,
    /// A line of progress stands on the terminal and must be taken away before anything else is printed.
    line_stands: bool,
    /// stdout carries data for a program, so that results for people go to stderr.
    stdout_is_data: bool,
}

impl Console {
    /// Messages of at least `level`, to the end of `log` where there is one.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn open(level: Level, log: Option<&Path>) -> io::Result<Self> {
        let log = log.map(|path| OpenOptions::new().create(true).append(true).open(path)).transpose()?;
        Ok(Self { level, log, line_stands: false, stdout_is_data: false })
    }

    /// What happens.
    pub(crate) fn info(&mut self, message: impl Display) {
        self.say(Level::Info, &message.to_string());
    }

    /// What may be wrong.
    pub(crate) fn warning(&mut self, message: impl Display) {
        self.say(Level::Warning, &message.to_string());
    }

    /// Mistakes of the user: always on stderr, so that exit code 2 never comes without its reason.
    pub(crate) fn problems(&mut self, problems: &Problems) {
        let text = problems.to_string();
        if self.log.is_some() {
            self.say(Level::Error, &text);
        }
        self.stderr(&(text + "\n"));
    }

    /// Leaves stdout to data for a program (`--json`): results for people go to stderr from now on.
    pub(crate) fn leave_stdout_to_data(&mut self) {
        self.stdout_is_data = true;
    }

    /// Final tables, comparisons and verdicts: what a run is made for.
    pub(crate) fn result(&mut self, text: &str) {
        if self.stdout_is_data {
            self.stderr(text);
        } else {
            self.clear_line();
            // A reader that is gone must not change what the run comes to; neither must a full disk behind it.
            let _ = print(text);
        }
    }

    /// Tables of a run that goes on, which no level hides.
    pub(crate) fn table(&mut self, text: &str) {
        self.stderr(text);
    }

    /// Replaces the line of progress; only on a terminal.
    pub(crate) fn line(&mut self, text: &str) {
        // "Erase in line" (ECMA-48 EL) after the carriage return: the new line may be shorter.
        write_stderr(&format!("\r\x1b[K{text}"));
        self.line_stands = true;
    }

    /// Takes the line of progress away.
    pub(crate) fn clear_line(&mut self) {
        if self.line_stands {
            write_stderr("\r\x1b[K");
            self.line_stands = false;
        }
    }

    fn say(&mut self, level: Level, message: &str) {
        if level < self.level {
            return;
        }
        if let Some(log) = &mut self.log {
            let now = Timestamp::now();
            let entry = format!("{now:.3} {}: {message}\n", level.name());
            // A log that cannot be written must not end a measurement; the message goes to stderr instead.
            if log.write_all(entry.as_bytes()).is_ok() {
                return;
            }
        }
        let mark = if level == Level::Warning { "warning: " } else { "" };
        self.stderr(&format!("{mark}{message}\n"));
    }

    fn stderr(&mut self, text: &str) {
        self.clear_line();
        write_stderr(text);
    }
}

/// Nobody is left to be told that stderr is gone.
fn write_stderr(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// Can stderr show a line that is redrawn.
pub(crate) fn can_redraw() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Columns of the terminal that `stream` is, if it is one.
pub(crate) fn columns(stream: impl AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_file_gets_what_its_level_lets_through() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut console = Console::open(Level::Warning, Some(&path)).unwrap();
        console.info("hidden");
        console.warning("shown");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with(" WARNING: shown\n") && text.lines().count() == 1, "{text}");
    }

    #[test]
    fn levels_are_read_in_any_case() {
        assert_eq!(Level::parse("warning"), Ok(Level::Warning));
        assert!(Level::parse("loud").is_err());
    }
}
