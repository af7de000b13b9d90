//! A few connections that only read, used off the runtime's threads: nobody who looks holds up who writes.
//!
//! A connection that ran into an error is thrown away; the next look opens a new one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::fault::Fault;
use super::open;
use crate::spool::SpoolError;

/// How many look at a time.
const CONNECTIONS: usize = 4;
/// How long to wait for one's turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);

/// The reading connections of one spool. Cheap to clone.
#[derive(Clone)]
pub struct Readers {
    path: Arc<PathBuf>,
    places: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// Opens nothing yet.
    pub fn new(path: &Path) -> Readers {
        Readers { path: Arc::new(path.to_owned()), places: Arc::new(Semaphore::new(CONNECTIONS)), idle: Arc::default() }
    }

    /// Has `look` done on one moment's state of the spool.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let turn = tokio::time::timeout(TURN_TIMEOUT, self.places.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| SpoolError::Busy(self.path.to_path_buf()))?.map_err(|_| SpoolError::Ended)?;
        let readers = self.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            readers.look(look).map_err(|fault| fault.at(&readers.path))
        });
        looking.await.map_err(|_| SpoolError::Ended)?
    }

    fn look<T>(&self, look: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let db = kept.map_or_else(|| open::reader(&self.path), Ok)?;
        // One transaction, so that several questions see the same moment.
        let moment = db.unchecked_transaction()?;
        let seen = look(&db)?;
        moment.finish()?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(db);
        Ok(seen)
    }
}
