//! `windtunnel fetch recentchanges` against a stand-in of the MediaWiki API.

use crate::sandbox::Sandbox;
use crate::server::{Recorded, Server};

fn answer(changes: &[(u64, &str)], more: Option<&str>) -> String {
    let changes: Vec<_> = changes
        .iter()
        .map(|(revid, title)| serde_json::json!({"type": "edit", "ns": 0, "revid": revid, "title": title, "pageid": 1}))
        .collect();
    let mut answer = serde_json::json!({"query": {"recentchanges": changes}});
    if let Some(more) = more {
        answer["continue"] = serde_json::json!({"rccontinue": more, "continue": "-||"});
    }
    answer.to_string()
}

fn fetch(server: &Server, sandbox: &Sandbox, more: &[&str]) -> crate::sandbox::Ended {
    let url = server.url();
    let mut arguments = vec!["fetch", "recentchanges", "--base-url", url.as_str()];
    arguments.extend(more);
    sandbox.run(&arguments)
}

#[test]
fn recent_edits_become_a_table_with_a_header() {
    let server = Server::start(|_| (200, answer(&[(7, "A title"), (8, "1984")], None)));
    let sandbox = Sandbox::new();
    fetch(&server, &sandbox, &["--wiki", "de", "--limit", "2"]).expect_code(0);
    let text = sandbox.read("data/recentchanges_de.tsv");
    assert_eq!(text, "lang\trev_id\ttitle\nde\t7\tA title\nde\t8\t1984\n");
    assert_eq!(sandbox.files(), ["data/recentchanges_de.tsv"]);

    let [request] = server.recorded().try_into().unwrap();
    let (path, query) = request.target.split_once('?').unwrap();
    assert_eq!((request.method.as_str(), path), ("GET", "/w/api.php"));
    for part in
        ["action=query", "list=recentchanges", "rctype=edit", "rcnamespace=0", "format=json", "rclimit=2"]
    {
        assert!(query.split('&').any(|found| found == part), "{query}");
    }
    assert!(query.contains("rcprop=title%7Cids") || query.contains("rcprop=title|ids"), "{query}");
    assert!(request.header("user-agent")[0].starts_with("windtunnel/"), "{request:?}");
}

#[test]
fn more_is_asked_for_where_one_answer_does_not_hold_all() {
    let server = Server::start(|request: &Recorded| {
        let second = request.target.contains("rccontinue=page2");
        (
            200,
            if second {
                answer(&[(3, "c"), (4, "d")], None)
            } else {
                answer(&[(1, "a"), (2, "b")], Some("page2"))
            },
        )
    });
    let sandbox = Sandbox::new();
    fetch(&server, &sandbox, &["--limit", "3", "--out", "there/x.tsv"]).expect_code(0);
    assert_eq!(sandbox.read("there/x.tsv").lines().count(), 4);
    assert_eq!(server.recorded().len(), 2);
}

#[test]
fn an_answer_that_is_an_error_is_told_and_the_old_file_stays() {
    let error = r#"{"error":{"code":"badvalue","info":"Unrecognized value"}}"#;
    for (status, body, told) in [
        (200, error, "error badvalue: Unrecognized value"),
        (200, "<html>", "did not answer as the MediaWiki API does"),
        (200, "{}", "no `query`"),
        (503, "busy", "status 503"),
        (200, r#"{"query":{"recentchanges":[]}}"#, "no recent edits"),
    ] {
        let server = Server::start(move |_| (status, body.to_owned()));
        let sandbox = Sandbox::new();
        sandbox.write("data/recentchanges_en.tsv", "old\n");
        fetch(&server, &sandbox, &[]).expect_code(2).expect_message(told);
        assert_eq!(sandbox.read("data/recentchanges_en.tsv"), "old\n");
        assert_eq!(sandbox.files(), ["data/recentchanges_en.tsv"]);
    }
}

#[test]
fn it_goes_through_the_proxy_of_the_environment_unless_told_not_to() {
    let proxy = Server::start(|_| (200, answer(&[(1, "a")], None)));
    let sandbox = Sandbox::new();
    let arguments = ["fetch", "recentchanges", "--base-url", "http://wiki.invalid", "--limit", "1"];
    let url = proxy.url();
    let told = sandbox.run_with(&[("http_proxy", &url), ("no_proxy", "wiki.invalid")], &arguments);
    told.expect_code(2).expect_message("cannot fetch from");
    assert!(proxy.recorded().is_empty());
    // ureq reaches http servers through a proxy with CONNECT: that it asked the proxy is all that matters here.
    sandbox.run_with(&[("http_proxy", &url)], &arguments);
    assert!(!proxy.recorded().is_empty());
}

#[test]
fn a_base_url_that_is_none_or_holds_a_password_is_refused_and_not_repeated() {
    let sandbox = Sandbox::new();
    for url in ["http://me:s3cret@127.0.0.1:1", "me:s3cret@h", "", "ftp://h", "http://h/api.php?x=1"] {
        let told = sandbox.run(&["fetch", "recentchanges", "--base-url", url]);
        told.expect_code(2).expect_message("--base-url: ");
        assert!(!told.stderr.contains("s3cret"), "{told:#?}");
    }
}

#[test]
fn a_limit_outside_the_api_and_a_wiki_that_is_none_are_refused() {
    let sandbox = Sandbox::new();
    for arguments in
        [["--limit", "0"], ["--limit", "501"], ["--limit", "x"], ["--wiki", "../en"], ["--wiki", ""]]
    {
        let all = [&["fetch", "recentchanges"], arguments.as_slice()].concat();
        sandbox.run(&all).expect_code(2);
    }
    assert!(sandbox.files().is_empty());
}
