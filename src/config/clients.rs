//! Clients declared in the configuration.

use super::table::Table;
use super::{DeclaredClient, files};
use crate::domain::client::Registration;
use crate::domain::origin::{Embedder, Origin};
use crate::domain::scope::Scope;
use crate::domain::secret::SecretHash;

/// The fewest characters of a declared secret: 32 bytes in base64 have as many.
const SHORTEST_SECRET: usize = 43;

/// Reads every client, and refuses an id that is declared twice.
pub(super) fn read(tables: Vec<Table<'_>>) -> Vec<DeclaredClient> {
    let mut clients: Vec<DeclaredClient> = Vec::new();
    for (index, mut table) in tables.into_iter().enumerate() {
        table.belongs_to(format!(" of client number {}", index + 1));
        if !table.has("client_id") {
            table.problem("`client_id` is missing");
        }
        let id = table.text("client_id").unwrap_or_default();
        if !id.is_empty() {
            table.belongs_to(format!(" of the client `{id}`"));
        }
        if !id.is_empty() && clients.iter().any(|other| other.registration.client_id == id) {
            table.problem("`client_id` is declared twice; remove one of the two");
        }
        clients.push(one(id, table));
    }
    clients
}

fn one(id: String, mut table: Table<'_>) -> DeclaredClient {
    let is_named = !id.is_empty();
    let registration = registration(id, &mut table);
    if is_named && let Err(error) = registration.check() {
        table.problem(error);
    }
    let secret_hash = secret_hash(&registration, &mut table);
    table.finish();
    DeclaredClient { registration, secret_hash }
}

fn registration(client_id: String, table: &mut Table<'_>) -> Registration {
    let default = Registration::default();
    let embedder = |text: &str| Embedder::try_from(text.to_owned());
    let text = |text: &str| Ok::<_, String>(text.to_owned());
    Registration {
        client_name: table.text("client_name").unwrap_or_else(|| client_id.clone()),
        origins: table.list("origins", Origin::parse).unwrap_or_default(),
        embedders: table.list("embedders", embedder).unwrap_or_default(),
        return_uris: table.list("return_uris", text).unwrap_or_default(),
        redirect_uris: table.list("redirect_uris", text).unwrap_or_default(),
        post_logout_redirect_uris: table
            .list("post_logout_redirect_uris", text)
            .unwrap_or_default(),
        backchannel_logout_uri: table.text("backchannel_logout_uri"),
        grant_types: table.list("grant_types", text).unwrap_or(default.grant_types),
        response_modes: table.list("response_modes", text).unwrap_or(default.response_modes),
        token_endpoint_auth_method: table
            .text("token_endpoint_auth_method")
            .unwrap_or(default.token_endpoint_auth_method),
        id_token_signed_response_alg: table
            .text("id_token_signed_response_alg")
            .unwrap_or(default.id_token_signed_response_alg),
        subject_type: table.text("subject_type"),
        scope: table.parsed("scope", Scope::parse).unwrap_or_default(),
        audiences: table.list("audiences", text).unwrap_or_default(),
        first_party: table.flag("first_party").unwrap_or(default.first_party),
        contacts: table.list("contacts", text).unwrap_or_default(),
        require_nonce: table.flag("require_nonce").unwrap_or(default.require_nonce),
        client_id,
    }
}

/// The hash of the one secret that a client which is not public must have.
fn secret_hash(registration: &Registration, table: &mut Table<'_>) -> Option<String> {
    let is_written = table.has("client_secret") || table.has("client_secret_file");
    let both = table.has("client_secret") && table.has("client_secret_file");
    let inline = table.text("client_secret");
    let secret = table.file("client_secret_file", files::secret).or(inline);
    if both {
        table.problem("write `client_secret` or `client_secret_file`, not both");
    }
    if registration.is_public() {
        if is_written {
            let what = "a public client (`token_endpoint_auth_method = \"none\"`) has no secret";
            table.problem(format!("{what}; remove it"));
        }
        return None;
    }
    match secret {
        Some(secret) if secret.chars().count() >= SHORTEST_SECRET => {
            Some(SecretHash::of(secret.as_bytes()).as_str().to_owned())
        }
        Some(_) => {
            let what = format!("the secret is shorter than {SHORTEST_SECRET} characters");
            table.problem(format!("{what}; make one with `openssl rand -hex 32`"));
            None
        }
        None if is_written => None,
        None => {
            table.problem(
                "write `client_secret` or `client_secret_file` (`openssl rand -hex 32` makes \
                 one), or `token_endpoint_auth_method = \"none\"` for a client that lives in \
                 browsers only",
            );
            None
        }
    }
}
