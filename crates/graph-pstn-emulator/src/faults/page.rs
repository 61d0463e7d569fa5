//! Pages that are not what they should be, most of them sound JSON.
//!
//! Rows are moved about as the text that they are, so that no number changes on the way.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::fault::Fault;

const VALUE: &str = "value";
const COUNT: &str = "@odata.count";
const LINK: &str = "@odata.nextLink";

type Members = BTreeMap<String, Box<RawValue>>;

/// Spoils the body of a page, if the fault is one of those and the page has what it takes. `url` is the request's own,
/// and `foreign` the same at the foreign origin.
pub(crate) fn spoilt(
    fault: Fault,
    dice: u64,
    body: &[u8],
    url: &str,
    foreign: &str,
) -> Option<Vec<u8>> {
    if fault == Fault::InvalidJson {
        return Some(body.get(..body.len() / 2)?.to_vec());
    }
    let mut page: Members = serde_json::from_slice(body).ok()?;
    match fault {
        Fault::NoValue => {
            page.remove(VALUE)?;
        }
        Fault::EmptyLink => set(&mut page, LINK, "".into())?,
        Fault::LinkLoop => set(&mut page, LINK, url.into())?,
        Fault::ForeignLink => {
            // The page's own link, if it has one, at the other origin.
            let own: Option<String> = page
                .get(LINK)
                .and_then(|link| serde_json::from_str(link.get()).ok());
            let path = own.as_deref().and_then(path_of);
            let link = match (path, path_of(foreign)) {
                (Some(path), Some(own)) => {
                    format!("{}{path}", foreign.strip_suffix(own).unwrap_or(foreign))
                }
                _ => foreign.to_owned(),
            };
            set(&mut page, LINK, link.into())?;
        }
        Fault::EmptyPage => {
            set(&mut page, VALUE, Value::Array(Vec::new()))?;
            set(&mut page, COUNT, 0.into())?;
            set(&mut page, LINK, again(url, dice).into())?;
        }
        Fault::DuplicatedRow => {
            let mut rows: Vec<Box<RawValue>> = serde_json::from_str(page.get(VALUE)?.get()).ok()?;
            let chosen = dice.checked_rem(rows.len() as u64)?;
            let chosen = usize::try_from(chosen).ok()?;
            rows.push(rows.get(chosen)?.clone());
            set(&mut page, COUNT, rows.len().into())?;
            page.insert(VALUE.into(), serde_json::value::to_raw_value(&rows).ok()?);
        }
        _ => return None,
    }
    serde_json::to_vec(&page).ok()
}

/// Whether the page has a link to the next one.
pub(crate) fn has_link(body: &[u8]) -> bool {
    serde_json::from_slice::<Members>(body).is_ok_and(|page| page.contains_key(LINK))
}

/// Another URL for the same page: options that are not known have no effect.
fn again(url: &str, dice: u64) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}turn={:04x}", dice % 0x1_0000)
}

/// A URL without its scheme, host and port.
fn path_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.find('/').and_then(|at| rest.get(at..))
}

fn set(page: &mut Members, name: &str, value: Value) -> Option<()> {
    let text = RawValue::from_string(value.to_string()).ok()?;
    page.insert(name.to_owned(), text);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"{"@odata.count":2,"value":[{"id":"a","charge":0.00},{"id":"b","charge":1.50}],"@odata.nextLink":"http://graph.example/v1.0/x?$skip=2"}"#;
    const URL: &str = "http://graph.example/v1.0/x?$skip=0";
    const FOREIGN: &str = "http://foreign.example/v1.0/x?$skip=0";

    fn text(fault: Fault, dice: u64) -> String {
        let body = spoilt(fault, dice, PAGE.as_bytes(), URL, FOREIGN).unwrap();
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn numbers_keep_their_text() {
        let page = text(Fault::DuplicatedRow, 4);
        assert!(page.contains(r#""@odata.count":3"#), "{page}");
        assert_eq!(page.matches(r#"{"id":"a","charge":0.00}"#).count(), 2);
        assert_eq!(page.matches(r#"{"id":"b","charge":1.50}"#).count(), 1);
        assert!(page.contains("x?$skip=2"));
    }

    #[test]
    fn links_lead_where_they_should_not() {
        assert!(text(Fault::LinkLoop, 0).contains(&format!(r#""@odata.nextLink":"{URL}""#)));
        assert!(
            text(Fault::ForeignLink, 0)
                .contains(r#""@odata.nextLink":"http://foreign.example/v1.0/x?$skip=2""#)
        );
        assert!(text(Fault::EmptyLink, 0).contains(r#""@odata.nextLink":"""#));
        let last = br#"{"value":[]}"#;
        let page = spoilt(Fault::ForeignLink, 0, last, URL, FOREIGN).unwrap();
        assert!(String::from_utf8(page).unwrap().contains(FOREIGN));
    }

    #[test]
    fn an_empty_page_leads_back_by_another_name() {
        let page = text(Fault::EmptyPage, 0xab);
        assert!(page.contains(r#""value":[]"#) && page.contains(r#""@odata.count":0"#));
        assert!(page.contains(&format!(r#""{URL}&turn=00ab""#)), "{page}");
    }

    #[test]
    fn what_cannot_be_spoilt_is_left_alone() {
        let empty = br#"{"value":[]}"#;
        assert_eq!(spoilt(Fault::DuplicatedRow, 0, empty, URL, FOREIGN), None);
        assert_eq!(spoilt(Fault::NoValue, 0, b"{}", URL, FOREIGN), None);
        assert!(!text(Fault::NoValue, 0).contains("value\":"));
        assert!(has_link(PAGE.as_bytes()) && !has_link(empty));
    }
}
