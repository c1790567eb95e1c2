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

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
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
        let rows = self.drafts.iter().zip(&rates).map(|(row, rate)| {
            let of_module = self.drafts.iter().zip(&rates).filter(|(other, _)| other.module == row.module);
            let total: f64 = of_module.map(|(_, rate)| rate).sum();
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
            ("wait".to_owned(), each(&|used| wait_text(classes[used.class].wait)).join(" + ")),
            ("weight".to_owned(), each(&|used| used.phase.weight()).join(" + ")),
            ("users".to_owned(), users.to_string()),
        ]);
        let expects = each(&|used| used.expect.clone());
        if expects.iter().any(|expect| !expect.is_empty()) {
            circumstances.insert("expect".to_owned(), digest_of(expects));
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
                let tasks = f64::from(users[used.class]) / cycle(&classes[used.class]).as_secs_f64();
                tasks * f64::from(weight) / (total as f64)
            }
            Phase::Start | Phase::Stop => 0.0,
        });
        rates.sum()
    }

    /// The mean over the users that send it.
    fn mean_wait(&self, classes: &[ClassPlan], users: &[u32]) -> Duration {
        let classes_of_row = self.classes();
        let total: u32 = classes_of_row.iter().map(|class| users[*class].max(1)).sum();
        let weighted = classes_of_row.iter().map(|class| {
            let share = f64::from(users[*class].max(1)) / f64::from(total);
            wait_around_task(&classes[*class]).mul_f64(share)
        });
        weighted.sum()
    }
}

/// The mean time from one start of a task to the next, were every response to come after
/// [`GUESSED_RESPONSE`].
fn cycle(class: &ClassPlan) -> Duration {
    let responses =
        mean_of_tasks(class, |task| GUESSED_RESPONSE * u32::try_from(task.steps.len()).unwrap_or(u32::MAX));
    match class.wait {
        Wait::Pace { period, .. } => period.max(responses),
        _ => responses + wait_around_task(class),
    }
}

/// The mean wait of a user for each task, the waits between its steps included.
fn wait_around_task(class: &ClassPlan) -> Duration {
    let between_steps = mean_of_tasks(class, |task| {
        task.steps.iter().map(|step| step.wait.map_or(Duration::ZERO, mean_of_wait)).sum()
    });
    mean_of_wait(class.wait) + between_steps
}

fn mean_of_tasks(class: &ClassPlan, time: impl Fn(&TaskPlan) -> Duration) -> Duration {
    let total: f64 = class.tasks.iter().map(|task| f64::from(task.weight)).sum();
    let mean = class.tasks.iter().map(|task| time(task).as_secs_f64() * f64::from(task.weight)).sum::<f64>();
    Duration::try_from_secs_f64(mean / total.max(1.0)).unwrap_or(Duration::MAX)
}

/// The mean of a wait; of a pace its whole period.
fn mean_of_wait(wait: Wait) -> Duration {
    match wait {
        Wait::None => Duration::ZERO,
        Wait::Constant(wait) => wait,
        Wait::Between(shortest, longest) => shortest.saturating_add(longest.saturating_sub(shortest) / 2),
        Wait::Pace { period, .. } => period,
    }
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
