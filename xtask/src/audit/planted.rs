//! The audit can fail: leaks are planted into a recording that passes, one at a time, and each has to be found
//! where it is.

use serde_json::{Value, json};

/// What is planted. Whatever stands there is replaced; `-` at the end is a new item of a list.
struct Plant {
    /// As in a JSON pointer (RFC 6901).
    at: String,
    leak: Value,
    /// What the audit has to call it.
    what: &'static str,
}

fn plants() -> Vec<Plant> {
    let plant = |at: &str, leak, what| Plant {
        at: at.to_owned(),
        leak,
        what,
    };
    let header = |name: &str, value: &str| json!({ "name": name, "value": value });
    // Not one text, or the search for secrets in this file itself would find it.
    let pem = format!("-----BEGIN {} KEY-----\nMIIEvQIBADANBg", "PRIVATE");
    let of_row = |member: &str| format!("/log/entries/1/response/content/_json/value/0/{member}");
    vec![
        plant(
            "/log/entries/1/request/headers/0/value",
            json!("Bearer abc"),
            "an Authorization header",
        ),
        plant(
            "/log/entries/1/request/headers/-",
            header("authorization", "Basic dXNlcjpodW50ZXIy"),
            "an Authorization header",
        ),
        plant(
            "/log/entries/1/response/headers/0/value",
            json!("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhYmNkZWYifQ.c2lnbmF0dXJl"),
            "a JWT",
        ),
        plant(
            "/log/entries/0/request/postData/params/-",
            header("client_secret", "hunter2"),
            "a secret",
        ),
        plant(
            "/log/entries/0/request/postData/params/-",
            header("client_assertion", "a.b.c"),
            "a secret",
        ),
        plant("/provenance", json!(pem), "a PEM block"),
        plant(
            &of_row("calleeNumber"),
            json!("+37212345678"),
            "a telephone number",
        ),
        plant(
            &of_row("callerNumber"),
            json!("37212345678"),
            "a telephone number",
        ),
        plant(
            &of_row("userId"),
            json!("12345678-1234-4321-8765-123456789abc"),
            "a GUID",
        ),
        plant(
            &of_row("userPrincipalName"),
            json!("someone@contoso.com"),
            "a real host",
        ),
        plant(
            "/description",
            json!("by way of sbc01.adatum.biz"),
            "a real host",
        ),
        plant(
            "/log/entries/0/response/content/_json/access_token",
            json!("opaque"),
            "a token",
        ),
        plant(
            "/log/entries/1/response/headers/-",
            header("Set-Cookie", "x"),
            "a header that is never kept",
        ),
        plant(
            "/log/entries/1/request/headers/-",
            header("cookie", "x"),
            "a header that is never kept",
        ),
        plant(
            "/log/entries/1/response/content/_json/@odata.nextLink",
            json!(
                "https://graph.microsoft.com/v1.0/x?sv=2024-11-04&sig=UGxhbnRlZFNpZ25hdHVyZUZvclRoaXNUZXN0"
            ),
            "a token or key",
        ),
        plant(
            "/log/entries/1/request/url",
            json!("https://someone@graph.microsoft.com/v1.0/x"),
            "user info in a URL",
        ),
        plant(
            "/log/entries/0/request/postData/params/-",
            header(
                "claims",
                r#"{"access_token":{"login_hint":{"value":"someone@contoso.com"}}}"#,
            ),
            "a real host",
        ),
        plant(&of_row("callId"), json!("1_2@10.9.8.7"), "a real address"),
        plant(
            &of_row("clientPublicIpV6Address"),
            json!("fe80::1"),
            "a real address",
        ),
        plant(
            &of_row("operator"),
            json!("AbC8Q~planted.Secret-For_This.Test0000000"),
            "a client secret",
        ),
    ]
}

/// Plants each leak into this fixture, which has a token request and a page with a row, and says how many there
/// were.
///
/// # Errors
/// When one of them is not found, or not in its place; or when the fixture does not pass to begin with.
pub(crate) fn check(fixture: &str) -> Result<usize, String> {
    let fixture: Value = serde_json::from_str(fixture).map_err(|error| error.to_string())?;
    if let Some(leak) = super::fixture::leaks(&fixture).first() {
        return Err(format!("before anything is planted: {leak}"));
    }
    let plants = plants();
    for plant in &plants {
        let mut planted = fixture.clone();
        let place = put(&mut planted, plant)
            .ok_or_else(|| format!("the fixture has no place {}", plant.at))?;
        let leaks = super::fixture::leaks(&planted);
        let found = leaks
            .iter()
            .any(|leak| leak.place.starts_with(&place) && leak.what.starts_with(plant.what));
        if !found {
            let leaks: Vec<_> = leaks.iter().map(ToString::to_string).collect();
            return Err(format!(
                "{} was planted at {place}, and the audit found {leaks:?}",
                plant.what
            ));
        }
    }
    Ok(plants.len())
}

/// Plants it, and gives the place as the audit writes it.
fn put(fixture: &mut Value, plant: &Plant) -> Option<String> {
    let (parent, last) = plant.at.rsplit_once('/')?;
    let parent_value = fixture.pointer_mut(parent)?;
    let mut place = String::new();
    for part in parent.split('/').skip(1) {
        add(&mut place, part);
    }
    match parent_value {
        Value::Object(members) => {
            members.insert(last.to_owned(), plant.leak.clone());
            add(&mut place, last);
        }
        Value::Array(items) => {
            let index = if last == "-" {
                items.push(Value::Null);
                items.len() - 1
            } else {
                last.parse().ok()?
            };
            *items.get_mut(index)? = plant.leak.clone();
            add(&mut place, &index.to_string());
        }
        _ => return None,
    }
    Some(place)
}

fn add(place: &mut String, part: &str) {
    if part.bytes().all(|byte| byte.is_ascii_digit()) {
        place.push_str(&format!("[{part}]"));
    } else {
        if !place.is_empty() {
            place.push('.');
        }
        place.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = include_str!("../../../fixtures/recorded-from-the-emulator.json");

    #[test]
    fn each_planted_leak_is_found_in_its_place() {
        assert_eq!(check(RECORDED), Ok(plants().len()));
        assert!(plants().len() >= 10);
    }

    #[test]
    fn what_leaks_to_begin_with_is_refused() {
        let leaking = RECORDED.replace("user0001@contoso.example", "someone@contoso.com");
        assert!(check(&leaking).unwrap_err().contains("a real host"));
    }
}
