//! Rows of the log of users who were blocked from making calls, or let back.

use super::draw::Guid;
use super::json::Object;
use super::user::{self, User};
use super::{Log, Slot, Tenant};

/// One decision; `None` is JSON's null. It has no id.
#[derive(Debug)]
pub(crate) struct BlockedUserRow {
    pub(crate) user: User,
    pub(crate) at: i64,
    fraction_digits: u8,
    blocked: bool,
    reason: Option<&'static str>,
    has_number: bool,
    remediation: Guid,
}

/// The row at this place of the tenant's log.
pub(crate) fn row(tenant: Tenant, slot: Slot) -> BlockedUserRow {
    let mut draw = Log::BlockedUsers.draw(tenant, slot.day(), slot.index, 0x70);
    let user = user::user(
        tenant.seed,
        draw.below(user::population(tenant.rows_per_day)),
    );
    let blocked = draw.chance(55, 100);
    // Both reasons are those of the documented example.
    let reason = if blocked {
        "High Overall Usage"
    } else {
        "Tenant Requested"
    };
    BlockedUserRow {
        user,
        at: slot.start,
        fraction_digits: slot.fraction_digits,
        blocked,
        reason: (!draw.chance(1, 30)).then_some(reason),
        has_number: !draw.chance(1, 30),
        remediation: draw.guid(),
    }
}

impl BlockedUserRow {
    /// All 8 properties of beta, in the order of the documented example.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        object.user(Some(&self.user));
        object.time("blockDateTime", Some(self.at), self.fraction_digits);
        let number = self.has_number.then_some(self.user.number.as_str());
        object.string("userTelephoneNumber", number);
        // With the capital of the example; the schema's members have none.
        let mode = if self.blocked { "Blocked" } else { "Unblocked" };
        object.string("userBlockMode", Some(mode));
        object.string("blockReason", self.reason);
        object.shown("remediationId", Some(self.remediation), true);
        object.end();
    }
}
