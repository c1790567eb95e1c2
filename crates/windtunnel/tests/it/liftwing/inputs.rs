//! Where the values in requests come from: whole rows of the tables, drawn afresh; pictures of a folder.

use std::collections::BTreeSet;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use windtunnel_core::plan::{Plan, UserScope};
use windtunnel_core::suite::{Table, load_table};

use crate::liftwing::{task, whole_plan, with_table};
use crate::sandbox::Sandbox;
use crate::shipped::{HUGGINGFACE, plan, repository, selected, working_copy};

/// The file that the requests of a module take their values from.
const FILES: &[(&str, &str)] = &[
    ("article_country", "data/articles.csv"),
    ("article_descriptions", "data/articles.csv"),
    ("articlequality", "data/revisions_lang_and_id.tsv"),
    ("articletopic_outlink", "data/articles.csv"),
    ("editing_suggestions", "data/pages.csv"),
    ("readability", "data/revisions_lang_and_id.tsv"),
    ("reference_quality", "data/recentchanges_en.tsv"),
    ("revertrisk", "data/revisions_lang_and_id.tsv"),
    ("revertrisk_wikidata", "data/wikidata_revisions.tsv"),
];

/// The bodies of the first tasks of some users of a class.
pub(super) fn bodies(plan: &Plan, class: usize) -> Vec<Value> {
    let users = (0..10).map(|user| UserScope::new(plan, class, user));
    let of_user = |mut user: UserScope| {
        let tasks = (0..20).map(move |_| {
            let task = user.next_task(plan);
            let request = plan.classes[class].tasks[task].steps[0].render(plan, &mut user).unwrap();
            serde_json::from_slice(&request.body).unwrap()
        });
        tasks.collect::<Vec<Value>>()
    };
    users.flat_map(of_user).collect()
}

/// The bodies of one class, by its name.
pub(super) fn bodies_of(sandbox: &Sandbox, name: &str, variables: &[(&str, &str)]) -> Vec<Value> {
    bodies(&plan(selected(sandbox, name, variables)), 0)
}

/// The table of a module that is read from `file`.
fn table(sandbox: &Sandbox, module: &str, file: &str) -> Table {
    let module = selected(sandbox, module, &HUGGINGFACE).remove(0).module;
    let spec = module.tables.iter().find(|spec| spec.file.value == file);
    load_table(&module, spec.unwrap_or_else(|| panic!("{} does not read {file}", module.name))).unwrap()
}

/// Is there a row that has all values of `body` for which it has a column.
fn is_row(table: &Table, body: &Value) -> bool {
    let values: Vec<(usize, &Value)> = body
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(key, value)| {
            let other = match key.as_str() {
                "lang" => "language",
                "title" => "page_title",
                other => other,
            };
            let column = table.columns.iter().position(|column| column == key || column == other);
            column.map(|column| (column, value))
        })
        .collect();
    assert!(!values.is_empty(), "{body} has nothing of {:?}", table.columns);
    table.rows.iter().any(|row| values.iter().all(|(column, value)| row[*column] == **value))
}

#[test]
fn values_are_of_one_row_drawn_afresh_for_each_request() {
    let (sandbox, plan) = (working_copy(), whole_plan());
    for (index, class) in with_table(&plan) {
        let bodies = bodies(&plan, index);
        let tasks: BTreeSet<usize> = bodies.iter().map(|body| task(class, body)).collect();
        assert_eq!(tasks.len(), class.bodies.len(), "{}", class.name);
        let distinct: BTreeSet<String> = bodies.iter().map(Value::to_string).collect();
        let least = if class.module == "logo_detection" { 4 } else { 15 };
        assert!(distinct.len() >= least, "{}: only {} bodies", class.name, distinct.len());
        let file = match (class.module, class.name) {
            ("revscoring", "ViwikiReverted") => "data/viwiki_revisions.tsv",
            ("revscoring", _) => "data/enwiki_revisions.tsv",
            (module, _) => match FILES.iter().find(|(known, _)| *known == module) {
                Some((_, file)) => file,
                None => continue,
            },
        };
        let table = table(&sandbox, class.module, file);
        for body in &bodies {
            let values = body.pointer("/instances/0").unwrap_or(body);
            assert!(is_row(&table, values), "{}: {body} is no row of {file}", class.name);
        }
    }
}

#[test]
fn reference_risk_is_never_asked_about_german_and_spanish() {
    let sandbox = working_copy();
    let mixed = "lang\trev_id\ttitle\nen\t1\ta\nde\t2\tb\nes\t3\tc\nfr\t4\td\n";
    sandbox.write("data/recentchanges_en.tsv", mixed);
    let languages = |class: &str| -> BTreeSet<String> {
        let bodies = bodies_of(&sandbox, &format!("reference_quality:{class}"), &[]);
        bodies.iter().map(|body| body["lang"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(languages("ReferenceRisk").into_iter().collect::<Vec<_>>(), ["en", "fr"]);
    assert_eq!(languages("ReferenceNeed").into_iter().collect::<Vec<_>>(), ["de", "en", "es", "fr"]);
}

#[test]
fn a_picture_is_the_file_of_its_name() {
    let mut seen = BTreeSet::new();
    for body in bodies_of(&working_copy(), "logo_detection", &[]) {
        let instance = &body["instances"][0];
        let name = instance["filename"].as_str().unwrap();
        let file = fs::read(repository().join("data/logos").join(name)).unwrap();
        assert_eq!(STANDARD.decode(instance["image"].as_str().unwrap()).unwrap(), file, "{name}");
        seen.insert(name.to_owned());
    }
    assert!(seen.len() > 3, "{seen:?}");
}
