//! A page from the bytes of a body: rows of our own types by the quick [`reader`], anything else, and whatever that
//! reader does not recognise, by serde.

pub(crate) mod with_serde;

use std::any::Any;

use serde::de::DeserializeOwned;

use crate::{
    BadRow, Collection, CollectionError, CollectionErrorKind, DirectRoutingLogRow,
    PstnBlockedUsersLogRow, PstnCallLogRow, PstnOnlineMeetingDialoutReport, SmsLogRow, beta,
    reader::{self, ScanRow},
    rows::KnownRow,
    unknown::Counting,
};

use with_serde::Plain;

impl<T: DeserializeOwned + 'static> Collection<T> {
    /// Reads the body of a response, of the row types of this crate or of a caller's own.
    ///
    /// A row that cannot be read does not cost its page: see [`BadRow`].
    ///
    /// # Errors
    ///
    /// When the body is not UTF-8, not JSON, or an object without a `value` array; when it holds an
    /// `error` object; when `@odata.nextLink` is empty or not a string; and, with
    /// [`BadRow::Fail`], when a row cannot be read. Nothing of that is ever taken for a last page.
    pub fn from_slice(body: &[u8], on_bad_row: BadRow) -> Result<Self, CollectionError> {
        let text = std::str::from_utf8(body).map_err(|error| {
            CollectionError::new(
                CollectionErrorKind::NotUtf8,
                format!(
                    "the body is not UTF-8: byte {} is not text",
                    error.valid_up_to()
                ),
            )
        })?;
        // A byte order mark is no part of JSON, and readers may skip it (RFC 8259, section 8.1).
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);

        let mut result: Option<Result<Self, CollectionError>> = None;
        known::<T, PstnCallLogRow>(&mut result, text, on_bad_row);
        known::<T, DirectRoutingLogRow>(&mut result, text, on_bad_row);
        known::<T, SmsLogRow>(&mut result, text, on_bad_row);
        known::<T, PstnBlockedUsersLogRow>(&mut result, text, on_bad_row);
        known::<T, PstnOnlineMeetingDialoutReport>(&mut result, text, on_bad_row);
        known::<T, beta::PstnCallLogRow>(&mut result, text, on_bad_row);
        known::<T, beta::DirectRoutingLogRow>(&mut result, text, on_bad_row);
        result.unwrap_or_else(|| with_serde::decode(text, on_bad_row, || Plain))
    }
}

/// Fills the result where `T` is this row type, which the reader knows.
fn known<T, R>(
    result: &mut Option<Result<Collection<T>, CollectionError>>,
    text: &str,
    on_bad_row: BadRow,
) where
    T: 'static,
    R: KnownRow + ScanRow + 'static,
{
    let slot: &mut dyn Any = result;
    if let Some(slot) = slot.downcast_mut::<Option<Result<Collection<R>, CollectionError>>>() {
        *slot = Some(
            reader::read_page(text)
                .unwrap_or_else(|| with_serde::decode(text, on_bad_row, Counting::default)),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::RawRow;

    fn page(body: &str) -> Result<Collection<PstnCallLogRow>, CollectionError> {
        Collection::from_slice(body.as_bytes(), BadRow::SetAside)
    }

    fn kind(body: &str) -> CollectionErrorKind {
        page(body).unwrap_err().kind()
    }

    #[test]
    fn reads_the_envelope_in_any_order() {
        for body in [
            r#"{"@odata.context":"c","@odata.count":1,"@odata.nextLink":"https://n","value":[{"id":"a"}]}"#,
            r#"{"value":[{"id":"a"}],"x":[{}],"@odata.nextLink":"https:\/\/n","@odata.count":"1","@odata.context":"c"}"#,
            "\u{feff}{\"value\":[{\"id\":\"a\"}],\"@odata.nextLink\":\"https://n\",\"@odata.count\":1,\"@odata.context\":\"c\"} \n",
        ] {
            let page = page(body).unwrap();
            assert_eq!(page.context.as_deref(), Some("c"));
            assert_eq!(page.count, Some(1));
            assert_eq!(page.next_link.as_deref(), Some("https://n"));
            assert_eq!(page.rows.len(), 1);
        }
    }

    #[test]
    fn an_empty_page_may_have_a_link() {
        let page = page(r#"{"value":[],"@odata.nextLink":"https://n"}"#).unwrap();
        assert!(page.rows.is_empty() && page.next_link.is_some());
    }

    #[test]
    fn a_bad_row_is_set_aside() {
        let body =
            r#"{"value":[{"id":"a"}, {"id":"b","charge":1e99} ,5,{"id":"\ud800"},{"id":"e"}]}"#;
        let page = page(body).unwrap();
        let ids: Vec<_> = page.rows.iter().map(|r| r.id.as_deref().unwrap()).collect();
        assert_eq!(ids, ["a", "e"]);
        let set_aside: Vec<_> = page
            .rejects
            .iter()
            .map(|r| (r.index, r.path.as_str(), r.json.as_str()))
            .collect();
        assert_eq!(
            set_aside,
            [
                (1, "$.value[1].charge", r#"{"id":"b","charge":1e99}"#),
                (2, "$.value[2]", "5"),
                (3, "$.value[3].id", r#"{"id":"\ud800"}"#),
            ]
        );
        assert!(
            page.rejects[0].reason.contains("not rounded"),
            "{}",
            page.rejects[0].reason
        );
    }

    #[test]
    fn or_fails_the_page() {
        let body = br#"{"value":[{"id":"a"},{"duration":"long"}]}"#;
        let error = Collection::<PstnCallLogRow>::from_slice(body, BadRow::Fail).unwrap_err();
        assert_eq!(error.kind(), CollectionErrorKind::Row);
        assert_eq!(error.rejected_row().unwrap().path, "$.value[1].duration");
    }

    #[test]
    fn says_what_is_wrong_with_a_body() {
        let long = page("<html><body>Sign in</body></html>").unwrap_err();
        assert_eq!(long.kind(), CollectionErrorKind::NotJson);
        assert!(long.to_string().contains("HTML"), "{long}");
        assert!(!long.to_string().contains("Sign in"), "{long}");
        let cut = page("{\n\"value\":[{\"id\":").unwrap_err();
        assert_eq!(cut.kind(), CollectionErrorKind::NotJson);
        assert!(cut.to_string().contains("line 2"), "{cut}");
        assert_eq!(kind(""), CollectionErrorKind::NotJson);
        assert_eq!(kind(r#"{"value":[]}x"#), CollectionErrorKind::NotJson);
        assert_eq!(kind("{}"), CollectionErrorKind::NoValue);
        assert_eq!(kind("[]"), CollectionErrorKind::NoValue);
        assert_eq!(kind("\"value\""), CollectionErrorKind::NoValue);
        assert_eq!(kind(r#"{"value":null}"#), CollectionErrorKind::NoValue);
        assert_eq!(
            kind(r#"{"value":{"id":"a"}}"#),
            CollectionErrorKind::NoValue
        );
        assert_eq!(
            kind(r#"{"value":[],"value":[]}"#),
            CollectionErrorKind::NoValue
        );
        assert_eq!(
            kind(r#"{"value":[],"@odata.nextLink":""}"#),
            CollectionErrorKind::NextLink
        );
        assert_eq!(
            kind(r#"{"value":[],"@odata.nextLink":5}"#),
            CollectionErrorKind::NextLink
        );
        let bytes = b"{\"value\":[\xff]}";
        let error = Collection::<RawRow>::from_slice(bytes, BadRow::SetAside).unwrap_err();
        assert_eq!(error.kind(), CollectionErrorKind::NotUtf8);
    }

    #[test]
    fn an_error_in_a_success_is_an_error() {
        for body in [
            r#"{"error":{"code":"UnknownError","message":""}}"#,
            r#"{"value":[],"error":{"code":"UnknownError"}}"#,
        ] {
            let error = page(body).unwrap_err();
            assert_eq!(error.kind(), CollectionErrorKind::GraphError);
            assert_eq!(error.code(), Some("UnknownError"));
        }
        assert_eq!(
            kind(r#"{"error":"x","value":[]}"#),
            CollectionErrorKind::GraphError
        );
        assert!(page(r#"{"error":null,"value":[]}"#).is_ok());
        let error = page(r#"{"error":{"code":"a","message":"b\nc"}}"#).unwrap_err();
        assert!(!error.to_string().contains('\n'), "{error}");
    }

    #[test]
    fn counts_properties_that_it_does_not_know() {
        let page = page(r#"{"value":[{"new":1,"@odata.type":"t"},{"new":2,"id@x":1,"newer":{}}]}"#)
            .unwrap();
        let counted: Vec<_> = page
            .unknown_properties
            .iter()
            .map(|(n, c)| (n.as_str(), *c))
            .collect();
        assert_eq!(counted, [("new", 2), ("newer", 1)]);
    }

    #[test]
    fn takes_a_callers_own_row() {
        let body = br#"{"value":[["a",1],["b"]]}"#;
        let page = Collection::<(String, u8)>::from_slice(body, BadRow::SetAside).unwrap();
        assert_eq!(page.rows, [("a".to_owned(), 1)]);
        assert_eq!(page.rejects[0].index, 1);

        let body = br#"{"value":[{"a b\n":{"c":[1,"x"]}}]}"#;
        type Own = BTreeMap<String, BTreeMap<String, Vec<u8>>>;
        let page = Collection::<Own>::from_slice(body, BadRow::SetAside).unwrap();
        assert_eq!(page.rejects[0].path, r#"$.value[0]["a b\n"].c[1]"#);
        assert_eq!(page.rejects[0].reason, "invalid type: string, expected u8");
    }
}
