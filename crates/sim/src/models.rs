//! The models that were asked so far: their numbering of requests, their workers and queue, their histograms.
//!
//! Any name is a model. The set is bounded all the same: beyond [`MAX_MODELS`] names, and for names longer
//! than [`MAX_NAME_BYTES`], requests share the workers and the numbers of one model that is not listed; so does a model that is
//! called [`OTHER`].

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::counts::OTHER;
use crate::histogram::Histogram;
use crate::route::{MAX_NAME_BYTES, Verb};

/// Models that are kept by name.
pub(crate) const MAX_MODELS: usize = 256;

/// All models of a server.
#[derive(Debug)]
pub(crate) struct Models {
    workers: usize,
    queue_limit: usize,
    named: RefCell<BTreeMap<Box<str>, Rc<Model>>>,
    rest: Rc<Model>,
}

impl Models {
    /// No model yet; each will have `workers` and `queue_limit`.
    pub(crate) fn new(workers: usize, queue_limit: usize) -> Self {
        let rest = Rc::new(Model::new(workers));
        Self { workers, queue_limit, named: RefCell::default(), rest }
    }

    /// The model of this name, which from now on is listed.
    pub(crate) fn get(&self, name: &str) -> Rc<Model> {
        let mut named = self.named.borrow_mut();
        if let Some(model) = named.get(name) {
            return Rc::clone(model);
        }
        if named.len() >= MAX_MODELS || name.len() > MAX_NAME_BYTES || name == OTHER {
            return Rc::clone(&self.rest);
        }
        let model = Rc::new(Model::new(self.workers));
        named.insert(name.into(), Rc::clone(&model));
        model
    }

    /// The names, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        self.named.borrow().keys().map(ToString::to_string).collect()
    }

    /// Calls `show` with each model, sorted by name, then with the rest as [`OTHER`] if it was used.
    pub(crate) fn each(&self, mut show: impl FnMut(&str, &Model)) {
        for (name, model) in self.named.borrow().iter() {
            show(name, model);
        }
        if self.rest.arrivals.get() > 0 {
            show(OTHER, &self.rest);
        }
    }

    /// Waits for a worker of `model`, in the order of arrival.
    ///
    /// # Errors
    /// The queue is full.
    pub(crate) async fn worker<'a>(&self, model: &'a Model) -> Result<SemaphorePermit<'a>, QueueFull> {
        if let Ok(permit) = model.workers.try_acquire() {
            return Ok(permit);
        }
        let full = QueueFull { workers: self.workers, waiting: self.queue_limit };
        if model.waiting.get() >= self.queue_limit {
            return Err(full);
        }
        let _place = Place::take(&model.waiting);
        // Only a closed semaphore refuses, and nothing closes this one.
        model.workers.acquire().await.map_err(|_| full)
    }
}

/// One model.
#[derive(Debug)]
pub(crate) struct Model {
    arrivals: Cell<u64>,
    workers: Semaphore,
    waiting: Cell<usize>,
    predict: RefCell<Histogram>,
    explain: RefCell<Histogram>,
}

impl Model {
    fn new(workers: usize) -> Self {
        Self {
            arrivals: Cell::new(0),
            workers: Semaphore::new(workers),
            waiting: Cell::new(0),
            predict: RefCell::default(),
            explain: RefCell::default(),
        }
    }

    /// The number of the next request, from 0. Refused requests have one too.
    pub(crate) fn arrive(&self) -> u64 {
        self.arrivals.replace(self.arrivals.get() + 1)
    }

    /// Records how long a worker was busy with one request.
    pub(crate) fn served(&self, verb: Verb, time: Duration) {
        self.histogram(verb).borrow_mut().record(time);
    }

    /// The servings so far, failed ones included.
    pub(crate) fn histogram(&self, verb: Verb) -> &RefCell<Histogram> {
        match verb {
            Verb::Predict => &self.predict,
            Verb::Explain => &self.explain,
        }
    }

    /// Requests that wait for a worker.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.get()
    }
}

/// Nobody can wait any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("all {workers} workers are busy and {waiting} requests are waiting")]
pub(crate) struct QueueFull {
    workers: usize,
    waiting: usize,
}

/// A place in the queue, given back when the wait ends, also by a client that hangs up.
struct Place<'a> {
    waiting: &'a Cell<usize>,
}

impl<'a> Place<'a> {
    fn take(waiting: &'a Cell<usize>) -> Self {
        waiting.set(waiting.get() + 1);
        Self { waiting }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.set(self.waiting.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_numbers_its_own_requests() {
        let models = Models::new(1, 0);
        assert_eq!([models.get("a").arrive(), models.get("b").arrive(), models.get("a").arrive()], [0, 0, 1]);
        assert_eq!(models.names(), ["a", "b"]);
    }

    #[test]
    fn models_beyond_the_bound_share_one_that_is_not_listed() {
        let models = Models::new(1, 0);
        for n in 0..MAX_MODELS {
            models.get(&n.to_string());
        }
        assert_eq!(models.get("late").arrive(), 0);
        assert_eq!(models.get(&"x".repeat(MAX_NAME_BYTES + 1)).arrive(), 1);
        assert_eq!(models.get("7").arrive(), 0);
        assert_eq!(models.names().len(), MAX_MODELS);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_a_free_worker_ends_the_wait() {
        let models = Models::new(1, 1);
        let model = models.get("a");
        let first = models.worker(&model).await.unwrap();
        let mut second = Box::pin(models.worker(&model));
        tokio::select! {
            biased;
            _ = &mut second => panic!("there is one worker only"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(model.waiting(), 1);
        let refusal = models.worker(&model).await.unwrap_err();
        assert_eq!(refusal.to_string(), "all 1 workers are busy and 1 requests are waiting");
        drop(first);
        assert!(second.await.is_ok());
        assert_eq!(model.waiting(), 0);
    }

    #[tokio::test]
    async fn a_client_that_gives_up_leaves_the_queue() {
        let models = Models::new(1, 1);
        let model = models.get("a");
        let _first = models.worker(&model).await.unwrap();
        {
            let mut second = Box::pin(models.worker(&model));
            tokio::select! {
                biased;
                _ = &mut second => panic!("there is one worker only"),
                () = std::future::ready(()) => {}
            }
            assert_eq!(model.waiting(), 1);
        }
        assert_eq!(model.waiting(), 0);
    }
}
