//! Every key of a registration as a flag.

use clap::{ArgAction, Args};

use crate::domain::client::Registration;
use crate::domain::origin::{Embedder, Origin, OriginError};
use crate::domain::scope::Scope;

pub(super) const ABOUT: &str = "\
Registers a client: a site that may ask who is signed in. Flags are named like the keys of a client \
in the configuration; those for lists can be given several times.

Its secret is made here, shown once and stored as a hash only. A client that lives in browsers \
only (--public) has none.

Origins are written exactly as browsers send them, without a slash at the end; plain http is for \
loopback addresses and *.localhost.";

const EXAMPLES: &str = "\
Examples:
  A sibling site with a backend:
    vestibule client add --client-id wiki --client-name Wiki --origin https://wiki.example.org \\
        --return-uri https://wiki.example.org/sso/return --scope \"openid profile\" --first-party

  An annotator that the wiki and a foreign site may frame:
    vestibule client add --client-id notes --origin https://notes.example.org \\
        --embedder https://wiki.example.org --embedder https://specs.example.net \\
        --scope \"openid profile\" --first-party";

/// What `client add` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Flags {
    /// 1 to 64 letters, digits, dots, hyphens and underscores
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// The name people know; the id when it is left out
    #[arg(long, value_name = "NAME")]
    client_name: Option<String>,
    /// An origin of its own pages: only these get answers from the bridge
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = Origin::parse)]
    origins: Vec<Origin>,
    /// An origin whose pages may frame the client's own frames, or `https:` for any page
    #[arg(long = "embedder", value_name = "ORIGIN", value_parser = embedder)]
    embedders: Vec<Embedder>,
    /// Where a person may be sent back to after signing in, exactly
    #[arg(long = "return-uri", value_name = "URI")]
    return_uris: Vec<String>,
    /// Where OpenID answers may be sent, exactly
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where a person may be sent after signing out, exactly
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// Where the client's backend hears of a sign-out
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<String>,
    /// An OAuth grant type [default: `authorization_code`]
    #[arg(long = "grant-type", value_name = "TYPE")]
    grant_types: Vec<String>,
    /// An OpenID response mode; the first is its default [default: query]
    #[arg(long = "response-mode", value_name = "MODE")]
    response_modes: Vec<String>,
    /// How its backend proves who it is: `client_secret_basic`, `client_secret_post` or none
    #[arg(long, value_name = "METHOD", default_value = "client_secret_basic")]
    token_endpoint_auth_method: String,
    /// It lives in browsers only and has no secret: the method none
    #[arg(long, conflicts_with = "token_endpoint_auth_method")]
    public: bool,
    /// `RS256`, `ES256` or `EdDSA`
    #[arg(long, value_name = "ALG", default_value = "ES256")]
    id_token_signed_response_alg: String,
    /// `public` or `pairwise` [default: public with --first-party, else pairwise]
    #[arg(long, value_name = "TYPE")]
    subject_type: Option<String>,
    /// What it may learn and do, such as "openid profile email"
    #[arg(long, value_name = "SCOPE", default_value = "", hide_default_value = true,
          value_parser = Scope::parse)]
    scope: Scope,
    /// A client or resource that it may aim tokens at
    #[arg(long = "audience", value_name = "AUDIENCE")]
    audiences: Vec<String>,
    /// It belongs to the organisation: people are not asked for consent
    #[arg(long)]
    first_party: bool,
    /// Whether its bridge mints only for a nonce
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set)]
    require_nonce: bool,
    /// Who looks after it, by username or e-mail address: may open its check on the site
    #[arg(long = "contact", value_name = "ACCOUNT")]
    contacts: Vec<String>,
}

impl Flags {
    pub(super) fn registration(self) -> Registration {
        let default = Registration::default();
        let or = |given: Vec<String>, default| if given.is_empty() { default } else { given };
        let method = if self.public { "none".to_owned() } else { self.token_endpoint_auth_method };
        Registration {
            client_name: self.client_name.unwrap_or_else(|| self.client_id.clone()),
            client_id: self.client_id,
            origins: self.origins,
            embedders: self.embedders,
            return_uris: self.return_uris,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            backchannel_logout_uri: self.backchannel_logout_uri,
            grant_types: or(self.grant_types, default.grant_types),
            response_modes: or(self.response_modes, default.response_modes),
            token_endpoint_auth_method: method,
            id_token_signed_response_alg: self.id_token_signed_response_alg,
            subject_type: self.subject_type,
            scope: self.scope,
            audiences: self.audiences,
            first_party: self.first_party,
            require_nonce: self.require_nonce,
            contacts: self.contacts,
        }
    }
}

fn embedder(text: &str) -> Result<Embedder, OriginError> {
    Embedder::try_from(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::client::KEYS;
    use clap::Command;

    #[test]
    fn every_key_of_a_registration_is_a_flag() {
        let command = Flags::augment_args(Command::new("add"));
        let flags: Vec<&str> = command.get_arguments().map(|flag| flag.get_id().as_str()).collect();
        let missing: Vec<_> = KEYS.iter().filter(|key| !flags.contains(key)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
