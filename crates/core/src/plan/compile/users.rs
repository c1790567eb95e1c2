//! How many users there are, and how many of each class.

use crate::plan::{ClassPlan, Dispatch, Load};

/// Users that are dispatched at most to find out how many it takes until each class has one.
const MOST_TRIED: u32 = 1_000_000;

fn dispatch(classes: &[ClassPlan]) -> Dispatch {
    Dispatch::new(&classes.iter().map(|class| (class.weight, class.fixed_count)).collect::<Vec<_>>())
}

/// Raises the users of `load` until each class, in the order of Locust's dispatch, has one; and lowers them
/// to what classes of fixed count alone can have. Says so in `notices`.
pub(crate) fn settle(load: &mut Load, classes: &[ClassPlan], notices: &mut Vec<String>) {
    let mut without = vec![true; classes.len()];
    let mut left = classes.len();
    let mut needed = 0;
    for (count, class) in (1..=MOST_TRIED).zip(dispatch(classes)) {
        if std::mem::take(&mut without[class]) {
            left -= 1;
            needed = count;
        }
        if left == 0 {
            break;
        }
    }
    if load.users < needed {
        let message = match classes.len() {
            1 => format!("users raised from {} to {needed}", load.users),
            2 => format!("users raised from {} to {needed}, so that both classes send requests", load.users),
            classes => format!(
                "users raised from {} to {needed}, so that each of the {classes} classes sends requests",
                load.users
            ),
        };
        notices.push(message);
        load.users = needed;
    }
    let idle = classes.iter().zip(&without).filter(|(_, without)| **without);
    notices.extend(idle.map(|(class, _)| {
        format!("class {} gets no user: its weight is too small beside the others", class.name)
    }));
    if classes.iter().all(|class| class.fixed_count.is_some()) {
        let fixed: u64 = classes.iter().filter_map(|class| class.fixed_count).map(u64::from).sum();
        let fixed = u32::try_from(fixed).unwrap_or(u32::MAX);
        if load.users > fixed {
            notices.push(format!("only {fixed} users run: every class has a fixed count"));
            load.users = fixed;
        }
    }
}

/// The number of users of each class, once all have started.
pub(crate) fn of_classes(users: u32, classes: &[ClassPlan]) -> Vec<u32> {
    let mut counts = vec![0; classes.len()];
    for class in dispatch(classes).take(users as usize) {
        counts[class] += 1;
    }
    counts
}
