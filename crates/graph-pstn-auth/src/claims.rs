//! The `claims` parameter: the client's capability, and what a challenge asks for.
//!
//! "Claims challenges, claims requests and client capabilities":
//! <https://learn.microsoft.com/entra/identity-platform/claims-challenge>.

use serde_json::{Map, Value, json};

use crate::Error;

/// The value of `claims` for a token request: the challenge's JSON, with `cp1` merged into it when
/// the client can meet challenges. `None` when there is nothing to say.
///
/// # Errors
/// When the challenge is no JSON object.
pub(crate) fn merged(challenge: Option<&str>, capable: bool) -> Result<Option<String>, Error> {
    let mut claims = match challenge {
        None if !capable => return Ok(None),
        None => Value::Object(Map::new()),
        Some(text) => serde_json::from_str(text)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| Error::permanent("the claims challenge is no JSON object"))?,
    };
    if capable {
        merge(
            &mut claims,
            json!({"access_token": {"xms_cc": {"values": ["cp1"]}}}),
        );
    }
    Ok(Some(claims.to_string()))
}

/// Whether a challenge, if there is one, can be answered.
///
/// # Errors
/// As [`merged`].
pub(crate) fn check(challenge: Option<&str>) -> Result<(), Error> {
    merged(challenge, false).map(drop)
}

/// Objects are merged member by member, lists united; in any other case the addition wins.
fn merge(into: &mut Value, addition: Value) {
    match (into, addition) {
        (Value::Object(into), Value::Object(addition)) => {
            for (name, value) in addition {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(addition)) => {
            for value in addition {
                if !into.contains(&value) {
                    into.push(value);
                }
            }
        }
        (into, addition) => *into = addition,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(challenge: Option<&str>, capable: bool) -> Option<Value> {
        let text = merged(challenge, capable).unwrap()?;
        Some(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn the_capability_stands_alone_or_with_the_challenge() {
        let cp1 = json!({"access_token": {"xms_cc": {"values": ["cp1"]}}});
        assert_eq!(of(None, false), None);
        assert_eq!(of(None, true), Some(cp1));
        let challenge = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;
        assert_eq!(
            of(Some(challenge), false),
            Some(serde_json::from_str(challenge).unwrap())
        );
        let both = json!({"access_token": {
            "nbf": {"essential": true, "value": "1604106651"}, "xms_cc": {"values": ["cp1"]}}});
        assert_eq!(of(Some(challenge), true), Some(both));
    }

    #[test]
    fn what_is_there_already_stays() {
        let challenge = r#"{"access_token":{"xms_cc":{"values":["x"]},"acrs":null},"id_token":{}}"#;
        let merged = of(Some(challenge), true).unwrap();
        assert_eq!(
            merged["access_token"]["xms_cc"]["values"],
            json!(["x", "cp1"])
        );
        assert!(merged["id_token"].is_object());
        let odd = of(Some(r#"{"access_token":null}"#), true).unwrap();
        assert_eq!(odd["access_token"]["xms_cc"]["values"], json!(["cp1"]));
        let again = of(Some(&odd.to_string()), true).unwrap();
        assert_eq!(again, odd);
    }

    #[test]
    fn a_challenge_that_is_no_object_is_refused() {
        for challenge in ["", "[]", "cp1", "{"] {
            assert!(merged(Some(challenge), true).is_err(), "{challenge}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_of_a_challenge_is_lost(
            members in proptest::collection::btree_map("[a-z_]{1,8}", "[a-z]{0,4}", 0..6), token: bool
        ) {
            let mut challenge = json!({"access_token": members});
            if !token {
                challenge = json!(members);
            }
            let merged = of(Some(&challenge.to_string()), true).unwrap();
            let place = if token { &merged["access_token"] } else { &merged };
            for (name, value) in &members {
                if name != "xms_cc" && name != "access_token" {
                    proptest::prop_assert_eq!(&place[name], value);
                }
            }
            proptest::prop_assert_eq!(&merged["access_token"]["xms_cc"]["values"], &json!(["cp1"]));
        }
    }
}
