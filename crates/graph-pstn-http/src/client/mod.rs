//! The default stack, assembled.
//!
//! ```text
//! PageService            a page of a log → a URL
//!   Call                 the clock of the call
//!     CallSpan           a span around all attempts
//!       Retry            which failures are worth another attempt
//!         DecodePage     a whole body → rows
//!           Authorize    signs each attempt; to the Graph origin only
//!             RateLimit  waits for the quota; closes the gate on a 429
//!               RequestHeaders   User-Agent, Accept, client-request-id
//!                 AttemptSpan    a span around one attempt
//!                   AttemptTimeout
//!                     CollectBody ─ gzip ─ HyperTransport, or a service of the caller's
//! ```

mod builder;
mod graph_client;

pub use builder::GraphClientBuilder;
pub use graph_client::GraphClient;
