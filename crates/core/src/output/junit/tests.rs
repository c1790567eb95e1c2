//! The document as it is, and that whoever parses it finds what was meant.

use quick_xml::Reader;

use super::*;
use crate::output::reported::LimitReport;
use crate::output::testing::*;
use crate::summary::line::fixture::spread;

/// (suite, case, how it ended, message) of every case, read back by a parser; also that the counts are right.
fn read(document: &str) -> Vec<(String, String, String, String)> {
    let mut reader = Reader::from_str(document);
    reader.config_mut().trim_text(true);
    let mut found: Vec<(String, String, String, String)> = Vec::new();
    let mut expected: Vec<(usize, usize, usize)> = Vec::new();
    loop {
        let event = reader.read_event().unwrap();
        let element = match &event {
            Event::Eof => break,
            Event::Start(element) | Event::Empty(element) => element,
            _ => continue,
        };
        let attribute = |name: &str| {
            let attribute = element.try_get_attribute(name).unwrap();
            attribute
                .map(|value| value.normalized_value(quick_xml::XmlVersion::Explicit1_0).unwrap().into_owned())
        };
        let number = |name: &str| attribute(name).unwrap().parse::<usize>().unwrap();
        match element.name().as_ref() {
            "testsuites" | "testsuite" => {
                expected.push((number("tests"), number("failures"), number("skipped")));
            }
            "testcase" => found.push((
                attribute("classname").unwrap(),
                attribute("name").unwrap(),
                "passed".to_owned(),
                String::new(),
            )),
            name => {
                let last = found.last_mut().unwrap();
                last.2 = name.to_owned();
                last.3 = attribute("message").unwrap();
            }
        }
    }
    let count = |end: &str| found.iter().filter(|case| case.2 == end).count();
    assert_eq!(expected[0], (found.len(), count("failure"), count("skipped")), "{document}");
    let of_suites = expected[1..]
        .iter()
        .fold((0, 0, 0), |sum, suite| (sum.0 + suite.0, sum.1 + suite.1, sum.2 + suite.2));
    assert_eq!(of_suites, expected[0], "{document}");
    found
}

#[test]
fn what_got_worse_fails_with_its_reckoning() {
    let comparison = compared(&single(&at("1", 180.0, 1)), &at("2", 230.0, 2));
    insta::assert_snapshot!(junit(&[module(3, comparison)]), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="windtunnel" tests="5" failures="1" errors="0" skipped="2">
      <testsuite name="demo" tests="5" failures="1" errors="0" skipped="2">
        <testcase classname="demo" name="POST /a p50">
          <failure message="p50 of POST /a got worse: 181 ms -&gt; 227 ms, +25.6 % (+12.3 to +40.5 %)" type="verdict">POST /a, p50: 181 ms -&gt; 227 ms, +25.6 % (+12.3 to +40.5 %): regressed

     1. The change (docs/statistics.md 3.6, 3.7)
        The p50 in milliseconds, of the requests that succeeded, from the end of the ramp and of the
        warm-up on. Values are compared by their natural logarithms, so that a change is a factor; of
        several sessions the mean of these counts. d is the change, and worse is always the positive
        direction.
          baseline 181.06 ms, now 227.41 ms
          d = ln(227.41 / 181.06) = +0.22793, that is +25.6 %

     2. How much sessions of one server differ (docs/statistics.md 3.7)
        Two sessions of one and the same server differ, for reasons that no request shows. sigma0 is how
        much is expected (a standard deviation of 3.5 %); it weighs as much as 3 sessions. wb2 is the
        variance inside a stored session, seen in how its requests vary over time.
          sigma0 = 0.035, wb2 = 0.00005313
        No epoch has two sessions, so that nothing else is known of it: SS and f are 0. S2 is the
        variance of one session&apos;s value.
          SS = 0, f = 0
          S2 = (3 (sigma0^2 + wb2) + SS) / (3 + f) = (3 (0.001225 + 0.00005313) + 0) / (3 + 0) =
          0.0012781
        What is left of it without wb2 lies between sessions; it is never taken below a quarter of
        sigma0^2.
          between = max(S2 - wb2, sigma0^2 / 4) = max(0.001225, 0.00030625) = 0.001225

     3. How far the change may be off (docs/statistics.md 3.7)
        The baseline is the mean of K = 1 session, and what is judged of L = 1 session. wc2 is the
        variance inside the judged session. se is the standard error of d, df its degrees of freedom: 10
        for what was expected, and f.
          wc2 = 0.000025804
          se = sqrt(S2 / K + (between + wc2) / L) = sqrt(0.0012781 / 1 + (0.001225 + 0.000025804) / 1) =
          0.050289
          df = 10 + f = 10

     4. The interval (docs/statistics.md 3.7)
        In 95 of 100 such comparisons the true change lies in the interval. t is the 97.5 % quantile of
        Student&apos;s distribution with df degrees of freedom; that other figures are looked at as well is
        not in it.
          d -+ t se, t = 2.2281: +0.11588 to +0.33998, that is +12.3 to +40.5 %

     5. Could it be chance (docs/statistics.md 3.7)
        If nothing had changed, a change at least as bad as this one would come with the probability
        p(worse), and one at least as good with p(better).
          p(worse) = P(t &gt; 4.5325) = 0.00054363
          p(better) = P(t &lt; 4.5325) = 0.99946

     6. Many figures are looked at (docs/statistics.md 3.12)
        Of 5 figures some look bad by chance. So p is not compared with q = 0.05 but with q times its
        rank among all of them in ascending order, divided by their number (Benjamini and Hochberg); the
        largest rank that passes takes all smaller ones with it.
          worse: rank 1 of 5, limit 0.05 x 1 / 5 = 0.01; 0.00054363 &lt;= 0.01: chance is excluded
          better: rank 4 of 5, limit 0.05 x 4 / 5 = 0.04; 0.99946 &gt; 0.04: chance is not excluded

     7. The word (docs/statistics.md 3.12)
        A change below the floor of 5 % is never called, whatever chance says; &quot;unchanged&quot; is said where
        one of the margin, 10 %, is excluded with 95 % confidence. The first of these that holds is the
        word:
          regressed: chance is excluded (yes), and +0.22793 &gt;= ln(1 + floor) = 0.04879 (yes)
          improved: chance is excluded (no), and +0.22793 &lt;= -ln(1 + floor) = -0.04879 (no)
          unchanged: with 95 % confidence d is below +0.31908, and that is below ln(1 + margin) =
          0.09531 (no)
          inconclusive: none of these
        So the word is: regressed.

     8. What this comparison can see (docs/statistics.md 3.15)
        A change of 19 % is seen in about four of five comparisons with this standard error; of smaller
        ones more are missed.
    </failure>
        </testcase>
        <testcase classname="demo" name="POST /a p95">
          <skipped message="inconclusive: +28.4 % (-1.8 to +67.9 %)"/>
        </testcase>
        <testcase classname="demo" name="POST /a p99">
          <skipped message="inconclusive: +28.3 % (-11.8 to +86.6 %)"/>
        </testcase>
        <testcase classname="demo" name="POST /a throughput"/>
        <testcase classname="demo" name="POST /a failures"/>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn every_state_of_a_row_is_a_case() {
    let cases = read(&junit(&[module(3, every_state()), unjudged(0)]));
    let lines: Vec<String> =
        cases.iter().map(|(suite, name, end, message)| format!("{suite}, {name}: {end} {message}")).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    demo, POST /new: skipped new: not in the baseline (100 requests, 0 of them failed)
    demo, POST /faster p50: passed 
    demo, POST /faster p95: passed 
    demo, POST /faster p99: passed 
    demo, POST /faster throughput: passed 
    demo, POST /faster failures: passed 
    demo, POST /few p50: skipped not judged: fewer than 20 requests (old 12, new 12)
    demo, POST /few p95: skipped not judged: fewer than 20 requests (old 12, new 12)
    demo, POST /few p99: skipped not judged: fewer than 20 requests (old 12, new 12)
    demo, POST /few throughput: skipped inconclusive: +0.0 % (-60.0 to +150 %)
    demo, POST /few failures: skipped not judged: fewer than 20 requests (old 12, new 12)
    demo, POST /other: skipped not comparable: body changed, users 2 -> 60
    demo, POST /fails p50: skipped inconclusive: +0.1 % (-11.4 to +13.0 %)
    demo, POST /fails p95: skipped inconclusive: -0.4 % (-23.8 to +30.2 %)
    demo, POST /fails p99: skipped not judged: only 2.7 independent requests lie beyond p99; 5 are needed
    demo, POST /fails throughput: skipped inconclusive: -11.3 % (-20.7 to -0.9 %)
    demo, POST /fails failures: failure failures of POST /fails got worse: 0 % -> 11.3 %, +11.3 pp
    demo, POST /silent p50: skipped not judged: fewer than 20 requests (old 300, new 2)
    demo, POST /silent p95: skipped not judged: fewer than 20 requests (old 300, new 2)
    demo, POST /silent p99: skipped not judged: fewer than 20 requests (old 300, new 2)
    demo, POST /silent throughput: failure throughput of POST /silent got worse: 5.00 /s -> 0.0333 /s, -99.3 %
    demo, POST /silent failures: skipped not judged: fewer than 20 requests (old 300, new 2)
    demo, POST /gone: skipped gone: not in this run (100 requests, 0 of them failed in the baseline)
    demo, verdict: skipped no baseline yet
    ");
}

#[test]
fn what_is_undecided_fails_only_where_it_makes_the_module_fail() {
    let of = |code| {
        let comparison = compared(&single(&at("1", 180.0, 1)), &at("2", 190.0, 2));
        let cases = read(&junit(&[module(code, comparison)]));
        let ended = cases.into_iter().filter(|case| case.1.ends_with("p50") || case.1.ends_with("p95"));
        ended.map(|case| case.2).collect::<Vec<_>>()
    };
    // p95 is not what makes the report inconclusive.
    assert_eq!(of(4), ["failure", "skipped"]);
    assert_eq!(of(0), ["skipped", "skipped"]);
}

#[test]
fn it_is_never_green_where_the_exit_code_is_not() {
    let same = || compared(&sessions(5, 180.0), &at("2", 181.0, 2));
    let modules = [
        ("limited", module(4, limited())),
        ("incomparable", module(4, incomparable())),
        ("failures", module(1, same())),
        ("nothing measured", unjudged(4)),
        ("crept", module(3, crept())),
    ];
    for (name, module) in modules {
        let cases = read(&junit(&[module]));
        assert!(cases.iter().any(|case| case.2 == "failure"), "{name}: {cases:?}");
    }
    assert!(read(&junit(&[module(0, same())])).iter().all(|case| case.2 == "passed"));
}

#[test]
fn limits_are_cases() {
    let limit = |state, limit: &str| LimitReport {
        row: "POST /a".to_owned(),
        limit: limit.to_owned(),
        state,
        text: "p95 is 310 ms".to_owned(),
    };
    let limits = vec![
        limit(LimitState::Kept, "p50 < 300ms"),
        limit(LimitState::Missed, "p95 < 300ms"),
        limit(LimitState::NotEnough, "p99 < 300ms"),
    ];
    let cases = read(&junit(&[ModuleReport { limits, ..unjudged(3) }]));
    let ends: Vec<&str> = cases.iter().map(|case| case.2.as_str()).collect();
    assert_eq!(ends, ["passed", "failure", "skipped"]);
    assert_eq!(cases[1].1, "POST /a p95 < 300ms");
}

#[test]
fn names_are_escaped_and_forbidden_characters_replaced() {
    let old = run("1", &spread(NASTY, 600, 60.0, 180.0, 1));
    let new = run("2", &spread(NASTY, 600, 60.0, 230.0, 2));
    let document = junit(&[module(3, compared(&single(&old), &new))]);
    let cases = read(&document);
    assert_eq!(cases[0].1, "POST /a|b`c<script>&\"*x* \u{fffd} ]]>::error::100%,y_z p50");
    let forbidden = |c: char| (c < ' ' && c != '\n') || c == '\u{fffe}';
    assert!(!document.contains(forbidden), "{document:?}");
}

#[test]
fn without_modules_it_is_still_a_document() {
    assert!(read(&junit(&[])).is_empty());
}
