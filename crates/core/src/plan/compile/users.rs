//! How many users there are, and how many of each class.

use crate::plan::{ClassPlan, Dispatch, Load};

/// A class of so little weight that it takes more users than these, or than ten for each class, is not
/// worth the load that nobody asked for: it goes without, and that is said.
const MOST_RAISED: u32 = 100;

fn dispatch(classes: &[ClassPlan]) -> Dispatch {
    Dispatch::new(&classes.iter().map(|class| (class.weight, class.fixed_count)).collect::<Vec<_>>())
}

/// Raises the users of `load` until each class, in the order of Locust's dispatch, has one; and lowers them
/// to what classes of fixed count alone can have. Says so in `notices`.
pub(crate) fn settle(load: &mut Load, classes: &[ClassPlan], notices: &mut Vec<String>) {
    let most = u32::try_from(classes.len() * 10).unwrap_or(u32::MAX).max(MOST_RAISED);
    let needed = needed_users(classes, most.max(load.users));
    let raised = needed.iter().flatten().copied().filter(|users| *users <= most).max().unwrap_or(1);
    if load.users < raised {
        notices.push(raised_text(load.users, raised, classes.len()));
        load.users = raised;
    }
    let fixed: u64 = classes.iter().filter_map(|class| class.fixed_count).map(u64::from).sum();
    let fixed = u32::try_from(fixed).unwrap_or(u32::MAX);
    if load.users > fixed && classes.iter().all(|class| class.fixed_count.is_some()) {
        notices.push(format!("only {fixed} users run: every class has a fixed count"));
        load.users = fixed;
    }
    for (class, needed) in classes.iter().zip(needed) {
        if needed.is_none_or(|needed| needed > load.users) {
            let why = if fixed >= load.users {
                "classes of fixed count come first"
            } else {
                "its weight is too small beside the others"
            };
            notices.push(format!("class {} gets none of the {} users: {why}", class.name, load.users));
        }
    }
}

fn raised_text(from: u32, to: u32, classes: usize) -> String {
    match classes {
        1 => format!("users raised from {from} to {to}"),
        2 => format!("users raised from {from} to {to}, so that both classes send requests"),
        _ => {
            format!("users raised from {from} to {to}, so that each of the {classes} classes sends requests")
        }
    }
}

/// For each class, how many users there must be for it to have one; `None` when more than `most`.
fn needed_users(classes: &[ClassPlan], most: u32) -> Vec<Option<u32>> {
    let mut needed = vec![None; classes.len()];
    let mut left = classes.len();
    for (users, class) in (1..=most).zip(dispatch(classes)) {
        if needed[class].is_none() {
            needed[class] = Some(users);
            left -= 1;
            if left == 0 {
                break;
            }
        }
    }
    needed
}

/// The number of users of each class, once all have started.
pub(crate) fn of_classes(users: u32, classes: &[ClassPlan]) -> Vec<u32> {
    let mut counts = vec![0; classes.len()];
    for class in dispatch(classes).take(users as usize) {
        counts[class] += 1;
    }
    counts
}
