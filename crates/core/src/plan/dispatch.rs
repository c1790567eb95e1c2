//! Which class the next user belongs to: Locust's order.
//!
//! Classes of fixed count come first. Among weighted classes the next user goes where it lowers the
//! Kullback-Leibler divergence between the shares that are and the shares that are wanted the most: with
//! `x` = weight + users so far, to the class with the smallest `weight * log2(x / (x + 1))`, ties by x, by
//! weight, by name (`_kl_generator` in Locust's dispatch.py).

/// The classes of users number 0, 1, 2 ...: an endless iterator of indices into `Plan::classes`, that ends
/// only when there are nothing but classes of fixed count.
#[derive(Clone, Debug)]
pub struct Dispatch {
    fixed: Vec<Share>,
    fixed_left: u64,
    weighted: Vec<Share>,
}

/// A class among those that share users.
#[derive(Clone, Debug)]
struct Share {
    class: usize,
    weight: f64,
    /// The weight plus the users so far.
    reached: f64,
}

impl Share {
    fn new(class: usize, weight: u32) -> Self {
        Self { class, weight: f64::from(weight), reached: f64::from(weight) }
    }

    /// The change of the divergence when this class gets the next user.
    fn gain(&self) -> f64 {
        self.weight * (self.reached / (self.reached + 1.0)).log2()
    }
}

impl Dispatch {
    /// The order for classes given as (weight, fixed count), sorted by name. A class of weight 0 without a
    /// fixed count gets no user; a fixed count of 0 is none.
    #[must_use]
    pub fn new(classes: &[(u32, Option<u32>)]) -> Self {
        let mut order = Self { fixed: Vec::new(), fixed_left: 0, weighted: Vec::new() };
        for (class, (weight, fixed_count)) in classes.iter().enumerate() {
            match fixed_count.filter(|count| *count > 0) {
                Some(count) => {
                    order.fixed.push(Share::new(class, count));
                    order.fixed_left += u64::from(count);
                }
                None if *weight > 0 => order.weighted.push(Share::new(class, *weight)),
                None => {}
            }
        }
        order
    }
}

impl Iterator for Dispatch {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.fixed_left > 0 {
            self.fixed_left -= 1;
            return next_of(&mut self.fixed);
        }
        next_of(&mut self.weighted)
    }
}

fn next_of(shares: &mut [Share]) -> Option<usize> {
    let next = shares.iter_mut().min_by(|a, b| {
        let by_gain = a.gain().total_cmp(&b.gain());
        by_gain.then(a.reached.total_cmp(&b.reached)).then(a.weight.total_cmp(&b.weight))
    })?;
    next.reached += 1.0;
    Some(next.class)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn letters(classes: &[(u32, Option<u32>)], users: usize) -> String {
        let letter = |class| char::from(b'A' + u8::try_from(class).unwrap());
        Dispatch::new(classes).take(users).map(letter).collect()
    }

    fn weighted(weights: &[u32], users: usize) -> String {
        letters(&weights.iter().map(|weight| (*weight, None)).collect::<Vec<_>>(), users)
    }

    #[test]
    fn the_order_is_the_one_that_locust_was_seen_to_take() {
        assert_eq!(weighted(&[5, 1], 18), "AABAAAAABAAAAABAAA");
        assert_eq!(weighted(&[1, 2, 3], 18), "CBACBCCBACBCCBACBC");
        assert_eq!(weighted(&[1, 1, 1], 9), "ABCABCABC");
        assert_eq!(weighted(&[3, 2], 15), "ABABAABABAABABA");
        assert_eq!(weighted(&[10, 1, 1], 24), "AAAABCAAAAAAAAAAABCAAAAA");
    }

    #[test]
    fn fixed_counts_come_before_weights() {
        // Locust's example: C is fixed at 2, A:1, B:3.
        let order = letters(&[(1, None), (3, None), (1, Some(2))], 8);
        assert_eq!(&order[..2], "CC");
        assert_eq!(order[2..].matches('B').count(), 4);
        assert_eq!(order[2..].matches('A').count(), 2);
    }

    #[test]
    fn only_fixed_counts_end_at_their_sum() {
        assert_eq!(letters(&[(1, Some(1)), (1, Some(2))], 9).len(), 3);
    }

    #[test]
    fn a_weight_of_zero_gets_no_user() {
        assert_eq!(weighted(&[0, 1], 3), "BBB");
        assert_eq!(weighted(&[0], 3), "");
    }

    proptest! {
        #[test]
        fn shares_of_users_approach_the_weights(weights in prop::collection::vec(1u32..20, 1..6)) {
            let total: u32 = weights.iter().sum();
            let mut counts = vec![0u32; weights.len()];
            let classes: Vec<_> = weights.iter().map(|weight| (*weight, None)).collect();
            Dispatch::new(&classes).take(total as usize * 10).for_each(|class| counts[class] += 1);
            for (count, weight) in counts.iter().zip(&weights) {
                prop_assert!(count.abs_diff(weight * 10) <= 2, "{counts:?} for {weights:?}");
            }
        }
    }
}
