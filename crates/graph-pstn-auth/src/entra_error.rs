//! Entra's error body, whole.

use std::{borrow::Cow, error, fmt, sync::Arc};

use serde_json::Value;

/// What Entra said when it refused a token request (RFC 6749, section 5.2, and Microsoft's own
/// fields: <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>).
///
/// Entra asks clients not to branch on its numbers, which may change: branch on
/// [`Error::kind`](crate::Error::kind), and keep the numbers for people.
#[derive(Clone)]
pub struct EntraError(Arc<Fields>);

#[derive(Clone)]
struct Fields {
    error: String,
    description: String,
    codes: Vec<u32>,
    suberror: Option<String>,
    trace_id: Option<String>,
    correlation_id: Option<String>,
    timestamp: Option<String>,
    claims: Option<String>,
}

/// Entra's descriptions are one or two sentences. A longer text is cut here.
const LONGEST_TEXT: usize = 600;

impl EntraError {
    /// Reads an error body. `None` when it is no JSON object with a text `error`.
    pub(crate) fn from_slice(body: &[u8]) -> Option<Self> {
        let json: Value = serde_json::from_slice(body).ok()?;
        let text = |name: &str| json.get(name).and_then(Value::as_str);
        let error = text("error")?;
        let raw = text("error_description").unwrap_or_default();
        let mut codes: Vec<u32> = json
            .get("error_codes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|code| u32::try_from(code.as_u64()?).ok())
            .collect();
        if codes.is_empty() {
            codes.extend(leading_code(raw));
        }
        Some(Self(Arc::new(Fields {
            error: one_line(error),
            description: description(raw),
            codes,
            suberror: text("suberror").map(one_line),
            trace_id: text("trace_id").map(one_line),
            correlation_id: text("correlation_id").map(one_line),
            timestamp: text("timestamp").map(one_line),
            // Not shown in any text of this crate; whoever acts on it needs it as it is.
            claims: text("claims").map(str::to_owned),
        })))
    }

    /// Strikes out a text that the request held, should the answer repeat it.
    pub(crate) fn without(mut self, secret: &str) -> Self {
        if secret.is_empty() {
            return self;
        }
        let fields = Arc::make_mut(&mut self.0);
        let always = [&mut fields.error, &mut fields.description];
        let sometimes = [
            &mut fields.suberror,
            &mut fields.trace_id,
            &mut fields.correlation_id,
            &mut fields.timestamp,
            &mut fields.claims,
        ];
        for text in always.into_iter().chain(sometimes.into_iter().flatten()) {
            if text.contains(secret) {
                *text = text.replace(secret, STRUCK_OUT);
            }
        }
        self
    }

    /// The OAuth error: `invalid_client`, `unauthorized_client`, `invalid_request` and so on.
    #[must_use]
    pub fn error(&self) -> &str {
        &self.0.error
    }

    /// Entra's own words in one line, without the ids and the time; may be empty.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.0.description
    }

    /// All `AADSTS` numbers, the most telling one first.
    #[must_use]
    pub fn codes(&self) -> &[u32] {
        &self.0.codes
    }

    /// The first number as it is looked up: `AADSTS7000215`.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        self.0.codes.first().map(|code| format!("AADSTS{code}"))
    }

    /// The `suberror`, where there is one.
    #[must_use]
    pub fn suberror(&self) -> Option<&str> {
        self.0.suberror.as_deref()
    }

    /// Entra's id of the answer, for Microsoft's support.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.0.trace_id.as_deref()
    }

    /// The `client-request-id` as Entra gives it back.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.correlation_id.as_deref()
    }

    /// When Entra refused, in its own writing: `2026-11-25 08:00:00Z`.
    #[must_use]
    pub fn timestamp(&self) -> Option<&str> {
        self.0.timestamp.as_deref()
    }

    /// The claims that a policy demands, as JSON text. There is no user here who could meet them.
    #[must_use]
    pub fn claims(&self) -> Option<&str> {
        self.0.claims.as_deref()
    }

    /// What to do about it, in plain words, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        self.0.codes.iter().find_map(|code| crate::hint::of(*code))
    }
}

impl fmt::Display for EntraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fields {
            error, description, ..
        } = &*self.0;
        write!(f, "Entra answered {error}")?;
        if description.is_empty() {
            Ok(())
        } else {
            write!(f, ": {description}")
        }
    }
}

impl fmt::Debug for EntraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntraError")
            .field("error", &self.0.error)
            .field("description", &self.0.description)
            .field("codes", &self.0.codes)
            .field("trace_id", &self.0.trace_id)
            .field("correlation_id", &self.0.correlation_id)
            .field("claims", &self.0.claims.is_some())
            .finish_non_exhaustive()
    }
}

impl error::Error for EntraError {}

/// The number in `AADSTS7000215: Invalid client secret …`.
fn leading_code(description: &str) -> Option<u32> {
    let digits = description.trim_start().strip_prefix("AADSTS")?;
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}

/// The description without ids and time, which have fields of their own.
fn description(raw: &str) -> String {
    let line = one_line(raw);
    let end = line.find("Trace ID:").unwrap_or(line.len());
    line.get(..end).unwrap_or(&line).trim_end().to_owned()
}

const STRUCK_OUT: &str = "[struck out]";

/// One line without control characters, of bounded length, and without anything that may be a token
/// or an assertion: an answer may repeat what it was asked.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let mut line = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if line.len() + word.len() > LONGEST_TEXT && !line.is_empty() {
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&without_tokens(word));
    }
    line
}

/// Every JWT begins with the base64 of `{"`, which is `eyJ`; no word of prose is that long either.
fn without_tokens(word: &str) -> Cow<'_, str> {
    if word.contains("eyJ") || word.len() > 120 {
        Cow::Borrowed(STRUCK_OUT)
    } else {
        Cow::Borrowed(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_body_is_read() {
        let body = br#"{"error":"invalid_client","suberror":"bad","error_codes":[7000215,1],
            "error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: t\r\nCorrelation ID: c\r\nTimestamp: 2026-11-25 08:00:00Z",
            "timestamp":"2026-11-25 08:00:00Z","trace_id":"t","correlation_id":"c",
            "claims":"{\"access_token\":{}}"}"#;
        let error = EntraError::from_slice(body).unwrap();
        assert_eq!(error.error(), "invalid_client");
        assert_eq!(
            error.description(),
            "AADSTS7000215: Invalid client secret provided."
        );
        assert_eq!(error.codes(), [7_000_215, 1]);
        assert_eq!(error.code().as_deref(), Some("AADSTS7000215"));
        assert_eq!(
            (error.trace_id(), error.correlation_id()),
            (Some("t"), Some("c"))
        );
        assert_eq!(error.suberror(), Some("bad"));
        assert_eq!(error.timestamp(), Some("2026-11-25 08:00:00Z"));
        assert_eq!(error.claims(), Some(r#"{"access_token":{}}"#));
        assert!(error.hint().is_some());
    }

    #[test]
    fn all_but_the_error_may_be_missing_or_odd() {
        let error = EntraError::from_slice(br#"{"error":"server_error"}"#).unwrap();
        assert_eq!(error.to_string(), "Entra answered server_error");
        assert_eq!((error.code(), error.hint()), (None, None));
        let from_text =
            br#"{"error":"x","error_description":"AADSTS90002: no","error_codes":"90002"}"#;
        assert_eq!(EntraError::from_slice(from_text).unwrap().codes(), [90_002]);
        for none in [
            "",
            "Too Many Requests",
            "[]",
            "{}",
            r#"{"error":{"code":"x"}}"#,
        ] {
            assert!(EntraError::from_slice(none.as_bytes()).is_none(), "{none}");
        }
    }

    #[test]
    fn what_may_be_an_assertion_or_a_secret_is_struck_out() {
        let body = br#"{"error":"invalid_client","error_description":"AADSTS50027: bad token 'eyJhbGciOi.eyJpc3Mi.c2ln' for made~up~secret!"}"#;
        let error = EntraError::from_slice(body)
            .unwrap()
            .without("made~up~secret");
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains("eyJ") && !shown.contains("made~up"),
            "{shown}"
        );
    }

    #[test]
    fn a_secret_is_struck_out_wherever_it_is_repeated() {
        let secret = "made~up~secret";
        let body = serde_json::json!({
            "error": secret, "error_description": secret, "suberror": secret, "trace_id": secret,
            "correlation_id": secret, "timestamp": secret, "claims": secret
        });
        let error = EntraError::from_slice(body.to_string().as_bytes()).unwrap();
        let error = error.without(secret);
        let told = [error.suberror(), error.timestamp(), error.claims()];
        let shown = format!("{error} {error:?} {told:?}");
        assert!(!shown.contains(secret), "{shown}");
    }

    #[test]
    fn a_flood_is_cut() {
        let long = "word ".repeat(10_000);
        assert!(one_line(&long).len() < LONGEST_TEXT + 10);
        assert_eq!(one_line("a\r\n\u{1b}[31mb"), "a [31mb");
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_one_bounded_line_without_tokens(
            error in ".*", description in "(.|eyJ|AADSTS[0-9]{0,12}|Trace ID:){0,60}", noise: Vec<u8>
        ) {
            let _ = EntraError::from_slice(&noise);
            let body = serde_json::json!({"error": error, "error_description": description});
            let error = EntraError::from_slice(body.to_string().as_bytes()).unwrap();
            let shown = format!("{error} {error:?}");
            proptest::prop_assert!(!shown.contains("eyJ"));
            proptest::prop_assert!(!error.to_string().contains(|c: char| c.is_control()));
            proptest::prop_assert!(error.to_string().len() < 3 * LONGEST_TEXT);
        }
    }
}
