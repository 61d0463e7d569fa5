//! For tests: a service that minds how it is called.

use std::{
    future::{Ready, ready},
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use http::{Request, Response, StatusCode};
use tower_service::Service;

use crate::Error;

/// Gives these answers in turn. It has to be polled ready before each call, and a clone is not ready, as
/// `Service` demands and a concurrency limit does: so the one that is called has to be the one that was polled.
#[derive(Debug)]
pub(crate) struct Fussy {
    answers: Arc<Mutex<std::vec::IntoIter<u16>>>,
    ready: bool,
}

impl Fussy {
    pub(crate) fn new(answers: Vec<u16>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into_iter())),
            ready: false,
        }
    }

    /// How many answers are left.
    pub(crate) fn left(&self) -> usize {
        self.answers.lock().unwrap().len()
    }
}

impl Clone for Fussy {
    fn clone(&self) -> Self {
        Self {
            answers: self.answers.clone(),
            ready: false,
        }
    }
}

impl Service<Request<()>> for Fussy {
    type Response = Response<()>;
    type Error = Error;
    type Future = Ready<Result<Response<()>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        assert!(self.ready, "it was called without being polled ready");
        self.ready = false;
        let status = self
            .answers
            .lock()
            .unwrap()
            .next()
            .expect("no more answers");
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        ready(Ok(response))
    }
}
