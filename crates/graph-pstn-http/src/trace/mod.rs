//! Spans for `tracing`: one for the call, and inside it one for each attempt.
//!
//! Names and fields are those of OpenTelemetry's conventions for HTTP clients
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>), which want a span for each
//! re-send. No field holds a token, a number or a name of a person: of a URL only the path is shown.

mod attempt;
mod call;

pub use attempt::{AttemptSpan, AttemptSpanFuture, AttemptSpanLayer};
pub use call::{CallSpan, CallSpanFuture, CallSpanLayer};
