//! What an authorization request asks for, parsed parameter by parameter.

use crate::domain::audience::{Audience, is_resource};
use crate::domain::client::Registration;
use crate::domain::flow;
use crate::domain::pkce;
use crate::domain::scope::Scope;
use crate::web::body::Fields;
use crate::web::error::Problem;

/// The longest `state` and `nonce`, in bytes.
const LONGEST: usize = 2_048;
/// The longest `login_hint` that is shown, in characters.
const LONGEST_HINT: usize = 320;

/// Why a request is not answered with a code: what the client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// An error code of RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6 or RFC 8707 §2.
    pub error: &'static str,
    /// One sentence for the client's developer.
    pub text: String,
}

impl Refusal {
    pub fn new(error: &'static str, text: impl Into<String>) -> Self {
        Self { error, text: text.into() }
    }

    /// As the client is told.
    pub fn parameters(self) -> Vec<(&'static str, String)> {
        vec![("error", self.error.to_owned()), ("error_description", self.text)]
    }
}

/// A parameter that is doubled or in no good encoding.
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::new("invalid_request", problem.text())
    }
}

/// What the person is to be asked, whatever is known already.
#[expect(clippy::struct_excessive_bools, reason = "the four words that the specification has")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    pub none: bool,
    pub login: bool,
    pub consent: bool,
    pub select_account: bool,
}

impl Prompt {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let mut prompt = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            match word {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                _ => {
                    let text = "`prompt` is none, or some of login, consent, select_account.";
                    return Err(Refusal::new("invalid_request", text));
                }
            }
        }
        if prompt.none && prompt != (Self { none: true, ..Self::default() }) {
            return Err(Refusal::new("invalid_request", "`prompt=none` stands alone."));
        }
        Ok(prompt)
    }

    /// As it is written in a request.
    pub fn words(self) -> String {
        let words = [
            (self.none, "none"),
            (self.login, "login"),
            (self.consent, "consent"),
            (self.select_account, "select_account"),
        ];
        let words: Vec<&str> = words.iter().filter(|(is_on, _)| *is_on).map(|(_, w)| *w).collect();
        words.join(" ")
    }
}

/// A request that is well-formed and within the client's registration.
#[derive(Clone, Debug)]
pub struct Asked {
    pub client_id: String,
    pub redirect_uri: String,
    pub response_mode: String,
    pub scope: Scope,
    pub audience: Audience,
    pub state: String,
    pub nonce: String,
    pub code_challenge: String,
    pub prompt: Prompt,
    /// Seconds.
    pub max_age: Option<i64>,
    pub login_hint: String,
    pub id_token_hint: String,
    /// The person must have signed in at this instant or later. Our own: it takes the place of
    /// `prompt=login` and `max_age` on the way through the sign-in page.
    pub since: Option<i64>,
    /// The person said no on our consent page.
    pub is_denied: bool,
    /// The flow that the answer goes into. Our own: its page leads here.
    pub flow: Option<String>,
}

impl Asked {
    /// Everything but the client and its redirect URI, which were looked at before.
    pub fn parse(
        fields: &Fields,
        client: &Registration,
        redirect_uri: String,
    ) -> Result<Self, Refusal> {
        refuse_what_is_not_supported(fields)?;
        check_response_type(&fields.text("response_type")?)?;
        let prompt = Prompt::parse(&fields.text("prompt")?)?;
        let response_mode = response_mode(fields, client)?;
        if prompt.none && response_mode == "form_post" {
            let text = "`prompt=none` is answered by a redirect: ask for another response mode.";
            return Err(Refusal::new("invalid_request", text));
        }
        let login_hint = fields.text("login_hint")?;
        Ok(Self {
            client_id: client.client_id.clone(),
            redirect_uri,
            response_mode,
            scope: scope(&fields.text("scope")?, client)?,
            audience: audience(fields, client)?,
            state: short(fields, "state")?,
            nonce: short(fields, "nonce")?,
            code_challenge: code_challenge(fields, client)?,
            prompt,
            max_age: seconds(fields, "max_age")?,
            login_hint: login_hint.chars().take(LONGEST_HINT).collect(),
            id_token_hint: fields.text("id_token_hint")?,
            since: seconds(fields, "vestibule_since")?,
            is_denied: fields.is_on("vestibule_denied")?,
            flow: flow_of(fields)?,
        })
    }

    /// The request as a path of ours, to come back to.
    pub fn path(&self) -> String {
        format!("/oauth/authorize?{}", self.query())
    }

    /// The request as its client made it, to begin with later: form-encoded, without what our own
    /// pages add.
    pub fn beginning(&self) -> String {
        let (since, is_denied, flow) = (None, false, None);
        let begun = Self { since, is_denied, flow, ..self.clone() }.query();
        let hint = [("login_hint", self.login_hint.as_str())];
        let hint = hint.iter().filter(|(_, value)| !value.is_empty());
        let mut query = url::form_urlencoded::Serializer::new(begun);
        query.extend_pairs(hint).finish()
    }

    /// Whether it asks for the same as another, however far either has come on the way through our
    /// pages.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let core = |asked: &Self| {
            let (prompt, max_age, since) = (Prompt::default(), None, None);
            Self { prompt, max_age, since, flow: None, ..asked.clone() }.query()
        };
        self.prompt.none == other.prompt.none && core(self) == core(other)
    }

    fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let since = self.since.map(|since| since.to_string()).unwrap_or_default();
        let max_age = self.max_age.map(|seconds| seconds.to_string()).unwrap_or_default();
        let method = if self.code_challenge.is_empty() { "" } else { "S256" };
        let (prompt, scope) = (self.prompt.words(), self.scope.to_string());
        let pairs = [
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", &self.redirect_uri),
            ("response_type", "code"),
            ("response_mode", &self.response_mode),
            ("scope", &scope),
            ("state", &self.state),
            ("nonce", &self.nonce),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", method),
            ("prompt", &prompt),
            ("max_age", &max_age),
            ("id_token_hint", &self.id_token_hint),
            ("vestibule_since", &since),
            ("vestibule_flow", self.flow.as_deref().unwrap_or_default()),
        ];
        query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
        query.extend_pairs(self.audience.names().map(|name| ("resource", name)));
        query.finish()
    }
}

/// The flow that the answer to a request goes into.
pub fn flow_of(fields: &Fields) -> Result<Option<String>, Refusal> {
    match fields.text("vestibule_flow")? {
        text if text.is_empty() => Ok(None),
        text if flow::is_id(&text) => Ok(Some(text)),
        _ => Err(Refusal::new("invalid_request", "`vestibule_flow` is no flow of ours.")),
    }
}

fn refuse_what_is_not_supported(fields: &Fields) -> Result<(), Refusal> {
    let refused = [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
        ("claims", "invalid_request"),
    ];
    for (name, error) in refused {
        if !fields.text(name)?.is_empty() {
            return Err(Refusal::new(error, format!("`{name}` is not supported here.")));
        }
    }
    Ok(())
}

fn check_response_type(text: &str) -> Result<(), Refusal> {
    match text {
        "code" => Ok(()),
        "" => Err(Refusal::new("invalid_request", "`response_type` is missing; write code.")),
        _ => {
            let text = "`response_type` is code: tokens are given at the token endpoint only.";
            Err(Refusal::new("unsupported_response_type", text))
        }
    }
}

fn response_mode(fields: &Fields, client: &Registration) -> Result<String, Refusal> {
    let asked = fields.text("response_mode")?;
    if asked.is_empty() {
        return Ok(default_mode(client).to_owned());
    }
    let is_registered = client.response_modes.contains(&asked) && asked != "web_message";
    is_registered.then_some(asked).ok_or_else(|| {
        Refusal::new("invalid_request", "This `response_mode` is not registered for the client.")
    })
}

/// The first mode that is registered, of those that there are.
fn default_mode(client: &Registration) -> &str {
    let known = |mode: &&str| ["query", "fragment", "form_post"].contains(mode);
    client.response_modes.iter().map(String::as_str).find(known).unwrap_or("query")
}

/// The mode in which a refused request is answered: the one asked for if it can be, else the
/// client's own. What is to be silent is answered by a redirect in any case.
pub fn mode_of_refusal(fields: &Fields, client: &Registration) -> String {
    let mode = response_mode(fields, client).unwrap_or_else(|_| default_mode(client).to_owned());
    let is_silent =
        fields.text("prompt").is_ok_and(|prompt| prompt.split(' ').any(|w| w == "none"));
    if is_silent && mode == "form_post" { "query".to_owned() } else { mode }
}

fn scope(text: &str, client: &Registration) -> Result<Scope, Refusal> {
    let refused = |text: &str| Refusal::new("invalid_scope", text);
    let scope = Scope::parse(text)
        .map_err(|_| refused("`scope` is names of printable ASCII with spaces between them."))?;
    if scope.is_empty() {
        return Err(refused("`scope` is missing; write openid, and what else you need."));
    }
    if !client.scope.implies(&scope) {
        return Err(refused("The client is not registered for all of this `scope`."));
    }
    Ok(scope)
}

fn audience(fields: &Fields, client: &Registration) -> Result<Audience, Refusal> {
    let resources = fields.all("resource")?;
    let is_good = resources.iter().all(|resource| is_resource(resource));
    let audience = Audience::of(resources);
    if is_good && audience.is_registered_for(client) {
        return Ok(audience);
    }
    let text = "`resource` is an absolute URI without a fragment, registered in `audiences`.";
    Err(Refusal::new("invalid_target", text))
}

/// RFC 7636 §4.3, with S256 only.
fn code_challenge(fields: &Fields, client: &Registration) -> Result<String, Refusal> {
    let (challenge, method) =
        (fields.text("code_challenge")?, fields.text("code_challenge_method")?);
    let refused = |text: &str| Err(Refusal::new("invalid_request", text));
    if challenge.is_empty() {
        if client.is_public() || !method.is_empty() {
            return refused("`code_challenge` is missing; make one with S256.");
        }
        return Ok(challenge);
    }
    if method != "S256" {
        return refused("`code_challenge_method` is S256.");
    }
    if !pkce::is_challenge(&challenge) {
        return refused("`code_challenge` is 43 characters: a SHA-256 in base64url.");
    }
    Ok(challenge)
}

fn short(fields: &Fields, name: &'static str) -> Result<String, Refusal> {
    let text = fields.text(name)?;
    if text.len() > LONGEST {
        let text = format!("`{name}` is longer than {LONGEST} bytes.");
        return Err(Refusal::new("invalid_request", text));
    }
    Ok(text)
}

fn seconds(fields: &Fields, name: &'static str) -> Result<Option<i64>, Refusal> {
    let text = fields.text(name)?;
    if text.is_empty() {
        return Ok(None);
    }
    let is_number = text.len() <= 15 && text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_number);
    number.map(Some).ok_or_else(|| {
        Refusal::new("invalid_request", format!("`{name}` is a whole number, not negative."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn parse(query: &str) -> Result<Asked, Refusal> {
        let client = Registration::named("wiki", "https://wiki.example.org");
        Asked::parse(&Fields::parse(query), &client, "https://wiki.example.org/cb?a=1".into())
    }

    #[test]
    fn a_request_survives_the_way_through_the_sign_in_page() {
        let query = format!(
            "response_type=code&scope=openid+profile&state=a%26b%3D%C3%A9&nonce=n&max_age=7&\
             prompt=login+consent&code_challenge={CHALLENGE}&code_challenge_method=S256"
        );
        let asked = parse(&query).expect("a good request");
        let path = asked.path();
        let again = parse(path.split_once('?').expect("a query").1).expect("a good request");
        assert_eq!(again.path(), path);
        assert_eq!((again.state.as_str(), again.max_age), ("a&b=é", Some(7)));
        assert_eq!(again.prompt.words(), "login consent");
        assert_eq!(again.code_challenge, CHALLENGE);
    }

    #[test]
    fn a_request_is_the_same_however_far_it_has_come() {
        let query = format!(
            "response_type=code&scope=openid&state=s&max_age=7&prompt=login&login_hint=alice&\
             code_challenge={CHALLENGE}&code_challenge_method=S256"
        );
        let begun = parse(&query).expect("a good request");
        let again = parse(&begun.beginning()).expect("a good request");
        assert_eq!((again.login_hint.as_str(), again.prompt.words().as_str()), ("alice", "login"));
        assert_eq!(again.beginning(), begun.beginning());
        let mut later = Asked { since: Some(9), max_age: None, ..begun.clone() };
        (later.prompt.login, later.flow) = (false, Some("ab".repeat(32)));
        assert!(parse(&later.query()).expect("a good request").is_same_as(&begun));
        assert!(!later.beginning().contains("vestibule_"));
        for (from, to) in
            [("state=s", "state=t"), ("openid", "profile"), (CHALLENGE, &"A".repeat(43))]
        {
            let other = parse(&query.replace(from, to)).expect("a good request");
            assert!(!other.is_same_as(&begun), "{to}");
        }
        let silent = parse(&query.replace("=login&", "=none&")).expect("a good request");
        assert!(!silent.is_same_as(&begun));
    }

    proptest! {
        #[test]
        fn nothing_panics(query in "[a-z_=&%+0-9é]{0,200}", prompt in "\\PC{0,40}") {
            let _ = parse(&query);
            let _ = Prompt::parse(&prompt);
        }
    }
}
