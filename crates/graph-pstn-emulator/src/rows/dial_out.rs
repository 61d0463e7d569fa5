//! The dial-out report: what users' calls out of meetings cost, summed up from the PSTN log.

use std::collections::BTreeMap;

use super::draw::Guid;
use super::json::Object;
use super::money::Money;
use super::user::User;
use super::{Slot, Tenant, pstn};

/// A line of the report: one user's calls to one kind of destination in one currency.
#[derive(Debug)]
pub(crate) struct Line {
    user: User,
    context: Option<&'static str>,
    currency: Option<&'static str>,
    calls: u64,
    /// None where that of each call is null.
    charge: Option<Money>,
    seconds: u64,
}

/// What a line is the sum for.
type Key = (Guid, Option<&'static str>, Option<&'static str>);

/// The lines so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: BTreeMap<Key, Line>,
}

impl Report {
    /// Adds the call at this place of the PSTN log, if it is one that the report is about.
    pub(crate) fn add(&mut self, tenant: Tenant, slot: Slot) {
        // Most are not, and the type alone is told quickly.
        if !is_dial_out(pstn::call_type(tenant, slot)) {
            return;
        }
        let row = pstn::row(tenant, slot);
        let Some(user) = row.user else {
            return;
        };
        let key = (user.id, row.destination_context, row.currency);
        let line = self.lines.entry(key).or_insert_with(|| Line {
            user,
            context: row.destination_context,
            currency: row.currency,
            calls: 0,
            charge: None,
            seconds: 0,
        });
        line.calls += 1;
        line.seconds += row
            .duration
            .map_or(0, |seconds| u64::from(seconds.unsigned_abs()));
        if let Some(charge) = row.charge {
            line.charge = Some(line.charge.map_or(charge, |sum| sum.plus(charge)));
        }
    }

    /// The lines, in the order of the users' ids.
    pub(crate) fn lines(self) -> Vec<Line> {
        self.lines.into_values().collect()
    }
}

/// Whether a call of this type was made out of a meeting, by a user and not by a bot.
fn is_dial_out(call_type: &str) -> bool {
    matches!(call_type, "conf_out" | "user_out_conf")
}

impl Line {
    /// All 9 properties of beta, in the order of the documented example.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        object.user(Some(&self.user));
        object.string("usageLocation", Some(self.user.country.code));
        object.string("destinationContext", self.context);
        object.string("currency", self.currency);
        object.shown("totalCalls", Some(self.calls), false);
        object.money("totalCallCharge", self.charge);
        object.shown("totalCallSeconds", Some(self.seconds), false);
        object.end();
    }
}
