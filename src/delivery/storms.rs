//! Does what the storm gate left to be done: digests when their moment comes, a word to the operators about budgets and
//! held messages.
//!
//! When the spool fails nothing is lost, it is done a minute later.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::schedule::pause;
use super::{Tools, digests, overruns, until_news};
use crate::spool::SpoolError;

/// The shortest wait between two looks.
const REST: Duration = Duration::from_secs(1);
/// The longest wait between two looks.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Works until `shutdown`.
pub async fn run(tools: Tools, shutdown: CancellationToken) {
    let mut changes = tools.spool.changes();
    while !shutdown.is_cancelled() {
        let sleep = match turn(&tools).await {
            Ok(next) => pause(tools.clock.now(), next, LONGEST_SLEEP),
            Err(error) => {
                tracing::error!(%error, "digests could not be made, nor operators be told of limits");
                LONGEST_SLEEP
            }
        };
        until_news(&mut changes, REST, sleep, &shutdown).await;
    }
}

/// Does everything that is due; gives the moment when the next digest is.
pub async fn turn(tools: &Tools) -> Result<Option<Timestamp>, SpoolError> {
    let next = digests::turn(tools).await?;
    overruns::turn(tools).await?;
    Ok(next)
}

#[cfg(test)]
mod tests;
