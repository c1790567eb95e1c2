//! What is said of limits before a run: which will be judged, by whose word, and which of them the run is too short
//! for.

use windtunnel_core::compare::least_requests;
use windtunnel_core::suite::Limit;

use super::with_origins;
use crate::settings::layer::Origin;

/// The limits of one module, each with its origin.
pub(in crate::command::run) type Announced = Vec<(Limit, Origin)>;

/// A line with all of them; none where there is none.
pub(super) fn limits_line(limits: &Announced) -> Option<String> {
    let parts: Vec<(String, &Origin)> =
        limits.iter().map(|(limit, from)| (limit.text.clone(), from)).collect();
    (!parts.is_empty()).then(|| format!("limits: {}", with_origins(&parts)))
}

/// What can be shown at best, of limits for which a row is expected to get too few requests: `fewest` of all rows.
pub(super) fn too_few(limits: &Announced, fewest: f64) -> Vec<String> {
    let line = |(limit, _): &(Limit, Origin)| {
        let needed = least_requests(limit).filter(|needed| fewest < *needed as f64)?;
        Some(format!(
            "{}: a row needs {needed} requests at least to show that it is kept, and about {fewest:.0} are expected",
            limit.text
        ))
    };
    limits.iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(limits: &[(&str, Origin)]) -> Announced {
        limits.iter().map(|(text, from)| (Limit::parse(text).unwrap(), from.clone())).collect()
    }

    #[test]
    fn limits_are_announced_with_whoever_asked_for_them() {
        let (module, flag) = (Origin::Module("[slo] of m".to_owned()), Origin::Flag("--slo".to_owned()));
        let limits = announced(&[("avg < 1s", module.clone()), ("p95 < 1s", module), ("rate > 1/s", flag)]);
        let line = limits_line(&limits).unwrap();
        assert_eq!(line, "limits: avg < 1s, p95 < 1s ([slo] of m), rate > 1/s (--slo)");
        assert_eq!(limits_line(&Vec::new()), None);
    }

    #[test]
    fn what_a_run_is_too_short_for_is_said_before() {
        let limits = ["avg < 1s", "p95 < 1s", "p99 < 2s", "rate > 1/s", "failures < 0.1%"];
        let limits = announced(&limits.map(|text| (text, Origin::Default)));
        insta::assert_snapshot!(too_few(&limits, 120.4).join("\n"), @"
        p99 < 2s: a row needs 459 requests at least to show that it is kept, and about 120 are expected
        failures < 0.1%: a row needs 4603 requests at least to show that it is kept, and about 120 are expected
        ");
        assert_eq!(too_few(&limits, 459.0).len(), 1);
        assert_eq!(too_few(&limits, 5_000.0), Vec::<String>::new());
    }
}
