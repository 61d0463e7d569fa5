//! Spans for `tracing`: one for the call, and inside it one for each attempt.
//!
//! | span | fields |
//! |---|---|
//! | `graph.call` | `url.path`, `graph.attempts`, `graph.waited_ms`; `error.type` after a failure: [`ErrorKind::name`](crate::ErrorKind::name) |
//! | `graph.attempt` | `http.request.method`, `server.address`, `server.port`, `url.path`; `http.request.resend_count` from the second attempt on; `http.response.status_code` where there was an answer; `error.type` after a failure: [`AttemptEnd::error_type`](crate::AttemptEnd::error_type) |
//!
//! The fields are those of OpenTelemetry's stable conventions for HTTP clients
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>), which want a span for each
//! re-send; `otel.name`, `otel.kind` and `otel.status_code` are for `tracing-opentelemetry`, which makes the
//! span's name, kind and status of them.
//!
//! One field that the conventions require is left out, `url.full`. The query of a link is Graph's own and opaque:
//! what is in it today, and will be tomorrow, nobody can vouch for, and cutting it out would leave a URL that is none.
//! Host, port and path are in the other fields. No field holds a token, a number or a name of a person.
//!
//! Readers of ranges, and pages that are prefetched, call from tasks of their own; their spans are inside the one that the
//! reader was polled in.

mod attempt;
mod call;

pub use attempt::{AttemptSpan, AttemptSpanFuture, AttemptSpanLayer};
pub use call::{CallSpan, CallSpanFuture, CallSpanLayer};
