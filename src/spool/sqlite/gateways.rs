//! The gateways as the relay last saw them, and who holds them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::fault::Fault;
use super::rows::{self, millis};
use crate::spool::{GatewayHold, GatewayStatus, HeldBy};

/// The columns that [`status`] reads.
macro_rules! columns {
    () => {
        "name, seen, error, last_login, credits, account, account_status, low_credit, held_by, held_reason, held_since"
    };
}

/// Records how a gateway was seen, and gives what stood there before. When it could not be reached, what the last login
/// told stays; a hold stays in any case.
pub fn record(db: &Connection, status: &GatewayStatus) -> Result<Option<GatewayStatus>, Fault> {
    let before = find(db, &status.name)?;
    let mut upsert = db.prepare_cached(
        "INSERT INTO gateways (name, seen, error, last_login, credits, account, account_status, low_credit)
         VALUES (:name, :seen, :error, :last_login, :credits, :account, :account_status, :low_credit)
         ON CONFLICT (name) DO UPDATE SET
             seen = :seen,
             error = :error,
             last_login = iif(:error IS NULL, :last_login, last_login),
             credits = iif(:error IS NULL, :credits, credits),
             account = iif(:error IS NULL, :account, account),
             account_status = iif(:error IS NULL, :account_status, account_status),
             low_credit = iif(:error IS NULL, :low_credit, low_credit)",
    )?;
    upsert.execute(named_params! {
        ":name": status.name,
        ":seen": millis(status.seen),
        ":error": status.error,
        ":last_login": status.last_login.map(millis),
        ":credits": status.credits,
        ":account": status.account,
        ":account_status": status.account_status,
        ":low_credit": status.low_credit,
    })?;
    Ok(before)
}

/// Holds a gateway, or lets it go.
pub fn set_hold(db: &Connection, name: &str, hold: Option<&GatewayHold>, now: Timestamp) -> Result<(), Fault> {
    let mut upsert = db.prepare_cached(
        "INSERT INTO gateways (name, seen, held_by, held_reason, held_since) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (name) DO UPDATE SET held_by = ?3, held_reason = ?4, held_since = ?5",
    )?;
    let by = hold.map(|hold| hold.by.as_str());
    let (reason, since) = (hold.map(|hold| &hold.reason), hold.map(|hold| millis(hold.since)));
    upsert.execute((name, millis(now), by, reason, since))?;
    Ok(())
}

/// All that were ever seen, by name.
pub fn statuses(db: &Connection) -> Result<Vec<GatewayStatus>, Fault> {
    let mut find = db.prepare_cached(concat!("SELECT ", columns!(), " FROM gateways ORDER BY name"))?;
    let found = find.query_map((), status)?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn find(db: &Connection, name: &str) -> Result<Option<GatewayStatus>, Fault> {
    let mut find = db.prepare_cached(concat!("SELECT ", columns!(), " FROM gateways WHERE name = ?1"))?;
    Ok(find.query_one([name], status).optional()?)
}

fn status(row: &Row<'_>) -> rusqlite::Result<GatewayStatus> {
    Ok(GatewayStatus {
        name: row.get("name")?,
        seen: rows::time(row, "seen")?,
        error: row.get("error")?,
        last_login: rows::time_or_none(row, "last_login")?,
        credits: row.get("credits")?,
        account: row.get("account")?,
        account_status: row.get("account_status")?,
        low_credit: row.get("low_credit")?,
        hold: hold(row)?,
    })
}

fn hold(row: &Row<'_>) -> rusqlite::Result<Option<GatewayHold>> {
    let by = match row.get::<_, Option<String>>("held_by")?.as_deref() {
        None => return Ok(None),
        Some("operator") => HeldBy::Operator,
        Some(_) => HeldBy::Relay,
    };
    let reason = row.get::<_, Option<String>>("held_reason")?.unwrap_or_default();
    Ok(Some(GatewayHold { by, reason, since: rows::time(row, "held_since")? }))
}
