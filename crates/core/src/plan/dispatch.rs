//! Which class the next user belongs to: Locust's order.

/// The classes of users number 0, 1, 2 ...: an endless iterator of indices into `Plan::classes`, that ends
/// only when there are nothing but classes of fixed count.
#[derive(Clone, Debug)]
pub struct Dispatch {}

impl Dispatch {
    /// The order for classes given as (weight, fixed count), sorted by name.
    #[must_use]
    pub fn new(classes: &[(u32, Option<u32>)]) -> Self {
        todo!("{classes:?}")
    }
}

impl Iterator for Dispatch {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        todo!()
    }
}
