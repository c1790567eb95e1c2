//! What is said before a run: what will happen, by whose word, and what it can show.

mod limits;

use std::fmt::Write;
use std::time::Duration;

use serde_json::Value;
use windtunnel_core::plan::{Dispatch, Plan, SelectedModule, SeriesPlan, SpawnSchedule};
use windtunnel_core::suite::Variable;
use windtunnel_core::units::format_duration;

use crate::command::run::prepare::BaseUrls;
use crate::settings::layer::Origin;
use crate::settings::load::ChosenLoad;

pub(super) use limits::Announced;

/// What is to be announced.
pub(super) struct Announcement<'a> {
    /// The run.
    pub(super) plan: &'a Plan,
    /// Its load, with origins.
    pub(super) load: &'a ChosenLoad,
    /// Its modules, with their variables.
    pub(super) modules: &'a [SelectedModule],
    /// Where it goes.
    pub(super) base_urls: &'a BaseUrls,
    /// For each row of the plan its mean latency, where the baseline knows one.
    pub(super) latencies: &'a [Option<Duration>],
    /// The change of a row's median, as a share, that can be seen with so many requests, where the baseline tells.
    pub(super) visible: &'a dyn Fn(usize, f64) -> Option<f64>,
    /// What looks worse is measured a second time.
    pub(super) confirms: bool,
    /// For each module of the plan: its baseline in words.
    pub(super) baselines: &'a [String],
    /// For each module of the plan: its limits.
    pub(super) limits: &'a [Announced],
}

impl Announcement<'_> {
    /// The text, several lines, without a line end.
    pub(super) fn text(&self) -> String {
        let mut text = self.load();
        // Writing to a text cannot fail.
        let _ = write!(text, "\n  to {}", self.targets());
        text.push_str(&self.details());
        for baseline in self.baselines {
            let _ = write!(text, "\n  baseline: {baseline}");
        }
        let _ = write!(text, "\n  {}", self.expectation());
        for line in self.limits() {
            let _ = write!(text, "\n  {line}");
        }
        if self.confirms {
            text.push_str(
                "\n  what looks worse is measured once more before it is called so (--no-confirm: it is not)",
            );
        }
        text
    }

    /// The text of runs in turns, `turns` in place of where they go and of baselines.
    pub(super) fn text_of_turns(&self, turns: &[String]) -> String {
        let mut text = self.load();
        for line in turns {
            let _ = write!(text, "\n  {line}");
        }
        text.push_str(&self.details());
        let _ = write!(text, "\n  {}", self.expectation());
        text
    }

    /// Classes, a ramp that is too long, variables: a line each, with its line end in front.
    fn details(&self) -> String {
        let mut text = String::new();
        for (class, users) in self.plan.classes.iter().zip(self.users_by_class()) {
            let _ = write!(text, "\n  {}: {}, {}", class.name, counted(users, "user"), class.wait.describe());
        }
        if let Some(late) = self.late_ramp() {
            let _ = write!(text, "\n  {late}");
        }
        for selected in self.modules {
            let variables: Vec<String> = selected.variables.0.iter().map(variable).collect();
            if !variables.is_empty() {
                let _ = write!(text, "\n  variables: {}", variables.join(", "));
            }
        }
        text
    }

    fn load(&self) -> String {
        let names: Vec<&str> = self.plan.modules.iter().map(|module| module.name.as_str()).collect();
        let users = self.plan.load.users;
        let is_raised = self.load.users.value != users;
        let users_from = if is_raised { &Origin::Default } else { &self.load.users.from };
        let rate = &self.load.spawn_rate;
        let time = match &self.load.run_time {
            Some(time) => (format!("for {}", format_duration(time.value)), &time.from),
            None => ("until Ctrl-C (no run time is set)".to_owned(), &Origin::Default),
        };
        let parts =
            [(counted(users, "user"), users_from), (format!("{} a second", rate.value), &rate.from), time];
        format!("{}: {}", names.join(", "), with_origins(&parts))
    }

    /// What is to be said where the run time is over before all users were started.
    fn late_ramp(&self) -> Option<String> {
        let load = &self.plan.load;
        let (run_time, schedule) = (load.run_time?, SpawnSchedule::new(load.spawn_rate));
        if schedule.start_of(load.users.saturating_sub(1)) < run_time {
            return None;
        }
        let (mut started, mut never) = (0, load.users);
        while started < never {
            let middle = u32::midpoint(started, never);
            if schedule.start_of(middle) < run_time { started = middle + 1 } else { never = middle }
        }
        Some(format!("the run time is over when {started} of {} users are started", load.users))
    }

    fn targets(&self) -> String {
        if let Some(simulator) = &self.base_urls.instead {
            return format!("the simulated model server, {simulator}");
        }
        let targets: Vec<String> = self.plan.targets.iter().map(ToString::to_string).collect();
        let from = if targets.len() == 1 { by(&self.base_urls.from) } else { String::new() };
        format!("{}{from}", targets.join(", "))
    }

    /// How many users of the full number each class gets.
    fn users_by_class(&self) -> Vec<u32> {
        let weights: Vec<(u32, Option<u32>)> =
            self.plan.classes.iter().map(|class| (class.weight, class.fixed_count)).collect();
        let mut users = vec![0; weights.len()];
        let count = usize::try_from(self.plan.load.users).unwrap_or(usize::MAX);
        for class in Dispatch::new(&weights).take(count) {
            users[class] += 1;
        }
        users
    }

    /// About how many requests a row gets, and the smallest change that this can show.
    fn expectation(&self) -> String {
        let Some(run_time) = self.plan.load.run_time else {
            return "how many requests a row gets depends on when it is stopped".to_owned();
        };
        let Some(counts) = self.expected_counts(run_time) else {
            return "each row gets as many requests as the server answers".to_owned();
        };
        let changes = counts.iter().enumerate().map(|(row, count)| (self.visible)(row, *count));
        let counts = range(counts.iter().copied(), |count| format!("{count:.0}"));
        let shown = changes.collect::<Option<Vec<f64>>>().filter(|changes| !changes.is_empty());
        let changes =
            shown.map(|changes| range(changes.into_iter(), |change| format!("{:.0}%", change * 100.0)));
        match changes {
            Some(change) => format!(
                "about {counts} requests a row: a change of the median of {change} or more can be seen"
            ),
            None => format!("about {counts} requests a row"),
        }
    }

    /// For each module its limits, and those that it will get too few requests for.
    fn limits(&self) -> Vec<String> {
        let counts = self.plan.load.run_time.and_then(|run_time| self.expected_counts(run_time));
        let mut lines = Vec::new();
        for (module, of_module) in self.limits.iter().enumerate() {
            lines.extend(limits::limits_line(of_module));
            if let Some(counts) = &counts {
                // What is sent once a user, by on_start and on_stop, has no share.
                let counts_here = |row: &SeriesPlan| row.module == module && row.share > 0.0;
                let rows = self.plan.series.iter().zip(counts).filter(|(row, _)| counts_here(row));
                let fewest = rows.map(|(_, count)| *count).fold(f64::INFINITY, f64::min);
                lines.extend(limits::too_few(of_module, fewest));
            }
        }
        lines
    }

    /// Users times run time, divided by the time of one turn, in each row's share. `None` where a turn has no
    /// length that is known: no wait and no earlier run.
    fn expected_counts(&self, run_time: Duration) -> Option<Vec<f64>> {
        let users = self.users_by_class();
        let mut counts = Vec::new();
        for (module, _) in self.plan.modules.iter().enumerate() {
            let of_module = || {
                let rows = self.plan.series.iter().zip(self.latencies);
                rows.filter(move |(row, _)| row.module == module)
            };
            let turn: f64 = of_module()
                .map(|(row, latency)| {
                    let latency = latency.unwrap_or_default();
                    row.share * (row.mean_wait + latency).as_secs_f64()
                })
                .sum();
            let of_classes = self.plan.classes.iter().zip(&users);
            let users: u32 =
                of_classes.filter(|(class, _)| class.module == module).map(|(_, users)| users).sum();
            if turn < 1e-3 {
                return None;
            }
            counts.extend(
                of_module().map(|(row, _)| f64::from(users) * run_time.as_secs_f64() / turn * row.share),
            );
        }
        Some(counts)
    }
}

/// A list in which each origin stands once, behind the last of those that it is the origin of.
fn with_origins(parts: &[(String, &Origin)]) -> String {
    let shown = parts.iter().enumerate().map(|(index, (text, from))| {
        let goes_on = parts.get(index + 1).is_some_and(|(_, next)| next == from);
        if goes_on { text.clone() } else { format!("{text}{}", by(from)) }
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// The origin in brackets; nothing for a default.
fn by(from: &Origin) -> String {
    match from {
        Origin::Default => String::new(),
        from => format!(" ({from})"),
    }
}

fn counted(count: u32, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn range(values: impl Iterator<Item = f64> + Clone, show: impl Fn(f64) -> String) -> String {
    let least = show(values.clone().fold(f64::INFINITY, f64::min));
    let most = show(values.fold(0.0, f64::max));
    if least == most { least } else { format!("{least} to {most}") }
}

fn variable(variable: &Variable) -> String {
    let value = match (&variable.value, variable.secret) {
        (_, true) => "***".to_owned(),
        (Value::String(text), false) => text.clone(),
        (value, false) => value.to_string(),
    };
    match &variable.from {
        None => format!("{}={value} (default)", variable.name),
        Some(name) if *name == variable.name => format!("{}={value}", variable.name),
        Some(name) => format!("{}={value} (from {name})", variable.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_said() {
        let mut secret = Variable { name: "KEY".into(), value: "s3cret".into(), from: None, secret: true };
        assert_eq!(variable(&secret), "KEY=*** (default)");
        secret.from = Some("ALIAS".to_owned());
        assert_eq!(variable(&secret), "KEY=*** (from ALIAS)");
    }

    #[test]
    fn an_origin_stands_once_behind_what_it_explains() {
        let (module, flag) = (Origin::Module("[load] of m".to_owned()), Origin::Flag("-t".to_owned()));
        let parts = [("2 users", &module), ("10 a second", &module), ("for 5s", &flag)];
        let parts = parts.map(|(text, from)| (text.to_owned(), from));
        assert_eq!(with_origins(&parts), "2 users, 10 a second ([load] of m), for 5s (-t)");
    }

    #[test]
    fn a_range_of_one_value_is_that_value() {
        let show = |value: f64| format!("{value:.0}");
        assert_eq!(range([3.2, 3.4].into_iter(), show), "3");
        assert_eq!(range([3.0, 12.0].into_iter(), show), "3 to 12");
    }
}
