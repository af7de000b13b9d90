//! The gateways as the relay last saw them.

use rusqlite::{Connection, named_params};

use super::fault::Fault;
use super::rows::{self, millis};
use crate::spool::GatewayStatus;

/// Records how a gateway was seen. When it could not be reached, what the last login told stays.
pub fn record(db: &Connection, status: &GatewayStatus) -> Result<(), Fault> {
    let mut upsert = db.prepare_cached(
        "INSERT INTO gateways (name, seen, error, last_login, credits, account, account_status)
         VALUES (:name, :seen, :error, :last_login, :credits, :account, :account_status)
         ON CONFLICT (name) DO UPDATE SET
             seen = :seen,
             error = :error,
             last_login = iif(:error IS NULL, :last_login, last_login),
             credits = iif(:error IS NULL, :credits, credits),
             account = iif(:error IS NULL, :account, account),
             account_status = iif(:error IS NULL, :account_status, account_status)",
    )?;
    upsert.execute(named_params! {
        ":name": status.name,
        ":seen": millis(status.seen),
        ":error": status.error,
        ":last_login": status.last_login.map(millis),
        ":credits": status.credits,
        ":account": status.account,
        ":account_status": status.account_status,
    })?;
    Ok(())
}

/// All that were ever seen, by name.
pub fn statuses(db: &Connection) -> Result<Vec<GatewayStatus>, Fault> {
    let mut find = db.prepare_cached(
        "SELECT name, seen, error, last_login, credits, account, account_status FROM gateways ORDER BY name",
    )?;
    let found = find.query_map((), |row| {
        Ok(GatewayStatus {
            name: row.get("name")?,
            seen: rows::time(row, "seen")?,
            error: row.get("error")?,
            last_login: rows::time_or_none(row, "last_login")?,
            credits: row.get("credits")?,
            account: row.get("account")?,
            account_status: row.get("account_status")?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
