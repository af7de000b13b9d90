//! What the operators must hear of the storm gate: budgets that are nearly or wholly used up, messages that are held.
//!
//! Once for each level of a day's or a month's budget, and at most once an hour for held messages; what was told is
//! remembered in the spool. Should telepost end between telling and remembering, it is told twice.

use super::{Tools, operators};
use crate::limits::{Budget, Level, Scope};
use crate::spool::SpoolError;

/// Tells what is to be told.
pub async fn turn(tools: &Tools) -> Result<(), SpoolError> {
    for budget in tools.plan().limits.budgets(tools.clock.now()) {
        let (used, told) = tools.spool.used(budget).await?;
        let level = budget.level(used);
        if level.percent() > told {
            let (subject, text) = used_up(&budget, level, used);
            tracing::warn!(budget = budget.scope.as_str(), used, most = budget.most, "{subject}");
            operators::tell(tools, "budget", &subject, &text).await;
            tools.spool.note_used_told(budget, level.percent()).await?;
        }
    }
    while let Some(hour) = tools.spool.held_hour().await? {
        let subject = "messages are held, they are over a limit";
        tracing::warn!(%hour, "{subject}");
        operators::tell(tools, "held", subject, HELD).await;
        tools.spool.note_held_told(hour).await?;
    }
    Ok(())
}

const HELD: &str = "More messages came in than [limits] lets through. What is over is held until you let it go:\n\n    \
                    telepost queue list --state held    shows them\n    \
                    telepost queue show ID              says which limit it is\n    \
                    telepost queue release ID           sends one all the same\n    \
                    telepost queue cancel ID            drops it, with a notice to its sender\n\n\
                    At most one mail an hour is sent about this.\n";

/// Subject and text about a budget that has come to a level.
fn used_up(budget: &Budget, level: Level, used: u32) -> (String, String) {
    let Budget { scope, end, most, reserve, .. } = budget;
    let name = if *scope == Scope::Month { "month" } else { "day" };
    let ordinary = most.saturating_sub(*reserve);
    let subject = format!("{} % of the SMS budget of this {name} is used up", level.percent());
    let next = match (level, reserve) {
        (Level::All, 0) => "Nothing more is sent before that; what comes in is treated as on_limit says.".to_owned(),
        (Level::All, reserve) => {
            format!("Until then only urgent messages go, as far as the reserve of {reserve} lasts.")
        }
        _ => format!("When {ordinary} are used, only urgent messages go, as far as the reserve of {reserve} lasts."),
    };
    let text =
        format!("{used} SMS of {most} (per_{name}) have been used. The budget begins anew at {end:.0}.\n\n{next}\n");
    (subject, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    fn budget(reserve: u32) -> Budget {
        let limits = limits::Settings { per_day: Some(5000), reserve, ..limits::Settings::default() };
        limits.budgets("2026-03-01T03:00:00Z".parse().unwrap()).remove(0)
    }

    #[test]
    fn operators_are_told_what_is_used_and_what_happens_next() {
        let (subject, text) = used_up(&budget(500), Level::Most, 3600);
        assert_eq!(subject, "80 % of the SMS budget of this day is used up");
        assert_eq!(
            text,
            "3600 SMS of 5000 (per_day) have been used. The budget begins anew at 2026-03-02T00:00:00Z.\n\n\
             When 4500 are used, only urgent messages go, as far as the reserve of 500 lasts.\n"
        );
        let (subject, text) = used_up(&budget(500), Level::All, 4500);
        assert_eq!(subject, "100 % of the SMS budget of this day is used up");
        assert!(text.ends_with("Until then only urgent messages go, as far as the reserve of 500 lasts.\n"), "{text}");
        let (_, text) = used_up(&budget(0), Level::All, 5000);
        assert!(text.ends_with("Nothing more is sent before that; what comes in is treated as on_limit says.\n"));
    }
}
