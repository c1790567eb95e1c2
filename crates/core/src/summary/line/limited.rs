//! Whether the load generator was the limit, and not the server.

use crate::summary::RunRecord;

/// Mean lateness in microseconds below which nothing is called limited: less is a machine at work, not one that
/// cannot follow.
const FLOOR_US: f64 = 1000.0;

/// Why the generator was the limit of this run, in words; `None` when it was not.
///
/// It was when its mean lateness (of the heartbeat or of sends, whichever is larger) is at least 1 ms, and one of
/// these holds: that lateness is more than 2 % of the median latency of successes; a thread used more than 90 %
/// of its processor over any five seconds; the 99 % quantile of the heartbeat's lateness is more than a quarter
/// of the median latency. Without a success only the processor counts. (docs/formats.md, "gen".)
#[must_use]
pub fn limited(record: &RunRecord) -> Option<String> {
    let health = &record.health;
    let lateness =
        health.heartbeat.mean_us().unwrap_or_default().max(health.send_delay.mean_us().unwrap_or_default());
    if lateness < FLOOR_US {
        return None;
    }
    if let Some(p50) = record.total.latency.quantile_us(0.5).filter(|p50| *p50 > 0.0) {
        if lateness > 0.02 * p50 {
            let share = 100.0 * lateness / p50;
            let (lateness, p50) = (ms(lateness), ms(p50));
            return Some(format!(
                "the generator was late by {lateness} on average, {share:.0} % of the median latency of {p50}"
            ));
        }
        let p99 = health.heartbeat.quantile_us(0.99).unwrap_or_default();
        if p99 > 0.25 * p50 {
            let (p99, p50) = (ms(p99), ms(p50));
            return Some(format!(
                "the generator's heartbeat was late by {p99} (p99), more than a quarter of the median latency of {p50}"
            ));
        }
    }
    let cpu = 100.0 * health.cpu_max_5s;
    (health.cpu_max_5s > 0.9).then(|| format!("a thread of the generator used {cpu:.0} % of its processor"))
}

fn ms(us: f64) -> String {
    let ms = us / 1000.0;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}
