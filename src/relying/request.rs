//! What arrives at the callback, read without a framework: where from, in which form, with what.

use crate::domain::origin::Origin;
use crate::domain::secret::Secret;
use serde::Deserialize;

/// Longest body that is read.
pub(super) const LONGEST_BODY: usize = 4 * 1_024;

/// What the browser script asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A session for whoever this payload stands for.
    Session(Secret),
    /// An empty payload: nobody is signed in at the accounts server any more.
    SignedOut,
}

/// Why a body cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// Neither JSON nor a form.
    WrongType,
    /// Not the fields that are expected; says which.
    Malformed(&'static str),
}

/// Whether a request that changes something comes from a page of ours.
///
/// `Sec-Fetch-Site` decides; a browser too old to send it sends `Origin`. Neither means no: so do
/// siblings, whom `SameSite` cookies would let in.
pub(super) fn is_from_own_page<'a>(
    mut fetch_site: impl Iterator<Item = &'a str>,
    mut origin: impl Iterator<Item = &'a str>,
    own: &Origin,
) -> bool {
    match (fetch_site.next(), fetch_site.next()) {
        (Some(site), None) => site == "same-origin",
        (Some(_), Some(_)) => false,
        (None, _) => origin.next() == Some(own.as_str()) && origin.next().is_none(),
    }
}

/// Reads the body by its content type.
pub(super) fn read_body(content_type: Option<&str>, body: &[u8]) -> Result<Asked, BodyError> {
    let payload = match media_type(content_type).as_deref() {
        Some("application/json") => from_json(body)?,
        Some("application/x-www-form-urlencoded") => from_form(body)?,
        _ => return Err(BodyError::WrongType),
    };
    if payload.is_empty() {
        return Ok(Asked::SignedOut);
    }
    let hex = BodyError::Malformed("recoveryPayload is not 64 lower-case hex characters");
    Secret::parse(&payload).map(Asked::Session).ok_or(hex)
}

/// Reads the one field `logout_token` of a form.
pub(super) fn read_logout_token(
    content_type: Option<&str>,
    body: &[u8],
) -> Result<String, BodyError> {
    match media_type(content_type).as_deref() {
        Some("application/x-www-form-urlencoded") => {
            let absent = BodyError::Malformed("the form has no field `logout_token`");
            let doubled = BodyError::Malformed("`logout_token` is there twice");
            one_field(body, "logout_token", absent, doubled)
        }
        _ => Err(BodyError::WrongType),
    }
}

/// The media type in lower case; `None` when there is none or its charset is not UTF-8.
fn media_type(content_type: Option<&str>) -> Option<String> {
    let text = content_type?.to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next()?.to_owned();
    let charset = parts.find_map(|p| p.strip_prefix("charset="));
    charset.is_none_or(|c| c.trim_matches('"') == "utf-8").then_some(media)
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "recoveryPayload")]
    payload: String,
}

/// Other members are left alone: the answer of the bridge may be passed on as it came. A doubled
/// member is an error of serde's.
fn from_json(body: &[u8]) -> Result<String, BodyError> {
    let unreadable = BodyError::Malformed("the JSON has no one text `recoveryPayload`");
    // An array is refused by hand, since serde would take one for the struct.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(unreadable);
    }
    serde_json::from_slice(body).map(|body: Body| body.payload).map_err(|_| unreadable)
}

fn from_form(body: &[u8]) -> Result<String, BodyError> {
    let absent = BodyError::Malformed("the form has no field `recoveryPayload`");
    let doubled = BodyError::Malformed("`recoveryPayload` is there twice");
    one_field(body, "recoveryPayload", absent, doubled)
}

fn one_field(
    body: &[u8],
    name: &str,
    absent: BodyError,
    doubled: BodyError,
) -> Result<String, BodyError> {
    let pairs = url::form_urlencoded::parse(body);
    let mut values = pairs.filter(|(key, _)| key == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value.into_owned()),
        (None, _) => Err(absent),
        (Some(_), Some(_)) => Err(doubled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const JSON: Option<&str> = Some("application/json");
    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

    fn from_own(fetch_site: &[&str], origin: &[&str]) -> bool {
        let own = Origin::parse("https://wiki.example.org").expect("valid");
        is_from_own_page(fetch_site.iter().copied(), origin.iter().copied(), &own)
    }

    #[test]
    fn only_a_page_of_ours_may_post() {
        let own = "https://wiki.example.org";
        assert!(from_own(&["same-origin"], &[own]));
        assert!(from_own(&["same-origin"], &[]));
        assert!(from_own(&[], &[own]));
        for site in ["same-site", "cross-site", "none", "", "Same-Origin"] {
            assert!(!from_own(&[site], &[own]), "{site}");
        }
        for origin in ["null", "", "https://notes.example.org", "https://wiki.example.org:443"] {
            assert!(!from_own(&[], &[origin]), "{origin}");
        }
        assert!(!from_own(&[], &[]));
        assert!(!from_own(&[], &[own, own]));
        assert!(!from_own(&["same-origin", "cross-site"], &[own]));
    }

    #[test]
    fn json_and_forms_are_read_with_or_without_charset() {
        let hex = "0123456789abcdef".repeat(4);
        let asked = Ok(Asked::Session(Secret::parse(&hex).expect("64 hex")));
        let json = format!(r#"{{"hasSession":true,"recoveryPayload":"{hex}"}}"#);
        let form = format!("recoveryPayload={hex}&x=1");
        for charset in ["", ";charset=utf-8", "; Charset=\"UTF-8\""] {
            let json_type = format!("application/json{charset}");
            assert_eq!(read_body(Some(&json_type), json.as_bytes()), asked);
            let form_type = format!("Application/X-WWW-Form-Urlencoded{charset}");
            assert_eq!(read_body(Some(&form_type), form.as_bytes()), asked);
        }
    }

    #[test]
    fn an_empty_payload_means_signed_out() {
        assert_eq!(read_body(FORM, b"recoveryPayload="), Ok(Asked::SignedOut));
        assert_eq!(read_body(JSON, br#"{"recoveryPayload":""}"#), Ok(Asked::SignedOut));
    }

    #[test]
    fn other_types_are_not_read() {
        let types = [
            None,
            Some("text/plain"),
            Some("multipart/form-data; boundary=x"),
            Some("json"),
            Some(""),
            Some("application/json; charset=utf-16"),
            Some("application/jsonp"),
        ];
        for other in types {
            assert_eq!(
                read_body(other, b"recoveryPayload="),
                Err(BodyError::WrongType),
                "{other:?}"
            );
        }
    }

    #[test]
    fn malformed_bodies_are_refused() {
        let hex = "ab".repeat(32);
        let json = [
            String::new(),
            "[]".to_owned(),
            "{}".to_owned(),
            format!(r#"["{hex}"]"#),
            format!(r#"{{"recoveryPayload":["{hex}"]}}"#),
            r#"{"recoveryPayload":null}"#.to_owned(),
            r#"{"recoveryPayload":1}"#.to_owned(),
            format!(r#"{{"recoveryPayload":"{hex}","recoveryPayload":"{hex}"}}"#),
            format!(r#"{{"recoveryPayload":"{hex}"}}x"#),
            format!(r#"{{"recoveryPayload":"{}"}}"#, &hex[1..]),
            format!(r#"{{"recoveryPayload":"{hex}0"}}"#),
            format!(r#"{{"recoveryPayload":"{}"}}"#, hex.to_uppercase()),
            format!(r#"{{"recoveryPayload":"{}"}}"#, "é".repeat(32)),
        ];
        for body in json {
            let read = read_body(JSON, body.as_bytes());
            assert!(matches!(read, Err(BodyError::Malformed(_))), "{body}");
        }
        let form = [
            String::new(),
            "x=1".to_owned(),
            format!("recoveryPayload={hex}&recoveryPayload="),
            format!("recoveryPayload=+{hex}"),
            format!("recoveryPayload={hex}%00"),
        ];
        for body in form {
            let read = read_body(FORM, body.as_bytes());
            assert!(matches!(read, Err(BodyError::Malformed(_))), "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_body(JSON, &body);
            let _ = read_body(FORM, &body);
        }
    }
}
