//! The variables of the environment that the load tests of LiftWing read, and the failure that hides in a 200.

use crate::liftwing::content;
use crate::liftwing::inputs::bodies_of;
use crate::sandbox::Sandbox;
use crate::server::{Recorded, Server};
use crate::shipped::working_copy;

/// The one request of a module under these variables.
fn request(module: &str, variables: &[(&str, &str)]) -> Recorded {
    let (sandbox, server) = (working_copy(), content());
    sandbox.run_with(variables, &["check", "--send", module, "-H", &server.url()]).expect_code(0);
    let [request] = server.recorded().try_into().unwrap();
    request
}

#[test]
fn variables_name_the_model_server_in_host_header_path_and_body() {
    let server = [("HOST", "peacock"), ("NAMESPACE", "llm-two")];
    let alias = [("HOST", "peacock"), ("NS", "llm-two")];
    for (module, variables, host) in [
        ("edit_check", &server[..], "peacock.llm-two"),
        ("edit_check", &alias, "peacock.llm-two"),
        ("edit_check", &[("NS", "experimental")], "edit-check.experimental"),
        // Empty means unset.
        ("edit_check", &[("HOST", ""), ("NS", "")], "edit-check.edit-check"),
        ("embeddings", &server, "peacock.llm-two"),
        ("embeddings", &alias, "peacock.llm-two"),
        ("embeddings", &[], "embeddings.llm"),
        ("huggingface", &[("MODEL_NAME", "m"), ("HOST", "h")], "h.experimental"),
        ("huggingface", &[("MODEL_NAME", "m"), ("HOST", "h"), ("NAMESPACE", "n")], "h.n"),
        ("huggingface", &[("MODEL_NAME", "m"), ("HOST", "h"), ("NS", "n")], "h.n"),
        // The newer name goes before the older one.
        ("huggingface", &[("MODEL_NAME", "m"), ("HOST", "h"), ("NS", "n"), ("NAMESPACE", "new")], "h.new"),
    ] {
        let request = request(module, variables);
        assert_eq!(request.header("host"), [format!("{host}.wikimedia.org")], "{module} {variables:?}");
        assert!(!format!("{request:?}").contains("None"), "{request:?}");
    }
    assert_eq!(request("embeddings", &[("MODEL_NAME", "e5")]).target, "/v1/models/e5:predict");
    let request = request("huggingface", &[("MODEL_NAME", "google/gemma"), ("HOST", "h")]);
    assert!(request.body.contains(r#""model":"google/gemma""#), "{}", request.body);
}

#[test]
fn a_required_variable_that_is_unset_or_empty_sends_nothing() {
    let (sandbox, server) = (working_copy(), content());
    let url = server.url();
    for variables in [&[][..], &[("MODEL_NAME", "m")], &[("HOST", "h")], &[("MODEL_NAME", ""), ("HOST", "h")]]
    {
        let told = sandbox.run_with(variables, &["huggingface", "-t", "1s", "-H", &url]);
        told.expect_code(2).expect_message("required and not set");
    }
    assert!(server.recorded().is_empty());
}

/// The questions that the shipped module sends, without the instruction in front.
fn questions(sandbox: &Sandbox, variables: &[(&str, &str)]) -> Vec<String> {
    let bodies = bodies_of(sandbox, "embeddings", variables);
    let texts = bodies.iter().map(|body| body["input"][0].as_str().unwrap());
    texts.map(|text| text.rsplit('\n').next().unwrap().trim_start_matches("Query: ").to_owned()).collect()
}

#[test]
fn questions_have_the_asked_length_and_an_instruction_unless_it_is_not_wanted() {
    let sandbox = working_copy();
    let data = sandbox.read("data/questions.csv");
    for (variables, least, most) in [
        (&[][..], 10, 350),
        (&[("MIN_LENGTH", "100"), ("MAX_LENGTH", "120")], 100, 120),
        (&[("USE_PROMPT", "false"), ("MAX_LENGTH", "60")], 10, 60),
    ] {
        let questions = questions(&sandbox, variables);
        for question in &questions {
            let length = question.chars().count();
            assert!((least..=most).contains(&length), "{variables:?}: {length}: {question}");
            assert!(data.contains(&question.replace('"', "\"\"")), "not in the table: {question}");
        }
        let with_prompt = bodies_of(&sandbox, "embeddings", variables)
            .iter()
            .zip(&questions)
            .all(|(body, question)| body["input"][0].as_str().unwrap().len() > question.len());
        assert_eq!(with_prompt, !variables.contains(&("USE_PROMPT", "false")));
    }
}

#[test]
fn an_error_inside_of_a_200_is_a_failure_with_the_servers_words() {
    let answer =
        r#"{"predictions": [{"status_code": 200}, {"status_code": 422, "errors": ["text too long"]}]}"#;
    let (sandbox, server) = (working_copy(), Server::start(move |_| (200, answer.to_owned())));
    let url = server.url();
    let told = sandbox.run(&["check", "--send", "edit_check", "-H", &url]);
    told.expect_code(1).expect_message("200 OK").expect_message("text too long");
    let told = sandbox.run(&["edit_check", "-u", "2", "-r", "2", "-t", "300ms", "-H", &url, "--csv", "x"]);
    told.expect_code(1);
    let failures = sandbox.read("x_failures.csv");
    assert_eq!(failures.lines().count(), 2, "{failures}");
    assert!(failures.contains("text too long"), "{failures}");
    let counts = sandbox.read("x_stats.csv");
    let row: Vec<&str> = counts.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(row[2], row[3], "{counts}");
}
