//! A folder of an object store: how it is asked, and what its errors mean.

use std::io;
use std::sync::Arc;

use object_store::path::Path as Name;
use object_store::{ObjectMeta, ObjectStore, UpdateVersion};
use tokio::runtime::{Builder, Runtime};

use crate::error::Told;

/// A folder of an object store, and the thread that asks it.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) folder: Name,
    runtime: Arc<Background>,
}

/// Nobody may wait for a runtime to end in async code, so this one ends by itself.
struct Background(Option<Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Place {
    /// The folder `folder` of the store.
    pub(super) fn new(store: Arc<dyn ObjectStore>, folder: Name) -> io::Result<Self> {
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime
            .worker_threads(1)
            .thread_name("graph-pstn-store")
            .enable_all()
            .build()?;
        Ok(Self {
            store,
            folder,
            runtime: Arc::new(Background(Some(runtime))),
        })
    }

    /// Does something with the store, and waits for it, also in async code, which it blocks.
    pub(super) fn wait<T, F>(&self, work: impl FnOnce(Arc<dyn ObjectStore>) -> F) -> io::Result<T>
    where
        T: Send + 'static,
        F: Future<Output = object_store::Result<T>> + Send + 'static,
    {
        let (sender, receiver) = std::sync::mpsc::channel();
        let work = work(self.store.clone());
        self.spawn(async move {
            // Nobody waits any more.
            let _ = sender.send(work.await);
        });
        let done = receiver
            .recv()
            .map_err(|_| io::Error::other("the thread of the object store has ended"))?;
        done.map_err(io_error)
    }

    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime.0 {
            runtime.spawn(work);
        }
    }

    /// An object of the folder.
    pub(super) fn name(&self, name: &str) -> Name {
        self.folder.clone().join(name)
    }
}

/// By what an object is known to be the one that was seen.
pub(super) fn version(meta: &ObjectMeta) -> UpdateVersion {
    UpdateVersion {
        e_tag: meta.e_tag.clone(),
        version: meta.version.clone(),
    }
}

fn io_error(error: object_store::Error) -> io::Error {
    use object_store::Error as Store;

    let text = error.to_string();
    let kind = match &error {
        Store::NotFound { .. } => io::ErrorKind::NotFound,
        Store::AlreadyExists { .. } => io::ErrorKind::AlreadyExists,
        Store::Precondition { .. } => io::ErrorKind::ResourceBusy,
        Store::PermissionDenied { .. } | Store::Unauthenticated { .. } => {
            io::ErrorKind::PermissionDenied
        }
        // Listing does not tell these apart.
        _ if text.contains("404 Not Found") => io::ErrorKind::NotFound,
        _ if text.contains("403 Forbidden") || text.contains("401 Unauthorized") => {
            io::ErrorKind::PermissionDenied
        }
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, Told(told(&text)))
}

/// The code and the message of an answer that has them, as XML; else what the text says, without queries.
fn told(text: &str) -> String {
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (content, _) = rest.split_once(&format!("</{name}>"))?;
        // After the first line Azure has the request's number and the time.
        content.lines().next().map(str::trim)
    };
    match (element("Code"), element("Message")) {
        (Some(code), Some(message)) => format!("the store answers {code}: {message}"),
        _ => without_queries(text),
    }
}

/// The text without what follows a `?`: in a URL that may be a signature which is as good as a key.
pub(crate) fn without_queries(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, query)) = rest.split_once('?') {
        shown.push_str(before);
        let end = query
            .find(|c: char| c.is_whitespace() || ")\"'>,".contains(c))
            .unwrap_or(query.len());
        rest = query.get(end..).unwrap_or_default();
        shown.push_str("?…");
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_do_not_show_in_errors() {
        let text = without_queries(
            "Error performing PUT https://a.blob.example/c/x?sv=1&sig=abc%3D in 2s (http://h/?token=t) - why?",
        );
        assert_eq!(
            text,
            "Error performing PUT https://a.blob.example/c/x?… in 2s (http://h/?…) - why?…"
        );
    }

    #[test]
    fn an_answer_in_xml_is_told_in_a_line() {
        let text = told(
            "Server returned 404: <?xml version=\"1.0\"?><Error><Code>ContainerNotFound</Code>\
             <Message>The specified container does not exist.\nRequestId:1\nTime:2</Message></Error>",
        );
        assert_eq!(
            text,
            "the store answers ContainerNotFound: The specified container does not exist."
        );
    }
}
