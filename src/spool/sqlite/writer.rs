//! The one thread that writes: it takes all jobs that wait, makes them one transaction, and answers them all.
//!
//! One sync for many letters: while the disk works on one transaction, the jobs of the next one gather. A job that
//! fails is undone alone and does not spoil the others. When the transaction itself fails, every job of it gets the
//! error, nothing of it is stored, and the thread goes on: it recovers when the disk does.
//!
//! The thread ends when its [`Writer`] is dropped, after the jobs that wait. Known limit: a disk that hangs, hangs the
//! jobs that were handed in; whoever comes later is told after [`ENTRY_TIMEOUT`].

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use super::fault::Fault;
use crate::spool::SpoolError;

/// Jobs that may wait; whoever comes later waits outside.
const QUEUE: usize = 1024;
/// The most jobs of one transaction.
const BATCH: usize = 256;
/// How long to wait outside.
const ENTRY_TIMEOUT: Duration = Duration::from_secs(30);
/// How often the writer looks whether another process has written.
const FOREIGN_LOOK: Duration = Duration::from_millis(200);

/// The way to the thread that writes.
pub struct Writer {
    /// `None` only while dropping.
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    places: Arc<Semaphore>,
    path: PathBuf,
    transactions: Arc<AtomicU64>,
}

impl Writer {
    /// Starts the thread on its connection. It rings `changes` when there is something that others want to know.
    pub fn start(db: Connection, path: &Path, changes: watch::Sender<u64>) -> Result<Writer, SpoolError> {
        let (jobs, waiting) = mpsc::channel();
        let transactions = Arc::new(AtomicU64::new(0));
        let shift = Shift { db, path: path.to_owned(), waiting, changes, transactions: transactions.clone() };
        let thread = std::thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || shift.work())
            .map_err(|error| SpoolError::Disk { path: path.to_owned(), detail: error.to_string() })?;
        Ok(Writer {
            jobs: Some(jobs),
            thread: Some(thread),
            places: Arc::new(Semaphore::new(QUEUE)),
            path: path.to_owned(),
            transactions,
        })
    }

    /// Has `work` done inside a transaction, and waits until that is on disk. When `rings` says so of its result,
    /// whoever watches the spool is woken.
    ///
    /// Once the job is handed in it is done, whether or not the caller still waits for the answer.
    pub async fn write<T: Send + 'static>(
        &self,
        rings: fn(&T) -> bool,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, SpoolError> {
        #[cfg(test)]
        let _stopped = stopped_clock();
        let entered = tokio::time::timeout(ENTRY_TIMEOUT, self.places.clone().acquire_owned()).await;
        let place = entered.map_err(|_| SpoolError::Busy(self.path.clone()))?.map_err(|_| SpoolError::Ended)?;
        let (answer, answered) = oneshot::channel();
        let task = Task { work: Some(work), rings, outcome: Err(SpoolError::Ended), answer, _place: place };
        let jobs = self.jobs.as_ref().ok_or(SpoolError::Ended)?;
        jobs.send(Box::new(task)).map_err(|_| SpoolError::Ended)?;
        answered.await.map_err(|_| SpoolError::Ended)?
    }

    /// How many transactions were committed so far.
    pub fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    /// Waits for the thread, so that the file is closed and free when this returns.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the spool's writer ended badly");
        }
    }
}

/// Keeps a simulated clock from running ahead while the writer, of whom tokio knows nothing, is at work.
#[cfg(test)]
fn stopped_clock() -> mpsc::Sender<()> {
    let (until, dropped) = mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || dropped.recv());
    until
}

/// What the thread does for one caller.
trait Job: Send {
    fn run(&mut self, db: &Connection) -> Result<(), Fault>;
    /// It was not done, or what it did is undone.
    fn fail(&mut self, error: SpoolError);
    /// Whether those who watch the spool want to know of it.
    fn rings(&self) -> bool;
    fn answer(self: Box<Self>);
}

struct Task<T, W> {
    work: Option<W>,
    rings: fn(&T) -> bool,
    outcome: Result<T, SpoolError>,
    answer: oneshot::Sender<Result<T, SpoolError>>,
    _place: OwnedSemaphorePermit,
}

impl<T: Send, W: FnOnce(&Connection) -> Result<T, Fault> + Send> Job for Task<T, W> {
    fn run(&mut self, db: &Connection) -> Result<(), Fault> {
        if let Some(work) = self.work.take() {
            self.outcome = Ok(work(db)?);
        }
        Ok(())
    }

    fn fail(&mut self, error: SpoolError) {
        self.outcome = Err(error);
    }

    fn rings(&self) -> bool {
        self.outcome.as_ref().is_ok_and(self.rings)
    }

    fn answer(self: Box<Self>) {
        // Who no longer waits needs no answer; what was done stays done.
        drop(self.answer.send(self.outcome));
    }
}

/// The thread's own things.
struct Shift {
    db: Connection,
    path: PathBuf,
    waiting: mpsc::Receiver<Box<dyn Job>>,
    changes: watch::Sender<u64>,
    transactions: Arc<AtomicU64>,
}

impl Shift {
    fn work(self) {
        let mut version = self.foreign_version();
        let mut looked = Instant::now();
        loop {
            match self.waiting.recv_timeout(FOREIGN_LOOK) {
                Ok(first) => self.serve(first),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
            // Not after every transaction: each look takes two locks on the file.
            if looked.elapsed() < FOREIGN_LOOK {
                continue;
            }
            looked = Instant::now();
            let seen = self.foreign_version();
            if seen != version {
                version = seen;
                self.ring();
            }
        }
    }

    /// Another number whenever another connection, here or in another process, has committed something. While it can't
    /// be read nothing is known, and the next job will say what the matter is.
    fn foreign_version(&self) -> Option<i64> {
        self.db.prepare_cached("PRAGMA data_version").ok()?.query_one((), |row| row.get(0)).ok()
    }

    fn ring(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn serve(&self, first: Box<dyn Job>) {
        let mut batch = vec![first];
        batch.extend(self.waiting.try_iter().take(BATCH - 1));
        match self.transact(&mut batch) {
            Ok(()) => {
                self.transactions.fetch_add(1, Ordering::Relaxed);
                if batch.iter().any(|job| job.rings()) {
                    self.ring();
                }
            }
            Err(fault) => {
                let error = fault.at(&self.path);
                self.roll_back();
                batch.iter_mut().for_each(|job| job.fail(error.clone()));
            }
        }
        batch.into_iter().for_each(Job::answer);
    }

    fn transact(&self, batch: &mut [Box<dyn Job>]) -> Result<(), Fault> {
        // IMMEDIATE: a transaction that becomes a writer on the way may fail in the middle.
        self.execute("BEGIN IMMEDIATE")?;
        for job in batch {
            self.execute("SAVEPOINT job")?;
            let done = job.run(&self.db);
            // Some errors (a full disk, say) make SQLite give up the whole transaction; then nobody's work is left.
            if self.db.is_autocommit() {
                return done;
            }
            if let Err(fault) = done {
                job.fail(fault.at(&self.path));
                self.execute("ROLLBACK TO job")?;
            }
            self.execute("RELEASE job")?;
        }
        self.execute("COMMIT")
    }

    fn execute(&self, sql: &str) -> Result<(), Fault> {
        self.db.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn roll_back(&self) {
        if self.db.is_autocommit() {
            return;
        }
        if let Err(error) = self.db.execute_batch("ROLLBACK") {
            tracing::error!(%error, "a failed transaction of the spool could not be undone");
        }
    }
}
