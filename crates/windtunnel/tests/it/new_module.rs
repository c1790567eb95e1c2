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
fn the_next_commands_reach_a_module_that_is_named_like_a_command() {
    let sandbox = Sandbox::new();
    sandbox.run(&["new", "list"]).expect_code(0).expect_message("windtunnel run list --sim --csv");
}

#[test]
fn data_lies_where_the_module_looks_for_it_whatever_the_folder_of_modules_is_called() {
    for models in ["there/models", "models/"] {
        let sandbox = Sandbox::new();
        sandbox.run(&["new", "x", "--models", models]).expect_code(0);
        sandbox.run(&["check", "x", "--models", models]).expect_code(0);
    }
    let sandbox = Sandbox::new();
    sandbox.write("models/notes.txt", "");
    for command in ["new", "check"] {
        let mut command = sandbox.command(&[command, "x", "--models", "."]);
        let output = command.current_dir(sandbox.path("models")).output().unwrap();
        crate::sandbox::ended(output).expect_code(0);
    }
    assert_eq!(sandbox.files(), ["data/x.tsv", "models/notes.txt", "models/x.toml"]);
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
