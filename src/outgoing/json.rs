//! Calls whose answer is a JSON value: bounded before memory is taken, within the one deadline.

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use std::fmt;

use super::{Failure, Outgoing, encoded, why};

/// The most bytes that are read of an answer.
pub const MOST_JSON: usize = 64 * 1_024;

/// An answer that has been read whole. Printing one shows its status only: there may be tokens in it.
pub struct JsonAnswer {
    /// The status, whatever it is.
    pub status: u16,
    /// What the body holds; `None` when that is no JSON.
    pub json: Option<Value>,
}

impl Outgoing {
    /// Gets a JSON value, with this `Authorization` if there is one.
    pub async fn get_json(
        &self,
        uri: &str,
        authorization: Option<&str>,
    ) -> Result<JsonAnswer, Failure> {
        let request = self.http.get(self.checked(uri)?);
        read(authorized(request, authorization)?).await
    }

    /// Sends a form, with this `Authorization` if there is one, and gets a JSON value.
    pub async fn post_for_json(
        &self,
        uri: &str,
        authorization: Option<&str>,
        fields: &[(&str, &str)],
    ) -> Result<JsonAnswer, Failure> {
        let request = self.http.post(self.checked(uri)?).body(encoded(fields));
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        read(authorized(request, authorization)?).await
    }
}

/// A value that cannot stand in a header breaks the call before anything is sent.
fn authorized(request: RequestBuilder, value: Option<&str>) -> Result<RequestBuilder, Failure> {
    let Some(value) = value else {
        return Ok(request);
    };
    let mut value = HeaderValue::from_str(value).map_err(|_| Failure::Broken)?;
    value.set_sensitive(true);
    Ok(request.header(AUTHORIZATION, value))
}

async fn read(request: RequestBuilder) -> Result<JsonAnswer, Failure> {
    let request = request.header(ACCEPT, "application/json");
    let answer = request.send().await.map_err(|error| why(&error))?;
    let status = answer.status().as_u16();
    let body = bounded(answer).await?;
    Ok(JsonAnswer { status, json: serde_json::from_slice(&body).ok() })
}

/// The body, given up as soon as it is known to be too large.
async fn bounded(mut answer: Response) -> Result<Vec<u8>, Failure> {
    let most = MOST_JSON as u64;
    if answer.content_length().is_some_and(|length| length > most) {
        return Err(Failure::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| why(&error))? {
        if body.len() + chunk.len() > MOST_JSON {
            return Err(Failure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl fmt::Debug for JsonAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::tests::{client, saying};

    /// The whole text of an answer with this body.
    fn answer(head: &str, body: &str) -> &'static str {
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        Box::leak(text.into_boxed_str())
    }

    #[tokio::test]
    async fn a_value_is_got_with_the_authorization_that_goes_with_it() {
        let (uri, mut told) = saying(answer("200 OK", "{\"a\":1}")).await;
        let got = client(&[]).get_json(&uri, Some("Bearer t0ken")).await.expect("an answer");
        assert_eq!((got.status, got.json), (200, Some(serde_json::json!({ "a": 1 }))));
        let request = told.recv().await.expect("a request").to_lowercase();
        assert!(request.starts_with("get /x?y http/1.1\r\n"), "{request}");
        assert!(request.contains("\r\nauthorization: bearer t0ken\r\n"), "{request}");
        assert!(request.contains("\r\naccept: application/json\r\n"), "{request}");
        let broken = client(&[]).get_json(&uri, Some("Bearer a\r\nb: c")).await;
        assert_eq!(broken.map(|answer| answer.status), Err(Failure::Broken));
        assert!(told.try_recv().is_err(), "nothing was sent");
    }

    #[tokio::test]
    async fn a_form_is_answered_by_a_value_whatever_the_status() {
        let (uri, mut told) = saying(answer("400 No", "{\"error\":\"x\"}")).await;
        let got = client(&[]).post_for_json(&uri, Some("Basic eA=="), &[("a", "1 2")]).await;
        let got = got.expect("an answer");
        assert_eq!(got.status, 400);
        assert!(got.json.as_ref().is_some_and(|json| json["error"] == "x"));
        assert!(!format!("{got:?}").contains("error"), "{got:?}");
        let request = told.recv().await.expect("a request").to_lowercase();
        assert!(request.starts_with("post /x?y http/1.1\r\n"), "{request}");
        assert!(request.contains("\r\nauthorization: basic ea==\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\na=1+2"), "{request}");
    }

    #[tokio::test]
    async fn what_is_no_json_is_an_answer_without_a_value() {
        for body in ["", "<html>", "{\"a\":1} x", "\u{feff}{}", &"[".repeat(1_000)] {
            let (uri, _told) = saying(answer("200 OK", body)).await;
            let got = client(&[]).get_json(&uri, None).await.expect("an answer");
            assert!(got.json.is_none(), "{body}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let (there, mut told) = saying(answer("200 OK", "{}")).await;
        let (uri, _told) = saying(answer(&format!("302 Away\r\nLocation: {there}"), "")).await;
        let got = client(&[]).get_json(&uri, Some("Bearer t0ken")).await.expect("an answer");
        assert_eq!(got.status, 302);
        assert!(told.try_recv().is_err(), "nobody followed");
    }

    #[tokio::test]
    async fn no_more_is_read_than_the_limit() {
        let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
        let (uri, _told) = saying(answer("200 OK", &text(MOST_JSON))).await;
        assert!(client(&[]).get_json(&uri, None).await.is_ok_and(|got| got.json.is_some()));
        let (uri, _told) = saying(answer("200 OK", &text(MOST_JSON + 1))).await;
        let got = client(&[]).get_json(&uri, None).await;
        assert_eq!(got.map(|answer| answer.status), Err(Failure::TooLarge));
        // One that does not say how large it is.
        let endless = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", text(200_000));
        let (uri, _told) = saying(Box::leak(endless.into_boxed_str())).await;
        let got = client(&[]).post_for_json(&uri, None, &[]).await;
        assert_eq!(got.map(|answer| answer.status), Err(Failure::TooLarge));
    }

    #[tokio::test]
    async fn a_body_that_is_cut_short_is_no_answer() {
        let (uri, _told) = saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}").await;
        let got = client(&[]).get_json(&uri, None).await;
        assert_eq!(got.map(|answer| answer.status), Err(Failure::Broken));
    }
}
