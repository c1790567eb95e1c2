//! Names as people type them, and the classes that run.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A suite with modules of one and of several files, classes that are switched off, and a module that is
/// broken.
fn suite() -> (TempDir, Suite) {
    let root = TempDir::new().unwrap();
    let class = |name: &str, more: &str| format!("[[user]]\nclass = \"{name}\"\nget = \"/\"\n{more}\n");
    let off = "enabled = false";
    let files = [
        ("article_descriptions.toml", class("Descriptions", "") + &class("DescriptionsCloudVPS", off)),
        ("dormant.toml", class("Asleep", off) + &class("AlsoAsleep", off)),
        ("qwen2.5.toml", class("Qwen", "")),
        ("revertrisk.toml", class("LanguageAgnostic", "") + &class("Multilingual", "")),
        ("revscoring/shared.toml", "[load]\nusers = 7\n".to_owned()),
        ("revscoring/goodfaith.toml", class("EnwikiGoodfaith", "")),
        ("revscoring/vi/reverted.toml", class("ViwikiReverted", "")),
        ("_template.toml", "broken".to_owned()),
    ];
    for (name, text) in files {
        write(root.path(), name, &text);
    }
    let suite = Suite::open(&root.path().join("models")).unwrap();
    (root, suite)
}

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join("models").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What a comma list selects: a line for each module with the classes that run, `!` where it was named.
fn selected(list: &str) -> String {
    let (root, suite) = suite();
    match suite.select(&Selector::parse_list(list)) {
        Ok(selections) => {
            let mut text = String::new();
            for selection in selections {
                let users = selection.module.users.iter().zip(&selection.users);
                let classes: Vec<&str> =
                    users.filter(|(_, runs)| **runs).map(|(user, _)| user.class.value.as_str()).collect();
                let mark = if selection.named { "!" } else { "" };
                writeln!(text, "{}{mark}: {}", selection.module.name, classes.join(" ")).unwrap();
            }
            text
        }
        Err(error) => error.to_string().replace(&format!("{}/", root.path().display()), ""),
    }
}

#[test]
fn nothing_named_runs_every_module_that_has_a_class_switched_on() {
    insta::assert_snapshot!(selected(" , "), @r"
    article_descriptions: Descriptions
    qwen2.5: Qwen
    revertrisk: LanguageAgnostic Multilingual
    revscoring: EnwikiGoodfaith ViwikiReverted
    ");
}

#[test]
fn a_module_a_member_and_a_class_can_be_named() {
    for (list, expected) in [
        ("revertrisk", "revertrisk!: LanguageAgnostic Multilingual\n"),
        ("revscoring", "revscoring!: EnwikiGoodfaith ViwikiReverted\n"),
        ("revscoring/goodfaith", "revscoring!: EnwikiGoodfaith\n"),
        ("revscoring.goodfaith", "revscoring!: EnwikiGoodfaith\n"),
        ("revscoring/vi", "revscoring!: ViwikiReverted\n"),
        ("revscoring/vi/reverted", "revscoring!: ViwikiReverted\n"),
        ("revscoring.vi.reverted", "revscoring!: ViwikiReverted\n"),
        ("revscoring/*faith", "revscoring!: EnwikiGoodfaith\n"),
        ("revscoring/vi:ViwikiReverted", "revscoring!: ViwikiReverted\n"),
        ("revscoring:EnwikiGoodfaith", "revscoring!: EnwikiGoodfaith\n"),
        ("qwen2.5", "qwen2.5!: Qwen\n"),
        ("qwen2.5:Qwen", "qwen2.5!: Qwen\n"),
    ] {
        assert_eq!(selected(list), expected, "{list}");
    }
}

#[test]
fn a_class_that_is_switched_off_runs_only_when_named_in_full() {
    assert_eq!(selected("article_descriptions"), "article_descriptions!: Descriptions\n");
    assert_eq!(selected("article_descriptions:Desc*"), "article_descriptions!: Descriptions\n");
    assert_eq!(
        selected("article_descriptions:DescriptionsCloudVPS"),
        "article_descriptions!: DescriptionsCloudVPS\n"
    );
    insta::assert_snapshot!(selected("dormant"), @"no class of `dormant` that is meant is switched on; one that is off runs only when it is named in full: `dormant:Asleep`, `dormant:AlsoAsleep`");
    insta::assert_snapshot!(selected("dormant:Also*"), @"no class of `dormant` that is meant is switched on; one that is off runs only when it is named in full: `dormant:AlsoAsleep`");
    insta::assert_snapshot!(selected("dorm*"), @"no class of `dormant` that is meant is switched on; one that is off runs only when it is named in full: `dormant:Asleep`, `dormant:AlsoAsleep`");
}

#[test]
fn globs_meet_modules_and_classes_in_order() {
    insta::assert_snapshot!(selected("rev*, article_descriptions"), @r"
    revertrisk: LanguageAgnostic Multilingual
    revscoring: EnwikiGoodfaith ViwikiReverted
    article_descriptions!: Descriptions
    ");
    insta::assert_snapshot!(selected("*:*i*ed"), @"revscoring: ViwikiReverted");
    insta::assert_snapshot!(selected("rev*/goodfaith"), @"revscoring: EnwikiGoodfaith");
}

#[test]
fn several_names_of_one_module_add_up() {
    insta::assert_snapshot!(
        selected("revscoring/vi , revertrisk:Multilingual,revscoring.goodfaith , revertrisk:Multilingual"), @r"
    revscoring!: EnwikiGoodfaith ViwikiReverted
    revertrisk!: Multilingual
    ");
    insta::assert_snapshot!(selected("*:Multilingual,revertrisk"), @"revertrisk!: LanguageAgnostic Multilingual");
}

#[test]
fn the_path_of_a_file_typed_by_habit_is_understood() {
    let expected = "revertrisk!: LanguageAgnostic Multilingual\n";
    for list in ["revertrisk.toml", "models/revertrisk.toml", "./models/revertrisk.toml", "models/revertrisk"]
    {
        assert_eq!(selected(list), expected, "{list}");
    }
    assert_eq!(selected("models/revscoring/"), "revscoring!: EnwikiGoodfaith ViwikiReverted\n");
    assert_eq!(selected("models/revscoring/goodfaith.toml"), "revscoring!: EnwikiGoodfaith\n");
    let (_root, suite) = suite();
    let path = suite.folder.join("revertrisk.toml").display().to_string();
    let selections = suite.select(&Selector::parse_list(&path)).unwrap();
    assert_eq!(selections[0].module.name, "revertrisk");
}

#[test]
fn names_that_are_not_there_say_which_are() {
    insta::assert_snapshot!(selected("revertrsk, huggingface,zzz*"), @r"
    no module `revertrsk` in `models`; did you mean `revertrisk`? There are: article_descriptions, dormant, qwen2.5, revertrisk, revscoring
    no module `huggingface` in `models`; there are: article_descriptions, dormant, qwen2.5, revertrisk, revscoring
    no module matches `zzz*`; there are: article_descriptions, dormant, qwen2.5, revertrisk, revscoring
    ");
    insta::assert_snapshot!(selected("revscoring/godfaith"), @"`revscoring` has no member `godfaith`; did you mean `goodfaith`? There are: goodfaith, shared, vi/reverted");
    insta::assert_snapshot!(selected("revscoring/shared"), @"`revscoring/shared` has no class of users");
    insta::assert_snapshot!(selected("revertrisk/Multilingual"), @"`revertrisk` has no members; did you mean the class, `revertrisk:Multilingual`?");
    insta::assert_snapshot!(selected("revertrisk.x"), @"`revertrisk` is one file and has no members, so `x` is not one");
    insta::assert_snapshot!(selected("revertrisk:Multilingal"), @"`revertrisk` has no class `Multilingal`; did you mean `Multilingual`? There are: LanguageAgnostic, Multilingual");
    insta::assert_snapshot!(selected("revscoring/vi:EnwikiGoodfaith"), @"`revscoring/vi` has no class `EnwikiGoodfaith`; there are: ViwikiReverted");
    insta::assert_snapshot!(selected("revertrisk:"), @"`revertrisk` has no class ``; there are: LanguageAgnostic, Multilingual");
    insta::assert_snapshot!(selected("*:Nowhere"), @"`*:Nowhere` leaves no class to run in any of 5 modules");
    insta::assert_snapshot!(selected("rev[, revertrisk:[a"), @r"
    `rev[` is not a pattern: invalid range pattern
    `[a` is not a pattern: invalid range pattern
    ");
    insta::assert_snapshot!(selected("models"), @"no module `models` in `models`; there are: article_descriptions, dormant, qwen2.5, revertrisk, revscoring");
}

#[test]
fn modules_that_are_not_asked_for_are_not_read() {
    let (root, _) = suite();
    write(root.path(), "broken.toml", "[[user]]\nclas = 1\n");
    write(root.path(), "wrong.toml", "user = \n");
    let suite = Suite::open(&root.path().join("models")).unwrap();
    assert_eq!(suite.select(&Selector::parse_list("revertrisk")).unwrap().len(), 1);
    let error = suite.select(&[]).unwrap_err();
    let text = error.to_string().replace(&format!("{}/", root.path().display()), "");
    insta::assert_snapshot!(text, @r#"
    error: models/broken.toml:1:1: a `[[user]]` has no request
      1 | [[user]]
        | ^^^^^^^^
      hint: write the path behind its method, for example post = "/v1/models/x:predict"; the methods are `get`, `post`, `put`, `patch`, `delete`, `head`, `options`

    error: models/broken.toml:2:1: unknown key `clas` in a `[[user]]`
      2 | clas = 1
        | ^^^^
      hint: did you mean `class`?

    error: models/wrong.toml:1:8: not valid TOML: a value is missing after `=`
      1 | user = 
        |        ^
    "#);
}

#[test]
fn a_folder_without_modules_says_how_to_get_one() {
    let root = TempDir::new().unwrap();
    let suite = Suite::open(root.path()).unwrap();
    let said = |list: &str| {
        let error = suite.select(&Selector::parse_list(list)).unwrap_err();
        error.to_string().replace(&root.path().display().to_string(), "models")
    };
    assert_eq!(said(""), "there is no module in `models`; `windtunnel new NAME` writes one");
    assert_eq!(said("x"), said(""));
}

#[test]
fn a_list_is_taken_apart_at_commas_colons_and_slashes() {
    let parsed = Selector::parse_list(" a , b/c/d:E ,, f.g : H ");
    let selector = |module: &str, member: Option<&str>, class: Option<&str>| Selector {
        module: module.to_owned(),
        member: member.map(str::to_owned),
        class: class.map(str::to_owned),
    };
    assert_eq!(
        parsed,
        [selector("a", None, None), selector("b", Some("c/d"), Some("E")), selector("f.g", None, Some("H"))]
    );
    assert_eq!(parsed[1].to_string(), "b/c/d:E");
}

proptest! {
    #[test]
    fn no_name_makes_a_selection_panic(list in "[a-z*?\\[\\].,:/ é]{0,20}", any in ".{0,20}") {
        let suite = Suite { folder: "models".into(), entries: vec![("a".into(), "none/a.toml".into())] };
        for list in [list, any] {
            let _ = suite.select(&Selector::parse_list(&list));
        }
    }
}
