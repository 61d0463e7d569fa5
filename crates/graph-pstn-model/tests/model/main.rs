//! The model against Microsoft's schemas and examples, and against anything at all.

#[cfg(test)]
mod any;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod round_trip;

/// Runs a generic function for each row type, with its version and the schema's name.
macro_rules! for_each_row_type {
    ($function:ident) => {
        $function::<graph_pstn_model::PstnCallLogRow>("v1.0", "pstnCallLogRow");
        $function::<graph_pstn_model::DirectRoutingLogRow>("v1.0", "directRoutingLogRow");
        $function::<graph_pstn_model::beta::PstnCallLogRow>("beta", "pstnCallLogRow");
        $function::<graph_pstn_model::beta::DirectRoutingLogRow>("beta", "directRoutingLogRow");
        $function::<graph_pstn_model::SmsLogRow>("beta", "smsLogRow");
        $function::<graph_pstn_model::PstnBlockedUsersLogRow>("beta", "pstnBlockedUsersLogRow");
        $function::<graph_pstn_model::PstnOnlineMeetingDialoutReport>(
            "beta",
            "pstnOnlineMeetingDialoutReport",
        );
    };
}

#[cfg(test)]
pub(crate) use {fixture::fixture, for_each_row_type};
