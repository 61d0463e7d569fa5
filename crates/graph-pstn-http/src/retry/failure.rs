use std::time::Duration;

use http::{Response, StatusCode};

use crate::{Error, ErrorKind, retry_after::retry_after};

/// How an attempt ended, as the policy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    /// Another attempt would end the same way.
    Final,
    /// Another attempt may help.
    Failed(Failure),
}

/// A failure that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: ErrorKind,
    /// The request was not carried out, so that sending it again does no harm whatever its method.
    pub(super) harmless: bool,
    /// The wait that the server named, or the token source.
    pub(super) stated: Option<Duration>,
}

impl Failure {
    /// Whether it uses an attempt up though a wait is stated. A token source states its own pauses too, when
    /// no login host can be reached; that must not be repeated for as long as there is time to wait.
    pub(super) fn always_counts(self) -> bool {
        self.kind == ErrorKind::Auth
    }

    /// How many tokens of the budget another attempt costs: more where the last one bound a connection
    /// or a timeout's length.
    pub(super) fn cost(self) -> u32 {
        match self.kind {
            ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Interrupted => 10,
            _ => 5,
        }
    }
}

/// Whether the attempt can have sent something. What has these kinds is found out before a request leaves; a call
/// that may not wait for the quota is throttled without a status.
pub(super) fn may_have_sent<B>(result: &Result<Response<B>, Error>) -> bool {
    match result {
        Ok(_) => true,
        Err(error) => match error.kind() {
            ErrorKind::Auth | ErrorKind::UntrustedLink | ErrorKind::Config => false,
            ErrorKind::Throttled => error.status().is_some(),
            _ => true,
        },
    }
}

pub(super) fn of<B>(result: &Result<Response<B>, Error>) -> Outcome {
    match result {
        Ok(response) => of_status(response.status(), retry_after(response.headers())),
        Err(error) => of_error(error),
    }
}

fn of_status(status: StatusCode, stated: Option<Duration>) -> Outcome {
    match status.as_u16() {
        200..=299 => Outcome::Success,
        429 | 509 => failed(ErrorKind::Throttled, Some(status), stated),
        408 | 500 | 502 | 503 | 504 => failed(ErrorKind::Server, Some(status), stated),
        _ => Outcome::Final,
    }
}

fn of_error(error: &Error) -> Outcome {
    if !error.is_transient() {
        return Outcome::Final;
    }
    match error.kind() {
        // A token request has no effect but a token.
        kind @ (ErrorKind::Connect | ErrorKind::Auth) => Outcome::Failed(Failure {
            kind,
            harmless: true,
            stated: error.retry_after(),
        }),
        kind => failed(kind, error.status(), error.retry_after()),
    }
}

fn failed(kind: ErrorKind, status: Option<StatusCode>, stated: Option<Duration>) -> Outcome {
    // A server that throttles or is not available, and says when to come back, has not begun the
    // request. A gateway that timed out may have.
    let refused = status.is_some_and(|status| matches!(status.as_u16(), 429 | 503 | 509));
    Outcome::Failed(Failure {
        kind,
        harmless: refused && stated.is_some(),
        stated,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> Outcome {
        of_status(StatusCode::from_u16(status).unwrap(), None)
    }

    #[test]
    fn by_status() {
        assert_eq!(status(200), Outcome::Success);
        for fleeting in [408, 429, 500, 502, 503, 504, 509] {
            assert!(matches!(status(fleeting), Outcome::Failed(_)), "{fleeting}");
        }
        for lasting in [301, 400, 401, 403, 404, 406, 409, 501, 505] {
            assert_eq!(status(lasting), Outcome::Final, "{lasting}");
        }
    }

    #[test]
    fn by_kind_of_error() {
        let error = |kind| of_error(&Error::new(kind, ""));
        for fleeting in [
            ErrorKind::Connect,
            ErrorKind::Timeout,
            ErrorKind::Interrupted,
            ErrorKind::Decode,
            ErrorKind::Throttled,
            ErrorKind::Server,
        ] {
            assert!(
                matches!(error(fleeting), Outcome::Failed(_)),
                "{fleeting:?}"
            );
        }
        for lasting in [
            ErrorKind::Tls,
            ErrorKind::BodyTooLarge,
            ErrorKind::Unauthorized,
            ErrorKind::Auth,
            ErrorKind::UntrustedLink,
            ErrorKind::PagingLoop,
            ErrorKind::Other,
        ] {
            assert_eq!(error(lasting), Outcome::Final, "{lasting:?}");
        }
        let token = Error::new(ErrorKind::Auth, "login is down").with_transient(true);
        assert!(matches!(of_error(&token), Outcome::Failed(f) if f.harmless));
    }
}
