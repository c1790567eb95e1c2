//! What makes two rows comparable, and what share of the requests a row will get.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::plan::{ClassPlan, SeriesPlan, TaskPlan};
use crate::sample::SeriesId;
use crate::suite::{Overrun, Wait};

/// The time that a request is taken to last when shares are estimated, before any was sent.
const GUESSED_RESPONSE: Duration = Duration::from_millis(100);

/// The first 16 hex digits of the SHA-256 of `parts`; where one ends and the next begins counts.
pub(crate) fn digest_of<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(8).fold(String::new(), |mut hex, byte| {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// When in the life of a user a step runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Start,
    /// In a task with this weight, of this sum of weights.
    Task {
        weight: u32,
        total: u64,
    },
    Stop,
}

impl Phase {
    /// How often the step runs, in words.
    fn weight(&self) -> String {
        match self {
            Self::Start => "on_start".to_owned(),
            Self::Stop => "on_stop".to_owned(),
            Self::Task { weight, total } => {
                let divisor = greatest_common_divisor(u64::from(*weight), *total).max(1);
                match (u64::from(*weight) / divisor, total / divisor) {
                    (1, 1) => "1".to_owned(),
                    (weight, total) => format!("{weight}/{total}"),
                }
            }
        }
    }
}

/// The largest number that divides both.
pub(crate) const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// One step that counts into a row.
#[derive(Clone, Debug)]
pub(crate) struct Use {
    /// Index of its class.
    pub(crate) class: usize,
    pub(crate) phase: Phase,
    /// Path and query, variables put in.
    pub(crate) path: String,
    /// What the module's own headers say, credentials left out; empty when there is none.
    pub(crate) headers: String,
    /// What the body is made of.
    pub(crate) body: String,
    /// The expectations; empty when there is none.
    pub(crate) expect: String,
    /// Digests of the tables and files that it reads.
    pub(crate) data: BTreeSet<String>,
}

/// A row before users are known.
#[derive(Clone, Debug)]
struct Draft {
    module: usize,
    method: String,
    name: String,
    uses: Vec<Use>,
}

/// The rows of a plan, each (module, method, name) once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    drafts: Vec<Draft>,
}

impl Rows {
    /// The row of this method and name, with one use more; `None` when there are too many rows.
    pub(crate) fn note(&mut self, module: usize, method: &str, name: &str, used: Use) -> Option<SeriesId> {
        let same = |row: &Draft| row.module == module && row.method == method && row.name == name;
        let index = self.drafts.iter().position(same).unwrap_or_else(|| {
            let (method, name) = (method.to_owned(), name.to_owned());
            self.drafts.push(Draft { module, method, name, uses: Vec::new() });
            self.drafts.len() - 1
        });
        self.drafts[index].uses.push(used);
        u16::try_from(index).ok().map(SeriesId)
    }

    /// Class number `index` has number `new_index[index]` from now on.
    pub(crate) fn renumber_classes(&mut self, new_index: &[usize]) {
        for used in self.drafts.iter_mut().flat_map(|row| &mut row.uses) {
            used.class = new_index[used.class];
        }
    }

    /// The rows, when class number `index` has `users[index]` users.
    pub(crate) fn finish(&self, classes: &[ClassPlan], users: &[u32]) -> Vec<SeriesPlan> {
        let rates: Vec<f64> = self.drafts.iter().map(|row| row.rate(classes, users)).collect();
        let mut totals: BTreeMap<usize, f64> = BTreeMap::new();
        for (row, rate) in self.drafts.iter().zip(&rates) {
            *totals.entry(row.module).or_default() += rate;
        }
        let rows = self.drafts.iter().zip(&rates).map(|(row, rate)| {
            let total = totals[&row.module];
            SeriesPlan {
                module: row.module,
                method: row.method.clone(),
                name: row.name.clone(),
                circumstances: row.circumstances(classes, users),
                data: row.data(),
                share: if total > 0.0 { rate / total } else { 0.0 },
                mean_wait: row.mean_wait(classes, users),
            }
        });
        rows.collect()
    }
}

impl Draft {
    fn classes(&self) -> BTreeSet<usize> {
        self.uses.iter().map(|used| used.class).collect()
    }

    fn circumstances(&self, classes: &[ClassPlan], users: &[u32]) -> BTreeMap<String, String> {
        let each = |text: &dyn Fn(&Use) -> String| {
            let texts: BTreeSet<_> = self.uses.iter().map(text).collect();
            texts.into_iter().collect::<Vec<_>>()
        };
        let users: u64 = self.classes().iter().map(|class| u64::from(users[*class])).sum();
        let mut circumstances = BTreeMap::from([
            ("method".to_owned(), self.method.clone()),
            ("path".to_owned(), each(&|used| used.path.clone()).join(" + ")),
            ("body".to_owned(), digest_of(each(&|used| used.body.clone()))),
            ("wait".to_owned(), each(&|used| waits_text(&classes[used.class])).join(" + ")),
            ("weight".to_owned(), each(&|used| used.phase.weight()).join(" + ")),
            ("users".to_owned(), users.to_string()),
        ]);
        let where_any =
            [("headers", each(&|used| used.headers.clone())), ("expect", each(&|used| used.expect.clone()))];
        for (what, texts) in where_any {
            if texts.iter().any(|text| !text.is_empty()) {
                circumstances.insert(what.to_owned(), digest_of(texts));
            }
        }
        circumstances
    }

    fn data(&self) -> String {
        digest_of(self.uses.iter().flat_map(|used| &used.data).collect::<BTreeSet<_>>())
    }

    /// Requests a second, were every response to come after [`GUESSED_RESPONSE`].
    fn rate(&self, classes: &[ClassPlan], users: &[u32]) -> f64 {
        let rates = self.uses.iter().map(|used| match used.phase {
            Phase::Task { weight, total } => {
                let tasks = f64::from(users[used.class]) / cycle(&classes[used.class]);
                tasks * f64::from(weight) / (total as f64)
            }
            Phase::Start | Phase::Stop => 0.0,
        });
        rates.sum()
    }

    /// The mean over the users that send it.
    fn mean_wait(&self, classes: &[ClassPlan], users: &[u32]) -> Duration {
        let of_row = self.classes();
        let total: f64 = of_row.iter().map(|class| f64::from(users[*class].max(1))).sum();
        let weighted = of_row
            .iter()
            .map(|class| wait_around_task(&classes[*class]) * f64::from(users[*class].max(1)) / total);
        Duration::try_from_secs_f64(weighted.sum()).unwrap_or(Duration::MAX)
    }
}

/// The mean seconds from one start of a task to the next, were every response to come after
/// [`GUESSED_RESPONSE`].
fn cycle(class: &ClassPlan) -> f64 {
    let responses = mean_of_tasks(class, |task| GUESSED_RESPONSE.as_secs_f64() * task.steps.len() as f64);
    match class.wait {
        Wait::Pace { period, .. } => period.as_secs_f64().max(responses),
        _ => responses + wait_around_task(class),
    }
}

/// The mean wait of a user for each task in seconds, the waits between its steps included.
fn wait_around_task(class: &ClassPlan) -> f64 {
    let between_steps =
        mean_of_tasks(class, |task| task.steps.iter().filter_map(|step| step.wait).map(mean_of_wait).sum());
    mean_of_wait(class.wait) + between_steps
}

fn mean_of_tasks(class: &ClassPlan, seconds: impl Fn(&TaskPlan) -> f64) -> f64 {
    let total: f64 = class.tasks.iter().map(|task| f64::from(task.weight)).sum();
    let weighted = class.tasks.iter().map(|task| seconds(task) * f64::from(task.weight));
    weighted.sum::<f64>() / total.max(1.0)
}

/// The mean of a wait in seconds; of a pace its whole period.
fn mean_of_wait(wait: Wait) -> f64 {
    match wait {
        Wait::None => 0.0,
        Wait::Constant(wait) | Wait::Pace { period: wait, .. } => wait.as_secs_f64(),
        Wait::Between(shortest, longest) => f64::midpoint(shortest.as_secs_f64(), longest.as_secs_f64()),
    }
}

/// The waits of a class in words: after its tasks, and where there are any, between steps.
fn waits_text(class: &ClassPlan) -> String {
    let steps = class.tasks.iter().flat_map(|task| &task.steps);
    let between: Vec<_> = steps.filter_map(|step| step.wait).map(wait_text).collect();
    let after = wait_text(class.wait);
    if between.is_empty() { after } else { format!("{after}, {} between steps", between.join(", ")) }
}

/// A wait in words that say the same for the same wait, in every version.
fn wait_text(wait: Wait) -> String {
    let ms = |duration: Duration| format!("{}ms", duration.as_secs_f64() * 1000.0);
    match wait {
        Wait::None => "none".to_owned(),
        Wait::Constant(wait) => ms(wait),
        Wait::Between(shortest, longest) => format!("{}..{}", ms(shortest), ms(longest)),
        Wait::Pace { period, overrun: Overrun::Shift } => format!("pace {}", ms(period)),
        Wait::Pace { period, overrun: Overrun::CatchUp } => format!("pace {}, catching up", ms(period)),
    }
}
