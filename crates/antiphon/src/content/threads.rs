//! Threads for what may block for as long as it likes.
//!
//! The runtime's own are for what ends: it waits for them when it is shut down, and files need them. These
//! are apart, so that iterators that block take nothing from files, and end with the process. They are
//! made when they are needed, as many as there may be, and end when they have been idle for a while.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The threads on which iterators run.
pub(crate) static ITERATORS: Threads = Threads::new(MAX_THREADS);

/// A number of threads, and the work that waits for one.
pub(crate) struct Threads {
    max: usize,
    state: Mutex<State>,
    /// Tells a thread that there is work.
    work: Condvar,
    /// Work waits, and no thread will come to it before another is done.
    is_wanted: AtomicBool,
}

struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    /// How many of them wait for work.
    idle: usize,
}

type Job = Box<dyn FnOnce() + Send>;

impl Threads {
    const fn new(max: usize) -> Self {
        Self {
            max,
            state: Mutex::new(State {
                jobs: VecDeque::new(),
                threads: 0,
                idle: 0,
            }),
            work: Condvar::new(),
            is_wanted: AtomicBool::new(false),
        }
    }

    /// Has a thread do this, when all that was asked for before has one.
    ///
    /// # Errors
    ///
    /// There is no thread, and the system gives none.
    pub(crate) fn run(&'static self, job: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut state = self.lock();
        state.jobs.push_back(Box::new(job));
        self.note(&state);
        if state.jobs.len() <= state.idle || state.threads == self.max {
            drop(state);
            self.work.notify_one();
            return Ok(());
        }
        let thread = thread::Builder::new().name("antiphon-iterator".to_owned());
        match thread.spawn(|| self.serve()) {
            Ok(_) => state.threads += 1,
            Err(error) if state.threads == 0 => {
                state.jobs.pop_back();
                return Err(error);
            }
            // One of those that there are will come to it.
            Err(_) => {}
        }
        Ok(())
    }

    /// Tells whether others wait for a thread.
    pub(crate) fn are_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    fn note(&self, state: &State) {
        let is_wanted = state.threads == self.max && state.jobs.len() > state.idle;
        self.is_wanted.store(is_wanted, Ordering::Relaxed);
    }

    /// A thread's life.
    fn serve(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                self.note(&state);
                drop(state);
                // What panics tells whoever asked for it.
                let _ = catch_unwind(AssertUnwindSafe(job));
                state = self.lock();
                continue;
            }
            state.idle += 1;
            let (woken, timeout) = self
                .work
                .wait_timeout(state, IDLE)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && state.jobs.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }

    /// Nothing panics while the lock is held, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As many iterators can block at a time before others wait. A thread that blocks costs some 20 KiB.
const MAX_THREADS: usize = 2048;
/// How long a thread waits for work before it ends.
const IDLE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn work_is_done_in_turn_by_no_more_threads_than_there_may_be() {
        static TWO: Threads = Threads::new(2);
        let (done, results) = mpsc::channel();
        let (go, gate) = mpsc::channel::<()>();
        TWO.run(move || {
            let _ = gate.recv();
        })
        .unwrap();
        for number in 0..100 {
            let done = done.clone();
            TWO.run(move || done.send((number, thread::current().id())).unwrap())
                .unwrap();
        }
        let results: Vec<_> = results.iter().take(100).collect();
        let numbers: Vec<_> = results.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (0..100).collect::<Vec<_>>());
        assert!(results.iter().all(|(_, thread)| *thread == results[0].1));
        assert_eq!(TWO.lock().threads, 2);
        go.send(()).unwrap();
    }

    #[test]
    fn a_panic_costs_no_thread() {
        static ONE: Threads = Threads::new(1);
        let (done, results) = mpsc::channel();
        ONE.run(|| panic!("on purpose")).unwrap();
        ONE.run(move || done.send(()).unwrap()).unwrap();
        results.recv_timeout(IDLE).unwrap();
    }
}
