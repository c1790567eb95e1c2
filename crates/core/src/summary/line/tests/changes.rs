//! Lines that are no runs: decisions about them.

use super::*;

fn at() -> Timestamp {
    "2025-02-01T08:30:00Z".parse().unwrap()
}

fn decided(change: Change) -> Line {
    Line::Change(ChangeLine::new(at(), change))
}

#[test]
fn decisions_are_what_docs_formats_describes() {
    let (run, epoch) = (|| "r2".to_owned(), || "e1".to_owned());
    for (change, text) in [
        (
            Change::Accept { run: run(), epoch: "r2".to_owned(), parent: Some(epoch()) },
            r#"{"at":"2025-02-01T08:30:00Z","epoch":"r2","kind":"accept","parent":"e1","run":"r2","v":1}"#,
        ),
        (
            Change::Accept { run: run(), epoch: "r2".to_owned(), parent: None },
            r#"{"at":"2025-02-01T08:30:00Z","epoch":"r2","kind":"accept","parent":null,"run":"r2","v":1}"#,
        ),
        (
            Change::Add { run: run(), epoch: epoch() },
            r#"{"at":"2025-02-01T08:30:00Z","epoch":"e1","kind":"add","run":"r2","v":1}"#,
        ),
        (
            Change::Anchor { epoch: epoch() },
            r#"{"at":"2025-02-01T08:30:00Z","epoch":"e1","kind":"anchor","v":1}"#,
        ),
        (Change::Drop { run: run() }, r#"{"at":"2025-02-01T08:30:00Z","kind":"drop","run":"r2","v":1}"#),
    ] {
        let line = decided(change);
        assert_eq!(line.to_json_line(), text);
        assert_eq!(Line::parse(text).unwrap(), Some(line));
    }
}

#[test]
fn runs_and_decisions_share_a_file_in_its_order() {
    let lines = [Line::Run(Box::new(read(&TEXT))), decided(Change::Drop { run: "r1".to_owned() })];
    let text: String = lines.iter().map(|line| line.to_json_line() + "\n\n").collect();
    assert_eq!(Line::parse_all(&text).unwrap(), lines);
    // Readers of runs alone pass over the others.
    assert_eq!(RunLine::parse_all(&text).unwrap().len(), 1);
}

#[test]
fn unknown_keys_and_kinds_are_passed_over_and_a_parent_may_be_missing() {
    let text = r#"{"v":1,"kind":"accept","at":"2025-02-01T08:30:00Z","run":"r","epoch":"r","why":"release"}"#;
    let (run, epoch) = ("r".to_owned(), "r".to_owned());
    assert_eq!(Line::parse(text).unwrap(), Some(decided(Change::Accept { run, epoch, parent: None })));
    assert_eq!(Line::parse(r#"{"v":1,"kind":"note"}"#).unwrap(), None);
}

#[test]
fn a_damaged_decision_is_named_with_its_line() {
    for (text, message) in [
        (r#"{"v":1,"kind":"drop","at":"2025-02-01T08:30:00Z"}"#, "missing field `run`"),
        (r#"{"v":1,"kind":"drop","at":"yesterday","run":"r"}"#, "`yesterday` is no time"),
        (r#"{"v":1,"kind":"add","at":"2025-02-01T08:30:00Z","run":"r"}"#, "missing field `epoch`"),
        (r#"{"v":1,"kind":"drop","at":"2025-02-01T08"#, "no JSON from column"),
        (r#"{"kind":"drop","run":"r"}"#, "no key `v`"),
    ] {
        let (line, error) = Line::parse_all(&format!("{}\n{text}\n", *TEXT)).unwrap_err();
        assert_eq!(line, 2);
        assert!(error.to_string().contains(message), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn no_decision_makes_the_reader_panic(kind in "accept|add|anchor|drop|run|note", rest in "\\PC{0,60}") {
        let _ = Line::parse(&format!("{{\"v\":1,\"kind\":\"{kind}\"{rest}"));
        let _ = Line::parse(&format!("{{\"v\":1,\"kind\":\"{kind}\",\"at\":\"{rest}\"}}"));
    }
}
