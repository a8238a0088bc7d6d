//! OpenID providers that prove who somebody is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::files;
use super::table::Table;
use crate::domain::provider::{Algorithm, ClientKey, Credential, Issuer, MEMBERS, Provider, is_id};

/// How many seconds ago somebody may have signed in there, unless it is written.
const MAX_AGE: u32 = 300;
/// The longest text of a provider's, but for its secret: names, scopes, claims.
const MOST_CHARACTERS: usize = 255;

/// Reads every provider, and refuses an id that is declared twice. One that misses something is
/// reported and left out.
pub(super) fn read(tables: Vec<Table<'_>>) -> Vec<Provider> {
    let mut ids: Vec<String> = Vec::new();
    let mut providers = Vec::new();
    for (index, mut table) in tables.into_iter().enumerate() {
        table.belongs_to(format!(" of provider number {}", index + 1));
        let id = required(&mut table, "id", id);
        if let Some(id) = &id {
            table.belongs_to(format!(" of the provider `{id}`"));
            if ids.contains(id) {
                table.problem("`id` is declared twice; remove one of the two");
            }
            ids.push(id.clone());
        }
        providers.extend(one(id, table));
    }
    providers
}

fn one(id: Option<String>, mut table: Table<'_>) -> Option<Provider> {
    let name = table.parsed("name", words);
    let issuer = required(&mut table, "issuer", Issuer::parse);
    let client_id = required(&mut table, "client_id", visible);
    let credential = credential(&mut table);
    let scope = table.parsed("scope", scope).unwrap_or_else(|| "openid".to_owned());
    let acr_values = table.list("acr_values", visible).unwrap_or_default();
    let level = table.parsed("level", words).unwrap_or_else(|| "substantial".to_owned());
    let algorithms = table.list("id_token_signed_response_alg", Algorithm::parse);
    let algorithms = algorithms.unwrap_or_else(|| vec![Algorithm::Es256, Algorithm::Rs256]);
    if algorithms.is_empty() {
        table.problem("`id_token_signed_response_alg` is empty; leave it out, or name one");
    }
    let max_age = table.number("max_age", 0..=86_400).unwrap_or(MAX_AGE);
    let claims = claims(table.table("claims"), id.as_deref());
    table.finish();
    let (id, issuer, client_id) = (id?, issuer?, client_id?);
    let name = name.unwrap_or_else(|| id.clone());
    let credential = credential?;
    Some(Provider {
        id,
        name,
        issuer,
        client_id,
        credential,
        scope,
        acr_values,
        level,
        algorithms,
        claims,
        max_age,
    })
}

fn required<T, E: std::fmt::Display>(
    table: &mut Table<'_>,
    key: &'static str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    if !table.has(key) {
        table.problem(format!("`{key}` is missing"));
    }
    table.parsed(key, parse)
}

/// The one way to prove who we are. The provider chose the secret, so it may be of any length.
fn credential(table: &mut Table<'_>) -> Option<Credential> {
    const WAYS: [&str; 3] = ["client_secret", "client_secret_file", "private_key_file"];
    let written = WAYS.iter().filter(|way| table.has(way)).count();
    let has_key = table.has("private_key_file");
    if written != 1 {
        table.problem(
            "write exactly one of `client_secret`, `client_secret_file` and `private_key_file`",
        );
    }
    let kid = table.parsed("private_key_id", visible);
    if kid.is_some() && !has_key {
        table.problem("`private_key_id` is the name of a key, which needs `private_key_file`");
    }
    let inline = table.parsed("client_secret", secret);
    let secret = table.file("client_secret_file", |path| secret(&files::secret(path)?));
    let key = table.file("private_key_file", |path| {
        let pem = files::pem(path)?;
        let key = ClientKey::parse(&pem, kid.clone());
        key.map_err(|error| format!("{}: {error}; {}", path.display(), files::MAKE_A_CLIENT_KEY))
    });
    let secret = inline.or(secret).map(Credential::secret);
    secret.or(key.map(|key| Credential::Key(Arc::new(key))))
}

/// Our member → their claim.
fn claims(mut table: Table<'_>, id: Option<&str>) -> BTreeMap<String, String> {
    if let Some(id) = id {
        table.belongs_to(format!(" of the provider `{id}`"));
    }
    let mut claims = BTreeMap::new();
    for member in MEMBERS {
        if let Some(claim) = table.parsed(member, visible) {
            claims.insert(member.to_owned(), claim);
        }
    }
    table.finish();
    claims
}

fn id(text: &str) -> Result<String, String> {
    let good = is_id(text).then(|| text.to_owned());
    good.ok_or_else(|| format!("write 1 to 32 of a-z, 0-9 and -, not `{text}`"))
}

/// Text that people are shown.
fn words(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let good = (1..=80).contains(&text.chars().count()) && !text.contains(char::is_control);
    good.then(|| text.to_owned()).ok_or("write 1 to 80 characters")
}

/// Text that is sent: nothing in it is invisible or separates.
fn visible(text: &str) -> Result<String, &'static str> {
    let good = (1..=MOST_CHARACTERS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    good.then(|| text.to_owned()).ok_or("write 1 to 255 visible ASCII characters without spaces")
}

/// The value is a secret, so the error does not show it.
fn secret(text: &str) -> Result<String, String> {
    let good = !text.is_empty() && !text.contains(char::is_control);
    good.then(|| text.to_owned())
        .ok_or_else(|| "write the secret that the provider gave you, on one line".to_owned())
}

/// Without `openid` there is no id token.
fn scope(text: &str) -> Result<String, String> {
    let names: Vec<&str> = text.split(' ').collect();
    let is_good = names.iter().all(|name| visible(name).is_ok() && !name.contains(['"', '\\']));
    if !is_good {
        return Err("write names with one space between them, such as \"openid profile\"".into());
    }
    if !names.contains(&"openid") {
        return Err("`openid` must be one of them, such as in \"openid profile\"".into());
    }
    Ok(text.to_owned())
}
