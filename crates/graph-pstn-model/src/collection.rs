//! A page: the OData collection around the rows.

use std::collections::BTreeMap;

use crate::RejectedRow;

/// One page of a log: rows, those set aside, and the link to the next page.
///
/// ```
/// use graph_pstn_model::{BadRow, Collection, PstnCallLogRow};
///
/// let body = br#"{"@odata.count":2,"value":[{"id":"a","charge":0.00},{"charge":"much"}]}"#;
/// let page = Collection::<PstnCallLogRow>::from_slice(body, BadRow::SetAside)?;
/// assert_eq!(page.rows[0].id.as_deref(), Some("a"));
/// assert_eq!(page.rejects[0].path, "$.value[1].charge");
/// # Ok::<(), graph_pstn_model::CollectionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collection<T> {
    /// `@odata.context`: what the rows are.
    pub context: Option<String>,
    /// `@odata.count`: how many rows Graph put into this page, not into all of them.
    pub count: Option<u64>,
    /// `@odata.nextLink`: where the next page is; `None` on the last one. Opaque, never empty.
    pub next_link: Option<String>,
    /// The rows, in Graph's order.
    pub rows: Vec<T>,
    /// The rows that could not be read, in Graph's order.
    pub rejects: Vec<RejectedRow>,
    /// Properties that the row type does not know, and how many rows had each. Counted for the row
    /// types of this crate; annotations (names with an `@`) are not.
    pub unknown_properties: BTreeMap<String, u64>,
}

impl<T> Default for Collection<T> {
    fn default() -> Self {
        Self {
            context: None,
            count: None,
            next_link: None,
            rows: Vec::new(),
            rejects: Vec::new(),
            unknown_properties: BTreeMap::new(),
        }
    }
}
