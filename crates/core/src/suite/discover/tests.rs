//! Folders of modules, and what is found in them.

use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;

const CLASS: &str = "[[user]]\nclass = \"A\"\nget = \"/\"\n";

/// A folder that holds `models/` with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("models")).unwrap();
    for (name, text) in files {
        let path = root.path().join("models").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn open(root: &TempDir) -> Suite {
    Suite::open(&root.path().join("models")).unwrap()
}

fn names(suite: &Suite) -> Vec<&str> {
    suite.entries.iter().map(|(name, _)| name.as_str()).collect()
}

/// An error's text with paths below the root.
fn said(root: &TempDir, error: &impl ToString) -> String {
    error.to_string().replace(&format!("{}/", root.path().display()), "")
}

#[test]
fn files_and_folders_with_module_files_are_modules() {
    let root = folder(&[
        ("b.toml", CLASS),
        ("a.toml", CLASS),
        ("folder/deep/er/x.toml", CLASS),
        ("pictures/logo.png", ""),
        ("only_hidden/_x.toml", ""),
        ("_template.toml", ""),
        (".hidden.toml", ""),
        ("_shared/x.toml", ""),
        ("README.md", ""),
        ("c.toml.bak", ""),
    ]);
    fs::create_dir(root.path().join("models/empty")).unwrap();
    assert_eq!(names(&open(&root)), ["a", "b", "folder"]);
}

#[test]
fn two_entries_of_one_name_and_a_missing_folder_are_mistakes() {
    let root = folder(&[("x.toml", CLASS), ("x/y.toml", CLASS)]);
    let error = Suite::open(&root.path().join("models")).unwrap_err();
    insta::assert_snapshot!(said(&root, &error), @"`models/x` and `models/x.toml` are both module `x`; rename one of them");
    let error = Suite::open(&root.path().join("model")).unwrap_err();
    insta::assert_snapshot!(said(&root, &error), @"cannot read the folder of modules `model`: No such file or directory (os error 2)");
}

#[test]
fn data_is_relative_to_the_folder_that_holds_the_modules() {
    let root = |folder: &str| Suite { folder: folder.into(), entries: Vec::new() }.root();
    assert_eq!(root("models"), Path::new("."));
    assert_eq!(root("models/"), Path::new("."));
    assert_eq!(root("./models"), Path::new("."));
    assert_eq!(root("load/models"), Path::new("load"));
    assert_eq!(root("/srv/models"), Path::new("/srv"));
    assert_eq!(root("."), Path::new("./.."));
    assert_eq!(root("../.."), Path::new("../../.."));
}

#[test]
fn a_module_of_one_file_has_no_members() {
    let root = folder(&[("x.toml", &format!("\u{feff}{CLASS}"))]);
    let module = open(&root).load("x").unwrap();
    assert_eq!((module.name.as_str(), module.members.len()), ("x", 0));
    assert_eq!(module.path, root.path().join("models/x.toml"));
    assert_eq!(module.root, root.path());
    assert_eq!(module.users[0].class.at.line_column(), (2, 9));
}

#[test]
fn all_files_of_a_folder_form_the_module() {
    let class = |name: &str| CLASS.replace("\"A\"", &format!("\"{name}\""));
    let root = folder(&[
        ("x/b.toml", &class("B")),
        ("x/a/z.toml", &class("Z")),
        ("x/a/y.toml", &class("Y")),
        ("x/_skipped.toml", "broken"),
        ("x/shared.toml", "[data.t]\nfile = \"t.csv\"\n"),
    ]);
    let module = open(&root).load("x").unwrap();
    assert_eq!(module.members, ["a/y", "a/z", "b", "shared"]);
    let users: Vec<_> =
        module.users.iter().map(|user| (user.class.value.as_str(), user.member.as_deref())).collect();
    assert_eq!(users, [("Y", Some("a/y")), ("Z", Some("a/z")), ("B", Some("b"))]);
    assert_eq!(module.tables.len(), 1);
}

#[test]
fn the_mistakes_of_all_files_are_told_in_their_order() {
    let root = folder(&[("x/a.toml", CLASS), ("x/b.toml", &format!("wibble = 1\n{CLASS}nope = 2\n"))]);
    fs::write(root.path().join("models/x/c.toml"), b"a = 1\n# \xff\n").unwrap();
    symlink("nowhere.toml", root.path().join("models/x/d.toml")).unwrap();
    fs::write(root.path().join("models/x/e.toml"), "= 1\n").unwrap();
    insta::assert_snapshot!(said(&root, &open(&root).load("x").unwrap_err()), @r#"
    error: models/x/b.toml:1:1: unknown key `wibble` in a module
      1 | wibble = 1
        | ^^^^^^
      hint: known here: `description`, `baseline`, `load`, `sim`, `compare`, `slo`, `data`, `env`, `user`

    error: models/x/b.toml:3:9: the class `A` is already there, at models/x/a.toml:2
      3 | class = "A"
        |         ^^^
      hint: each class of a module has its own name

    error: models/x/b.toml:5:1: unknown key `nope` in class `A`
      5 | nope = 2
        | ^^^^
      hint: did you mean `name`?

    error: models/x/c.toml:2: the text is not UTF-8
      hint: save the file as UTF-8

    error: models/x/d.toml: cannot read the file: the symbolic link leads to nothing

    error: models/x/e.toml:1:1: not valid TOML: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`
      1 | = 1
        | ^
    "#);
}

#[test]
fn links_are_followed_unless_they_lead_back() {
    let root = folder(&[("x/a.toml", CLASS), ("_shared/b.toml", "[load]\nusers = 2\n")]);
    symlink("../_shared", root.path().join("models/x/shared")).unwrap();
    assert_eq!(open(&root).load("x").unwrap().load.users, Some(2));
    symlink("../x", root.path().join("models/x/again")).unwrap();
    insta::assert_snapshot!(said(&root, &open(&root).load("x").unwrap_err()), @"error: models/x/again: the symbolic link leads back to a folder that it lies in");
}

#[test]
fn links_that_lead_back_do_not_multiply_the_folders() {
    let root = folder(&[("a.toml", CLASS), ("loop/notes.txt", "")]);
    for link in ["b", "c", "d", "e"] {
        symlink(".", root.path().join("models/loop").join(link)).unwrap();
    }
    assert_eq!(names(&open(&root)), ["a"]);
    fs::write(root.path().join("models/loop/z.toml"), CLASS).unwrap();
    assert_eq!(names(&open(&root)), ["a", "loop"]);
}

#[test]
fn what_cannot_be_read_says_why() {
    let root = folder(&[("x/a.toml", CLASS)]);
    symlink("nowhere.toml", root.path().join("models/gone.toml")).unwrap();
    symlink("/dev/null", root.path().join("models/device.toml")).unwrap();
    let suite = open(&root);
    insta::assert_snapshot!(said(&root, &suite.load("gone").unwrap_err()), @"error: models/gone.toml: cannot read the file: the symbolic link leads to nothing");
    insta::assert_snapshot!(said(&root, &suite.load("device").unwrap_err()), @"error: models/device.toml: cannot read the file: it is not a file");
    insta::assert_snapshot!(said(&root, &suite.load("y").unwrap_err()), @r"
    error: no module `y` in `models`
      hint: there are: device, gone, x
    ");
}

#[test]
fn a_folder_without_permission_says_so_when_it_is_asked_for() {
    let root = folder(&[("x/a.toml", CLASS)]);
    let locked = root.path().join("models/x");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    let readable = fs::read_dir(&locked).is_ok();
    let said = open(&root).load("x").map_or_else(|problems| said(&root, &problems), |module| module.name);
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
    // The superuser reads it all the same.
    assert!(readable || said.contains("models/x: cannot read the folder"), "{said}");
}

#[test]
fn paths_are_shown_below_the_working_directory() {
    let here = std::env::current_dir().unwrap();
    assert_eq!(shown(&here.join("models/x.toml")), Path::new("models/x.toml"));
    assert_eq!(shown(Path::new("./models/x.toml")), Path::new("models/x.toml"));
    assert_eq!(shown(Path::new("../x.toml")), Path::new("../x.toml"));
    assert_eq!(shown(Path::new("/nowhere/x.toml")), Path::new("/nowhere/x.toml"));
    assert_eq!(shown(Path::new(".")), Path::new("."));
    assert_eq!(shown(&here), here);
}
