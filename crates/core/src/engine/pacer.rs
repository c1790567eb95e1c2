//! Waits until a moment of the run, one timer a thread.
//!
//! tokio's own timer has slots of a millisecond and is late by one, which would be counted as the server's
//! latency or as a late send. On Linux one timerfd wakes whatever is due; elsewhere, and in tests that pause
//! tokio's time, tokio's timer has to do.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use crate::clock::{Clock, RunTime};

/// One thread's waits. Clones share the queue.
#[derive(Clone, Debug)]
pub(crate) struct Pacer {
    clock: Clock,
    queue: Rc<RefCell<Queue>>,
    /// Tells the driver that the next wait is now an earlier one.
    sooner: Rc<Notify>,
}

/// The waits that go on, by moment; the number tells those of one moment apart.
#[derive(Debug, Default)]
struct Queue {
    waits: BTreeMap<(RunTime, u64), Waker>,
    next: u64,
}

/// A wait until a moment. One that is dropped leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Until<'a> {
    pacer: &'a Pacer,
    due: RunTime,
    /// Its number in the queue, once it is there.
    queued: Option<u64>,
}

impl Future for Until<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.pacer.clock.now() >= self.due {
            return Poll::Ready(());
        }
        let mut queue = self.pacer.queue.borrow_mut();
        let number = self.queued.unwrap_or(queue.next);
        let key = (self.due, number);
        queue.waits.insert(key, cx.waker().clone());
        if self.queued.is_none() {
            queue.next += 1;
            if queue.waits.first_key_value().is_some_and(|(first, _)| *first == key) {
                self.pacer.sooner.notify_one();
            }
            drop(queue);
            self.queued = Some(number);
        }
        Poll::Pending
    }
}

impl Drop for Until<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.queued {
            self.pacer.queue.borrow_mut().waits.remove(&(self.due, number));
        }
    }
}

impl Pacer {
    /// A pacer whose waits end only while [`drive`](Self::drive) runs.
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, queue: Rc::default(), sooner: Rc::default() }
    }

    /// Waits until `due`; over at once when it is past.
    pub(crate) fn until(&self, due: RunTime) -> Until<'_> {
        Until { pacer: self, due, queued: None }
    }

    /// Wakes waits when they are due, for ever.
    ///
    /// # Errors
    /// When the operating system has no timer for us.
    pub(crate) async fn drive(&self, timer: &mut Timer) -> io::Result<()> {
        loop {
            let next = self.wake_due();
            match next {
                None => self.sooner.notified().await,
                Some(due) => tokio::select! {
                    result = timer.sleep_until(due, &self.clock) => result?,
                    () = self.sooner.notified() => {}
                },
            }
        }
    }

    /// Wakes all that is due and returns the next moment at which something will be.
    fn wake_due(&self) -> Option<RunTime> {
        let now = self.clock.now();
        let mut queue = self.queue.borrow_mut();
        while let Some(wait) = queue.waits.first_entry() {
            let (due, _) = *wait.key();
            if due > now {
                return Some(due);
            }
            wait.remove().wake();
        }
        None
    }
}

/// What wakes the driver.
#[derive(Debug)]
pub(crate) enum Timer {
    /// A timerfd.
    #[cfg(target_os = "linux")]
    Descriptor(tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>),
    /// tokio's timer.
    #[cfg_attr(target_os = "linux", allow(dead_code))]
    Tokio,
}

impl Timer {
    /// The best timer of this system. Must be called inside a tokio runtime.
    #[cfg(target_os = "linux")]
    #[expect(
        deprecated,
        reason = "its successor is `unsafe` because of types whose descriptor can change; an `OwnedFd`'s cannot"
    )]
    pub(crate) fn new() -> io::Result<Self> {
        use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let descriptor = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        Ok(Self::Descriptor(tokio::io::unix::AsyncFd::new(descriptor)?))
    }

    /// The best timer of this system.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self::Tokio)
    }

    async fn sleep_until(&mut self, due: RunTime, clock: &Clock) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Descriptor(descriptor) => expire(descriptor, due - clock.now()).await,
            Self::Tokio => {
                tokio::time::sleep_until(clock.instant(due)).await;
                Ok(())
            }
        }
    }
}

/// Sets the timer to expire after `after` and waits for it.
#[cfg(target_os = "linux")]
async fn expire(
    descriptor: &tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>,
    after: std::time::Duration,
) -> io::Result<()> {
    use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_settime};
    let value = Timespec {
        tv_sec: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        // Zero would switch the timer off.
        tv_nsec: if after.is_zero() { 1 } else { i64::from(after.subsec_nanos()) },
    };
    let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
    timerfd_settime(descriptor.get_ref(), TimerfdTimerFlags::empty(), &once)?;
    loop {
        let mut ready = descriptor.readable().await?;
        let mut expirations = [0; 8];
        match rustix::io::read(descriptor.get_ref(), &mut expirations) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::AGAIN) => ready.clear_ready(),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(ms: u64) -> RunTime {
        RunTime::from_duration(Duration::from_millis(ms))
    }

    async fn order_of_waits(timer: Timer, waits: [u64; 4]) -> Vec<u64> {
        let pacer = Pacer::new(Clock::start());
        let mut timer = timer;
        let ended = RefCell::new(Vec::new());
        let wait = async |ms: u64| {
            pacer.until(at(ms)).await;
            assert!(pacer.clock.now() >= at(ms), "woken too early");
            ended.borrow_mut().push(ms);
        };
        let all = async { tokio::join!(wait(waits[0]), wait(waits[1]), wait(waits[2]), wait(waits[3])) };
        tokio::select! {
            result = pacer.drive(&mut timer) => panic!("{result:?}"),
            _ = all => {}
        }
        ended.into_inner()
    }

    #[tokio::test(start_paused = true)]
    async fn waits_end_in_the_order_of_their_moments() {
        assert_eq!(order_of_waits(Timer::Tokio, [3000, 0, 1000, 2000]).await, [0, 1000, 2000, 3000]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_given_up_leaves_nothing_behind() {
        let pacer = Pacer::new(Clock::start());
        let hour = at(3_600_000);
        for _ in 0..1000 {
            tokio::select! {
                biased;
                () = pacer.until(hour) => {}
                () = tokio::task::yield_now() => {}
            }
        }
        assert!(pacer.queue.borrow().waits.is_empty());
        let mut timer = Timer::Tokio;
        tokio::select! {
            result = pacer.drive(&mut timer) => panic!("{result:?}"),
            () = pacer.until(hour) => {}
        }
        assert!(pacer.queue.borrow().waits.is_empty());
    }

    // A thread that was kept from running finds several waits due at once, so the order says nothing here.
    #[tokio::test]
    async fn the_systems_timer_ends_every_wait_and_none_too_early() {
        let mut ended = order_of_waits(Timer::new().unwrap(), [6, 0, 2, 4]).await;
        ended.sort_unstable();
        assert_eq!(ended, [0, 2, 4, 6]);
    }
}
