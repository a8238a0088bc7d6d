//! Bodies and queries, read strictly: a clear 4xx for what is doubled, too large, of another
//! type or in another encoding.

use percent_encoding::percent_decode_str;
use rocket::data::{Data, FromData, Outcome, ToByteUnit};
use rocket::http::{ContentType, Status};
use rocket::request::{FromRequest, Outcome as RequestOutcome, Request};
use serde::de::DeserializeOwned;

use super::error::Problem;

/// Bytes of a form; the longest password takes about 12,000 when every character is encoded.
const FORM_LIMIT: u64 = 32 * 1024;
/// Bytes of a JSON body.
const JSON_LIMIT: u64 = 16 * 1024;

/// The fields of a form or of a query: name, and value as it was sent.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Splits `application/x-www-form-urlencoded` (URL Standard §5.1).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let named = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode_str(name).decode_utf8_lossy().into_owned(), value.to_owned())
        });
        Self(named.collect())
    }

    /// The value of a field, `""` when it is missing; an error when it is there twice or is not
    /// UTF-8. Fields that nobody asks for are ignored.
    pub fn text(&self, name: &str) -> Result<String, Problem> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(value), None) => decode(value),
            (None, _) => Ok(String::new()),
            _ => Err(Problem::bad_request(format!("`{name}` is there more than once."))),
        }
    }

    /// Every value of a field that may be there several times, without empty ones.
    pub fn all(&self, name: &str) -> Result<Vec<String>, Problem> {
        let values = self.0.iter().filter(|(key, value)| key == name && !value.is_empty());
        values.map(|(_, value)| decode(value)).collect()
    }

    /// The bytes that all fields take as they were sent.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len() + 2).sum()
    }

    /// Whether a check box is ticked.
    pub fn is_on(&self, name: &str) -> Result<bool, Problem> {
        Ok(self.text(name)? == "on")
    }
}

fn decode(text: &str) -> Result<String, Problem> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    let value = decoded.map_err(|_| Problem::bad_request("The text is not in UTF-8."))?;
    no_nul(&value)?;
    Ok(value.into_owned())
}

/// U+0000 means nothing to a person, and databases refuse it.
fn no_nul(text: &str) -> Result<(), Problem> {
    if text.contains('\0') {
        return Err(Problem::bad_request("The text has a NUL character in it."));
    }
    Ok(())
}

/// The query of a request.
#[derive(Debug)]
pub struct Query(pub Fields);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Query {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> RequestOutcome<Self, ()> {
        let query = request.uri().query().map(|query| query.as_str()).unwrap_or_default();
        RequestOutcome::Success(Self(Fields::parse(query)))
    }
}

/// A form's fields, from a body of type `application/x-www-form-urlencoded`.
#[derive(Debug)]
pub struct Form(pub Fields);

#[rocket::async_trait]
impl<'r> FromData<'r> for Form {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let read = read(request, data, &ContentType::Form, FORM_LIMIT).await;
        match read {
            Ok(text) => Outcome::Success(Self(Fields::parse(&text))),
            Err(problem) => Outcome::Error((problem.leave(request), ())),
        }
    }
}

/// As [`Form`], where no body is needed: one that is no form is not looked at.
#[derive(Debug)]
pub struct FormOrNothing(pub Fields);

#[rocket::async_trait]
impl<'r> FromData<'r> for FormOrNothing {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        if !request.content_type().is_some_and(|given| given.is_form()) {
            return Outcome::Success(Self(Fields::default()));
        }
        Form::from_data(request, data).await.map(|form| Self(form.0))
    }
}

/// A JSON body of type `application/json` with exactly the members of `T`.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

#[rocket::async_trait]
impl<'r, T: DeserializeOwned> FromData<'r> for JsonBody<T> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let read = read(request, data, &ContentType::JSON, JSON_LIMIT).await;
        match read.and_then(|text| parse_json(&text)) {
            Ok(value) => Outcome::Success(Self(value)),
            Err(problem) => Outcome::Error((problem.leave(request), ())),
        }
    }
}

fn parse_json<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    if text.contains("\\u0000") {
        return Err(Problem::bad_request("The text has a NUL character in it."));
    }
    no_nul(text)?;
    // serde also fills a struct from an array, by position.
    if !text.trim_start().starts_with('{') {
        return Err(Problem::bad_request("The JSON body is not an object."));
    }
    serde_json::from_str(text).map_err(|error| {
        Problem::bad_request(format!("The JSON body is not as expected: {error}."))
    })
}

async fn read(
    request: &Request<'_>,
    data: Data<'_>,
    wanted: &ContentType,
    limit: u64,
) -> Result<String, Problem> {
    let of_type = |given: &ContentType| given.top() == wanted.top() && given.sub() == wanted.sub();
    if !request.content_type().is_some_and(of_type) {
        let text = format!("Send the body as {wanted}.");
        return Err(Problem::new(Status::UnsupportedMediaType, "invalid_request", text));
    }
    let body = data.open(limit.bytes()).into_bytes().await;
    let body =
        body.map_err(|error| Problem::bad_request(format!("The body broke off: {error}.")))?;
    if !body.is_complete() {
        let text = format!("The body is larger than {limit} bytes.");
        return Err(Problem::new(Status::PayloadTooLarge, "invalid_request", text));
    }
    String::from_utf8(body.into_inner())
        .map_err(|_| Problem::bad_request("The body is not in UTF-8."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_field_is_read_once_or_refused() {
        let fields = Fields::parse("a=1&b=%C3%A9+%2B&c&a=2");
        assert_eq!(fields.text("b").expect("once"), "é +");
        assert_eq!(fields.text("c").expect("once"), "");
        assert_eq!(fields.text("missing").expect("none"), "");
        assert!(fields.text("a").is_err());
    }

    #[test]
    fn other_encodings_and_nul_are_refused() {
        let fields = Fields::parse("a=%ff&b=%00&c=fine");
        assert!(fields.text("a").is_err() && fields.text("b").is_err() && fields.text("c").is_ok());
    }

    #[test]
    fn an_array_is_no_object_whose_members_come_in_order() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "only whether it can be read is asked")]
        struct Pair {
            a: String,
            b: Option<String>,
        }
        assert!(parse_json::<Pair>(" {\"a\": \"x\"}").is_ok());
        assert!(parse_json::<Pair>("[\"x\", null]").is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,200}") {
            let _ = Fields::parse(&text).text("a");
            let _ = parse_json::<std::collections::BTreeMap<String, String>>(&text);
        }
    }
}
