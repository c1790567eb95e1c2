//! Putting the files of a module together, and the checks that need all of them.

use std::path::PathBuf;

use super::Part;
use crate::error::{Located, Location, Problem};
use crate::suite::{Module, TableSpec, VariableSpec};

/// Which module it is.
pub(in crate::suite) struct Origin {
    pub(in crate::suite) name: String,
    pub(in crate::suite) path: PathBuf,
    pub(in crate::suite) root: PathBuf,
    /// Of a folder: its files.
    pub(in crate::suite) members: Vec<String>,
}

/// A module of `parts`, in the order of its files, and the mistakes that only show when they meet.
///
/// What two files say alike is said once; what they say differently is a mistake. `unread` says that there
/// is more than the parts tell, so that nothing is called missing.
pub(in crate::suite) fn merge(origin: Origin, parts: Vec<Part>, unread: bool) -> (Module, Vec<Problem>) {
    let mut merger = Merger::default();
    for part in parts {
        merger.add(part);
    }
    merger.check_names();
    let Merger { whole, mut problems } = merger;
    if whole.classes.is_empty() && !unread {
        let problem = Problem::in_file(&origin.path, None, "there is no `[[user]]` in this module");
        problems.push(problem.help("a module needs at least one class of users, with a request"));
    }
    let module = Module {
        name: origin.name,
        path: origin.path,
        root: origin.root,
        members: origin.members,
        description: whole.description.map(|description| description.value),
        baseline: whole.baseline,
        tables: whole.tables,
        variables: whole.variables,
        users: whole.users,
        load: whole.load.map(|load| load.value).unwrap_or_default(),
        sim: whole.sim.map(|sim| sim.value).unwrap_or_default(),
        tolerances: whole.tolerances.map(|tolerances| tolerances.value).unwrap_or_default(),
        limits: whole.limits.map(|limits| limits.value).unwrap_or_default(),
    };
    (module, problems)
}

#[derive(Default)]
struct Merger {
    whole: Part,
    problems: Vec<Problem>,
}

impl Merger {
    fn add(&mut self, part: Part) {
        let problems = &mut self.problems;
        once(&mut self.whole.description, part.description, "`description`", problems);
        once(&mut self.whole.baseline, part.baseline, "`baseline`", problems);
        once(&mut self.whole.load, part.load, "`[load]`", problems);
        once(&mut self.whole.sim, part.sim, "`[sim]`", problems);
        once(&mut self.whole.tolerances, part.tolerances, "`[compare]`", problems);
        once(&mut self.whole.limits, part.limits, "`[slo]`", problems);
        self.add_tables(part.tables);
        self.add_variables(part.variables);
        self.add_classes(part.classes);
        self.whole.users.extend(part.users);
    }

    fn add_tables(&mut self, tables: Vec<TableSpec>) {
        for table in tables {
            match self.whole.tables.iter().find(|earlier| earlier.name.value == table.name.value) {
                None => self.whole.tables.push(table),
                Some(earlier) if same_table(earlier, &table) => {}
                Some(earlier) => {
                    let what = format!("`[data.{}]`", table.name.value);
                    self.problems.push(differs(&table.name.at, &earlier.name.at, &what));
                }
            }
        }
    }

    fn add_variables(&mut self, variables: Vec<VariableSpec>) {
        for variable in variables {
            match self.whole.variables.iter().find(|earlier| earlier.name.value == variable.name.value) {
                None => self.whole.variables.push(variable),
                Some(earlier) if same_variable(earlier, &variable) => {}
                Some(earlier) => {
                    let what = format!("`[env.{}]`", variable.name.value);
                    self.problems.push(differs(&variable.name.at, &earlier.name.at, &what));
                }
            }
        }
    }

    fn add_classes(&mut self, classes: Vec<Located<String>>) {
        for class in classes {
            if let Some(earlier) = self.whole.classes.iter().find(|earlier| earlier.value == class.value) {
                let message =
                    format!("the class `{}` is already there, at {}", class.value, place(&earlier.at));
                self.problems.push(class.at.problem(message).help("each class of a module has its own name"));
            }
            self.whole.classes.push(class);
        }
    }

    /// A table and a variable must not share a name, so that a reader of a template knows which is meant.
    fn check_names(&mut self) {
        for variable in &self.whole.variables {
            let name = &variable.name;
            if let Some(table) = self.whole.tables.iter().find(|table| table.name.value == name.value) {
                let message =
                    format!("`{}` is a variable and a table (at {})", name.value, place(&table.name.at));
                self.problems.push(name.at.problem(message).help("give one of them another name"));
            }
        }
    }
}

/// Keeps the first of the values that the files give; a different later one is a mistake.
fn once<T: PartialEq>(
    slot: &mut Option<Located<T>>,
    new: Option<Located<T>>,
    what: &str,
    problems: &mut Vec<Problem>,
) {
    match (slot.as_ref(), new) {
        (None, new) => *slot = new,
        (Some(earlier), Some(new)) if earlier.value != new.value => {
            problems.push(differs(&new.at, &earlier.at, what));
        }
        _ => {}
    }
}

fn differs(at: &Location, earlier: &Location, what: &str) -> Problem {
    let problem = at.problem(format!("{what} is not what it is at {}", place(earlier)));
    problem.help("the files of a module share it: write it once, or in all of them alike")
}

fn place(at: &Location) -> String {
    format!("{}:{}", at.file.path.display(), at.line_column().0)
}

fn same_table(a: &TableSpec, b: &TableSpec) -> bool {
    let text = |text: &Located<String>| text.value.clone();
    let columns =
        |table: &TableSpec| table.columns.as_ref().map(|all| all.iter().map(text).collect::<Vec<_>>());
    let types = |table: &TableSpec| {
        let mut types: Vec<_> = table.types.iter().map(|(name, kind)| (text(name), *kind as u8)).collect();
        types.sort();
        types
    };
    a.file.value == b.file.value
        && a.format == b.format
        && columns(a) == columns(b)
        && types(a) == types(b)
        && a.filter.as_ref().map(text) == b.filter.as_ref().map(text)
        && a.pick == b.pick
}

/// Compares everything but the help, which says the same thing in other words.
fn same_variable(a: &VariableSpec, b: &VariableSpec) -> bool {
    a.default == b.default && a.required == b.required && a.aliases == b.aliases && a.secret == b.secret
}
