//! Why a body is no page.

use std::{error, fmt};

use crate::{ErrorBody, RejectedRow};

/// What is wrong with the body of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CollectionErrorKind {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// The text is not JSON, or ends early.
    NotJson,
    /// JSON, but not an object with a `value` that is an array.
    NoValue,
    /// Graph sent an `error` object with a status of success.
    GraphError,
    /// `@odata.nextLink` is empty, or not a string.
    NextLink,
    /// A row cannot be read, and the caller asked for that to fail.
    Row,
}

/// A body that is no page. One line in `Display`, which quotes nothing of the body but the code and the
/// message of an error that Graph sent.
#[derive(Debug)]
pub struct CollectionError {
    kind: CollectionErrorKind,
    message: String,
    detail: Detail,
}

#[derive(Debug)]
enum Detail {
    None,
    Graph(Box<ErrorBody>),
    Row(Box<RejectedRow>),
}

impl CollectionError {
    pub(crate) fn new(kind: CollectionErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            detail: Detail::None,
        }
    }

    pub(crate) fn graph(body: ErrorBody) -> Self {
        Self {
            kind: CollectionErrorKind::GraphError,
            message: format!("Graph answered with success, but the body is an error: {body}"),
            detail: Detail::Graph(Box::new(body)),
        }
    }

    pub(crate) fn row(row: RejectedRow) -> Self {
        Self {
            kind: CollectionErrorKind::Row,
            message: format!("a row cannot be read: {row}"),
            detail: Detail::Row(Box::new(row)),
        }
    }

    /// What to branch on.
    #[must_use]
    pub fn kind(&self) -> CollectionErrorKind {
        self.kind
    }

    /// The error that Graph sent, for [`CollectionErrorKind::GraphError`].
    #[must_use]
    pub fn error_body(&self) -> Option<&ErrorBody> {
        match &self.detail {
            Detail::Graph(body) => Some(body),
            _ => None,
        }
    }

    /// The code of the error that Graph sent.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.error_body().map(ErrorBody::code)
    }

    /// The row, for [`CollectionErrorKind::Row`].
    #[must_use]
    pub fn rejected_row(&self) -> Option<&RejectedRow> {
        match &self.detail {
            Detail::Row(row) => Some(row),
            _ => None,
        }
    }
}

impl fmt::Display for CollectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl error::Error for CollectionError {}
