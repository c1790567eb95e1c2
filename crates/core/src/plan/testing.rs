//! Modules built by hand, for the tests of this folder.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use crate::error::{Located, Location, Problems, SourceFile};
use crate::plan::compile::{Asked, SelectedModule, compile_with};
use crate::plan::{Load, Plan, UserScope};
use crate::suite::{
    BodySpec, ExpectSpec, LoadSpec, Module, Pick, RequestSpec, Table, TableSpec, TaskSpec, Template,
    TolerancesSpec, UserSpec, Variable, VariableSpec, Variables, Wait,
};
use crate::wire::PreparedRequest;

/// `value`, as it would stand in a TOML file.
pub(crate) fn text(value: &str) -> Located<String> {
    let raw = if !value.contains(['\'', '\n']) {
        format!("'{value}'")
    } else if !value.contains(['"', '\n', '\\']) {
        format!("\"{value}\"")
    } else {
        format!("'''\n{value}'''")
    };
    let file = SourceFile { path: PathBuf::from("models/m.toml"), text: format!("key = {raw}\n") };
    let span = 6..6 + raw.len();
    Located::new(value.to_owned(), Location { file: Arc::new(file), span })
}

/// A JSON value in which every text is a template.
pub(crate) fn template(json: &Json) -> Template {
    match json {
        Json::Null => panic!("TOML has no null"),
        Json::Bool(flag) => Template::Boolean(*flag),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Template::Integer(integer),
            None => Template::Float(number.as_f64().unwrap()),
        },
        Json::String(value) => Template::Text(text(value)),
        Json::Array(items) => Template::Array(items.iter().map(template).collect()),
        Json::Object(entries) => {
            Template::Table(entries.iter().map(|(key, value)| (key.clone(), template(value))).collect())
        }
    }
}

/// A POST without a body.
pub(crate) fn post(path: &str) -> RequestSpec {
    RequestSpec {
        method: "POST".to_owned(),
        path: text(path),
        name: None,
        host_header: None,
        headers: Vec::new(),
        query: Vec::new(),
        body: BodySpec::None,
        timeout: Duration::from_secs(60),
        expect: Vec::new(),
        save: Vec::new(),
        wait: None,
        keep_going: false,
        at: text(path).at,
    }
}

/// A POST with a JSON body.
pub(crate) fn post_json(path: &str, json: &Json) -> RequestSpec {
    RequestSpec { body: BodySpec::Json(template(json)), ..post(path) }
}

/// An expectation, with the text of its failure where one is given.
pub(crate) fn expect(that: &str, message: Option<&str>) -> ExpectSpec {
    ExpectSpec { that: text(that), message: message.map(text) }
}

/// A task of weight 1.
pub(crate) fn task(steps: Vec<RequestSpec>) -> TaskSpec {
    TaskSpec { name: None, weight: 1, tags: Vec::new(), steps }
}

/// A class with a task for each request.
pub(crate) fn class(name: &str, requests: Vec<RequestSpec>) -> UserSpec {
    UserSpec {
        class: text(name),
        member: None,
        weight: 1,
        fixed_count: None,
        wait: Wait::None,
        base_url: None,
        enabled: true,
        tasks: requests.into_iter().map(|request| task(vec![request])).collect(),
        on_start: Vec::new(),
        on_stop: Vec::new(),
    }
}

/// A module of these classes.
pub(crate) fn module(name: &str, users: Vec<UserSpec>) -> Module {
    Module {
        name: name.to_owned(),
        path: PathBuf::from(format!("models/{name}.toml")),
        root: PathBuf::new(),
        members: Vec::new(),
        description: None,
        baseline: None,
        tables: Vec::new(),
        variables: Vec::new(),
        users,
        load: LoadSpec::default(),
        sim: LoadSpec::default(),
        tolerances: TolerancesSpec::default(),
        limits: Vec::new(),
    }
}

/// What a test compiles: one module or several, all selected, with tables in memory.
pub(crate) struct Suite {
    pub(crate) asked: Asked,
    tables: Vec<(String, Table)>,
}

impl Suite {
    /// Two users of `module` against `http://gateway:8080/base`.
    pub(crate) fn new(module: Module) -> Self {
        let load = Load {
            users: 2,
            spawn_rate: 1.0,
            run_time: Some(Duration::from_secs(10)),
            stop_timeout: Duration::from_secs(1),
        };
        let asked = Asked {
            modules: Vec::new(),
            base_url: Some("http://gateway:8080/base".to_owned()),
            base_url_override: None,
            headers: Vec::new(),
            load,
            seed: 1,
            tags: Vec::new(),
            exclude_tags: Vec::new(),
        };
        Self { asked, tables: Vec::new() }.with(module)
    }

    /// One class that sends these requests.
    pub(crate) fn of(requests: Vec<RequestSpec>) -> Self {
        Self::new(module("m", vec![class("Class", requests)]))
    }

    /// `module` as well.
    pub(crate) fn with(mut self, module: Module) -> Self {
        let users = vec![true; module.users.len()];
        self.asked.modules.push(SelectedModule { module, users, variables: Variables::default() });
        self
    }

    /// A table of the last module.
    pub(crate) fn table(mut self, name: &str, pick: Pick, columns: &[&str], rows: &[&[Json]]) -> Self {
        let table = Table {
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            rows: rows.iter().map(|row| row.to_vec()).collect(),
            digest: format!("digest of {name}"),
        };
        self.tables.push((name.to_owned(), table));
        let spec = TableSpec {
            name: text(name),
            file: text(&format!("data/{name}.csv")),
            format: None,
            columns: None,
            types: Vec::new(),
            filter: None,
            pick,
        };
        self.last().module.tables.push(spec);
        self
    }

    /// A filter of the last table.
    pub(crate) fn filter(mut self, filter: &str) -> Self {
        self.last().module.tables.last_mut().unwrap().filter = Some(text(filter));
        self
    }

    /// A variable of the last module; unset when there is no value.
    pub(crate) fn variable(mut self, name: &str, value: Option<Json>, secret: bool) -> Self {
        let spec = VariableSpec {
            name: text(name),
            default: None,
            required: false,
            aliases: Vec::new(),
            secret,
            help: None,
        };
        let last = self.last();
        last.module.variables.push(spec);
        let variable = value.map(|value| Variable { name: name.to_owned(), value, from: None, secret });
        last.variables.0.extend(variable);
        self
    }

    pub(crate) fn last(&mut self) -> &mut SelectedModule {
        self.asked.modules.last_mut().unwrap()
    }

    pub(crate) fn compile(&self) -> Result<Plan, Problems> {
        let tables = self.tables.clone();
        compile_with(&self.asked, &move |_, spec| {
            let named = tables.iter().find(|(name, _)| *name == spec.name.value);
            Ok(named.expect("a table in memory").1.clone())
        })
    }

    pub(crate) fn plan(&self) -> Plan {
        self.compile().unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// What is wrong: (the marked part of the source, the message) of each problem.
    pub(crate) fn problems(&self) -> Vec<(String, String)> {
        let problems = self.compile().expect_err("mistakes are found").0;
        let each = problems.into_iter().map(|problem| {
            let marked = problem.at.map(|at| at.file.text[at.span.clone()].to_owned());
            (marked.unwrap_or_default(), problem.message)
        });
        each.collect()
    }

    /// The only problem.
    pub(crate) fn problem(&self) -> (String, String) {
        let mut problems = self.problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0)
    }
}

/// The first request of a user of a plan.
pub(crate) fn first_request(plan: &Plan) -> PreparedRequest {
    let mut user = UserScope::new(plan, 0, 0);
    let task = user.next_task(plan);
    plan.classes[0].tasks[task].steps[0].render(plan, &mut user).unwrap()
}

/// The bodies of the first `count` tasks of user `index`.
pub(crate) fn bodies(plan: &Plan, index: u32, count: usize) -> Vec<String> {
    let mut user = UserScope::new(plan, 0, index);
    let requests = (0..count).map(|_| {
        let task = user.next_task(plan);
        plan.classes[0].tasks[task].steps[0].render(plan, &mut user).unwrap()
    });
    requests.map(|request| String::from_utf8(request.body.to_vec()).unwrap()).collect()
}
