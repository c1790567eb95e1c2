//! `windtunnel new`: the template, and that it is ready for use.

use crate::sandbox::Sandbox;

#[test]
fn a_new_module_and_its_data_are_written_and_the_next_commands_said() {
    let sandbox = Sandbox::new();
    let told = sandbox.run(&["new", "my_model"]);
    told.expect_code(0).expect_message("windtunnel my_model --sim");
    assert_eq!(sandbox.files(), ["data/my_model.tsv", "models/my_model.toml"]);
    let text = sandbox.read("models/my_model.toml");
    assert!(text.contains("class = \"MyModel\"") && text.contains("file = \"data/my_model.tsv\""), "{text}");
    assert!(!text.contains("{NAME}") && !text.contains("{CLASS}"), "{text}");
}

#[test]
fn nothing_is_overwritten() {
    for taken in ["models/x.toml", "models/x/part.toml", "data/x.tsv"] {
        let sandbox = Sandbox::new();
        sandbox.write(taken, "mine");
        sandbox.run(&["new", "x"]).expect_code(2).expect_message("is there already");
        assert_eq!(sandbox.files(), [taken]);
        assert_eq!(sandbox.read(taken), "mine");
    }
}

#[test]
fn a_name_that_cannot_be_selected_is_refused() {
    let sandbox = Sandbox::new();
    for name in ["../x", "a:B", "_x", "a.b"] {
        sandbox.run(&["new", name]).expect_code(2).expect_message("cannot be the name of a module");
    }
    assert!(sandbox.files().is_empty());
}
