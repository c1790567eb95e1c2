//! A module before its classes: variables, tables, the names that templates see.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::Value;
use percent_encoding::{AsciiSet, utf8_percent_encode};

use crate::error::{Problem, Problems, nearest};
use crate::plan::compile::step::heads;
use crate::plan::compile::texts::{Shown, Texts};
use crate::plan::compile::{Asked, SelectedModule};
use crate::plan::files::FileReader;
use crate::plan::fingerprint::digest_of;
use crate::plan::names::{self, Known};
use crate::plan::request::RequestPlan;
use crate::plan::rows::RowTable;
use crate::plan::scope::{Files, ModuleScope, REDACTED, Salt, SharedModule, UserScope};
use crate::plan::template::{Compiled, Failure, PATH, QUERY, locate_word};
use crate::plan::values::from_json;
use crate::plan::{HeaderOverride, PlannedModule};
use crate::suite::{Module, Table, TableSpec, Variables};
use crate::wire::PreparedRequest;

/// So many rows at most are tried before the run: a mistake that only some rows show should not wait for it,
/// and a table of millions should not hold it up.
const TRIED_ROWS: usize = 10_000;

/// Reads the file of a table.
pub(crate) type TableLoader = dyn Fn(&Module, &TableSpec) -> Result<Table, Problems>;

/// A module while its classes are compiled.
pub(crate) struct ModuleDraft<'a> {
    /// Index into the plan's modules.
    pub(crate) index: usize,
    pub(crate) selected: &'a SelectedModule,
    /// The names that templates see; what a class saves comes with the class.
    pub(crate) known: Known,
    /// The variables as texts about them show them.
    pub(crate) shown: BTreeMap<String, Shown>,
    /// The user that templates are tried for.
    pub(crate) trial: UserScope,
    scope: Arc<ModuleScope>,
}

impl<'a> ModuleDraft<'a> {
    /// Reads the tables of module number `index` and brings its variables into scope. Mistakes go to
    /// `problems`; the draft goes on without the tables that have one.
    pub(crate) fn open(
        index: usize,
        asked: &'a Asked,
        salt: Salt,
        load: &TableLoader,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let selected = &asked.modules[index];
        let module = &selected.module;
        let env = env_of(&selected.variables);
        let mut known = Known {
            variables: module.variables.iter().map(|variable| variable.name.value.clone()).collect(),
            ..Known::default()
        };
        let mut tables = Vec::new();
        for spec in &module.tables {
            let table = open_table(module, spec, &known, &env, load);
            let columns = table.as_ref().ok().map(|table| table.columns().to_vec());
            known.tables.push((spec.name.value.clone(), columns));
            match table {
                Ok(table) => tables.push(table),
                Err(found) => problems.extend(found),
            }
        }
        let scope = Arc::new(ModuleScope {
            name: module.name.clone(),
            env,
            tables,
            salt,
            secrets: secrets_of(&selected.variables, &asked.headers),
        });
        let trial = UserScope::trial(Arc::clone(&scope), FileReader::new(&module.root));
        Self { index, selected, known, shown: shown(&selected.variables), trial, scope }
    }

    /// The module's part of the plan. Mistakes in the name of its baseline go to `problems`.
    pub(crate) fn planned(&mut self, problems: &mut Vec<Problem>) -> PlannedModule {
        let module = &self.selected.module;
        let baseline = module.baseline.as_ref().and_then(|source| {
            let mut texts = Texts::new(&self.known, &self.shown, &mut self.trial, &source.at);
            let text = texts.of_variables(source).map(|text| file_name(&texts.redact(text)));
            let empty = text.as_ref().is_some_and(|text| text.trim_matches(['.', '_', ' ']).is_empty());
            problems.extend(texts.into_problems());
            if empty {
                problems.push(source.at.problem("the name of the baseline is empty"));
            }
            text
        });
        let variables = self.selected.variables.0.iter().map(|variable| {
            let value = if variable.secret { REDACTED.into() } else { variable.value.clone() };
            (variable.name.clone(), value)
        });
        PlannedModule {
            name: module.name.clone(),
            baseline: baseline.unwrap_or_else(|| module.name.clone()),
            variables: variables.collect(),
            tolerances: module.tolerances.clone(),
            limits: module.limits.clone(),
        }
    }

    /// What the users of the run share.
    pub(crate) fn into_shared(self) -> SharedModule {
        SharedModule { scope: self.scope, files: Arc::new(self.trial.into_files()) }
    }

    /// Renders a request that reads `reads` before the run: to find what syntax does not show, and to read
    /// the files that it names. With a table, every row is tried. What responses save is stood in for, and a failure may then be the fault of
    /// the stand-in. `None` where nothing can be said, as a table could not be read.
    pub(crate) fn attempt(
        &mut self,
        request: &RequestPlan,
        reads: &BTreeSet<String>,
    ) -> Result<Option<PreparedRequest>, Failure> {
        let scope = Arc::clone(&self.scope);
        let tables: Vec<_> = tables_read(&scope, reads).collect();
        let unread = |(table, columns): &(String, Option<Vec<String>>)| {
            columns.is_none() && heads(reads).any(|name| name == table)
        };
        if self.known.tables.iter().any(unread) {
            return Ok(None);
        }
        let reads_saved = reads
            .iter()
            .any(|read| read == "user" || read.strip_prefix("user.").is_some_and(|name| name != "index"));
        // Which files are named by a column is known only when every row was looked at.
        let names_files = request.body.names_files() || reads.contains("file_base64");
        let longest = tables.iter().map(|table| table.len()).max().unwrap_or(1);
        let rows = if names_files { longest } else { longest.min(TRIED_ROWS) };
        let saved: Vec<_> = self.known.saved.iter().cloned().collect();
        for name in saved {
            self.trial.state().save(&name, Value::from("0"));
        }
        let mut rendered = None;
        for row in 0..rows {
            self.trial.state().forget_rows();
            self.trial.state().shown_row = Some(row);
            match self.trial.evaluate(|root| request.render(root)) {
                Ok(request) => rendered = Some(request),
                Err(_) if reads_saved => {}
                Err(failure) => return Err(with_row(failure, row, &tables)),
            }
        }
        Ok(rendered)
    }

    /// Digests of the tables and files that a request that reads `reads` was tried with.
    pub(crate) fn data_of(&mut self, reads: &BTreeSet<String>) -> BTreeSet<String> {
        let mut data: BTreeSet<_> =
            tables_read(&self.scope, reads).map(|table| table.digest().to_owned()).collect();
        if let Files::Reading(reader) = &mut self.trial.state().files {
            data.extend(reader.take_touched());
        }
        data
    }
}

/// The tables of which a request that reads `reads` has something.
fn tables_read<'a>(
    scope: &'a ModuleScope,
    reads: &'a BTreeSet<String>,
) -> impl Iterator<Item = &'a RowTable> {
    scope.tables.iter().filter(|table| heads(reads).any(|name| name == table.name()))
}

/// `failure` with the row that it came with, where the first one did not.
fn with_row(mut failure: Failure, row: usize, tables: &[&RowTable]) -> Failure {
    if row > 0 {
        let of_table = |table: &&RowTable| format!("row {} of `{}`", row % table.len() + 1, table.name());
        let rows: Vec<_> = tables.iter().map(of_table).collect();
        failure.message = format!("{} (with {})", failure.message, rows.join(", "));
    }
    failure
}

fn env_of(variables: &Variables) -> Value {
    let pairs = variables.0.iter().map(|variable| (variable.name.as_str(), from_json(&variable.value)));
    Value::from_pairs(pairs)
}

fn shown(variables: &Variables) -> BTreeMap<String, Shown> {
    let each = variables.0.iter().map(|variable| {
        let text = from_json(&variable.value).to_string();
        (variable.name.clone(), Shown { text, secret: variable.secret })
    });
    each.collect()
}

/// The values of secret variables, and credentials of the command line, in all their forms, the longest first: one
/// may be a part of another.
fn secrets_of(variables: &Variables, headers: &[HeaderOverride]) -> Vec<String> {
    let secret = variables.0.iter().filter(|variable| variable.secret);
    let texts = secret.map(|variable| from_json(&variable.value).to_string());
    let texts = texts.chain(headers.iter().flat_map(HeaderOverride::secrets));
    let mut forms: Vec<String> =
        texts.filter(|text| text.len() > 2).flat_map(|text| forms_of(&text)).collect();
    forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    forms.dedup();
    forms
}

/// A text as requests hold it: as it is, within JSON, in a path, in a query, in a form, and by the filter
/// `urlencode`, which keeps slashes.
fn forms_of(text: &str) -> [String; 6] {
    const FILTER: &AsciiSet = &QUERY.remove(b'/');
    let json = serde_json::Value::from(text).to_string();
    let query = utf8_percent_encode(text, QUERY).to_string();
    [
        text.to_owned(),
        json[1..json.len() - 1].to_owned(),
        utf8_percent_encode(text, PATH).to_string(),
        utf8_percent_encode(text, FILTER).to_string(),
        query.replace("%20", "+"),
        query,
    ]
}

/// `text` as a part of a file's name: what separates folders or cannot be seen becomes `_`.
fn file_name(text: &str) -> String {
    let unfit = |character: char| character.is_control() || "/\\:*?\"<>|".contains(character);
    text.trim().chars().map(|character| if unfit(character) { '_' } else { character }).collect()
}

fn open_table(
    module: &Module,
    spec: &TableSpec,
    known: &Known,
    env: &Value,
    load: &TableLoader,
) -> Result<RowTable, Vec<Problem>> {
    let name = &spec.name;
    if let Some(message) = names::taken(&name.value) {
        return Err(vec![name.at.problem(message)]);
    }
    if known.tables.iter().any(|(table, _)| *table == name.value) {
        return Err(vec![name.at.problem(format!("there are two tables called `{}`", name.value))]);
    }
    let table = load(module, spec).map_err(|problems| problems.0)?;
    let filter = spec.filter.as_ref();
    let digest = digest_of([table.digest.as_str(), filter.map_or("", |filter| filter.value.as_str())]);
    let mut table = RowTable::new(&name.value, &table, spec.pick, digest);
    if let Some(filter) = filter {
        let filter = Compiled::expression(filter).map_err(|problem| vec![problem])?;
        keep_matching(&mut table, &filter, env)?;
    }
    if table.len() == 0 {
        let at = filter.map_or(&spec.file.at, |filter| &filter.at);
        let problem = at.problem(format!("table `{}` has no row left", name.value));
        return Err(vec![problem.help("`where` keeps the rows for which it is true; add rows or widen it")]);
    }
    Ok(table)
}

/// Leaves out the rows for which `filter` is not true.
fn keep_matching(table: &mut RowTable, filter: &Compiled, env: &Value) -> Result<(), Vec<Problem>> {
    let columns: Vec<_> = table.columns().iter().map(String::as_str).collect();
    let unknown = heads(filter.reads())
        .filter(|name| *name != "env" && !columns.contains(name))
        .filter(|name| !names::is_function(name));
    let problems: Vec<_> = unknown
        .map(|name| {
            let known = columns.join(", ");
            let message = match nearest(name, columns.iter().copied()) {
                Some(near) => format!("there is no column `{name}`; did you mean `{near}`?"),
                None => format!("there is no column `{name}`; there are: {known}"),
            };
            locate_word(filter.source(), name).problem(message)
        })
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let kept = table.retain(|columns, row| {
        let cells = columns.iter().map(String::as_str).zip(row.iter().cloned());
        let context = Value::from_pairs([("env", env.clone())].into_iter().chain(cells));
        filter.evaluate(&context).map(|value| value.is_true())
    });
    kept.map_err(|(row, mut failure)| {
        failure.message = format!("row {} of the table: {}", row + 1, failure.message);
        vec![failure.into_problem(&filter.source().at)]
    })
}
