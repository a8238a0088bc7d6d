//! The requests to an OpenID provider, byte for byte: the peer gets the same.

use super::Result;
use super::http::Answer;
use super::known::{Client, PAY, REDIRECT_URI, SHOP};
use super::requests::{get, post};

/// The verifier and its S256 challenge of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

pub fn discovery() -> Vec<u8> {
    get("/.well-known/openid-configuration", "")
}

pub fn jwks() -> Vec<u8> {
    get("/oauth/jwks", "")
}

pub fn userinfo(token: &str) -> Vec<u8> {
    get("/oauth/userinfo", &format!("Authorization: Bearer {token}\r\n"))
}

/// A client, or a resource server, asks what a token is worth.
pub fn introspect(client: &Client, token: &str) -> Vec<u8> {
    form(client, "/oauth/introspect", &[("token", token)])
}

/// A page of the shop asks silently for a code; `cookie` is the header's value.
pub fn authorize(cookie: &str) -> Vec<u8> {
    let query = pairs(&[
        ("client_id", SHOP.id),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("state", "af0ifjsldkj"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("prompt", "none"),
    ]);
    let headers = format!(
        "Accept: text/html\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: iframe\r\n\
         Cookie: {cookie}\r\n"
    );
    get(&format!("/oauth/authorize?{query}"), &headers)
}

/// The code in the answer to [`authorize`].
pub fn code<'a>(answer: &'a Answer<'_>) -> Result<&'a str> {
    let location = answer.headers("Location").next().ok_or("it leads nowhere")?;
    let query = location.split_once('?').map_or("", |(_, query)| query);
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code="));
    code.ok_or_else(|| format!("no code in {location}").into())
}

/// The shop's backend redeems one.
pub fn redeem(code: &str) -> Vec<u8> {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    form(&SHOP, "/oauth/token", &pairs)
}

pub fn credentials() -> Vec<u8> {
    let pairs = [("grant_type", "client_credentials"), ("scope", "payments")];
    form(&SHOP, "/oauth/token", &pairs)
}

/// The shop makes a token with which payments can be made at pay, and nothing else.
pub fn narrow(token: &str) -> Vec<u8> {
    let pairs = [
        ("grant_type", EXCHANGE),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
        ("scope", "payments"),
        ("audience", PAY.id),
    ];
    form(&SHOP, "/oauth/token", &pairs)
}

fn form(client: &Client, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let headers = format!("Authorization: {}\r\n", client.basic());
    post(path, "application/x-www-form-urlencoded", &headers, &pairs(fields))
}

fn pairs(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
