//! The way back: what the browser brings to the redirect URI.

use super::{Oidc, SignIn, SignInError};

/// The parameters of an authorization response, each of them at most once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::demo) struct Answer {
    pub(in crate::demo) state: Option<String>,
    iss: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

impl Answer {
    /// Reads the query; a doubled parameter is nothing to guess about.
    pub(in crate::demo) fn read(query: &str) -> Option<Self> {
        let mut answer = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "state" => &mut answer.state,
                "iss" => &mut answer.iss,
                "code" => &mut answer.code,
                "error" => &mut answer.error,
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                return None;
            }
        }
        Some(answer)
    }

    /// The code, if this is an answer of the provider that was asked.
    pub(super) fn code(self, sign_in: &SignIn, issuer: &str) -> Result<String, SignInError> {
        if self.state.as_ref() != Some(&sign_in.state) {
            return Err(SignInError::NotBegun);
        }
        // RFC 9207: answers of another provider are for somebody else, errors too.
        if self.iss.as_deref() != Some(issuer) {
            return Err(SignInError::Unbelievable("the answer is of another provider"));
        }
        match (self.code, self.error) {
            (Some(code), None) => Ok(code),
            (_, Some(error)) => Err(SignInError::Denied(error)),
            (None, None) => Err(SignInError::Unbelievable("the answer has no code")),
        }
    }
}

impl Oidc {
    /// The code of an answer to this sign-in.
    pub(super) fn code(&self, answer: Answer, sign_in: &SignIn) -> Result<String, SignInError> {
        answer.code(sign_in, &self.provider.issuer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://accounts.example.org";

    fn code(query: &str) -> Result<String, SignInError> {
        Answer::read(query).expect("nothing doubled").code(&SignIn::sample("s"), ISSUER)
    }

    #[test]
    fn only_the_provider_that_was_asked_gives_a_code() {
        let iss = "iss=https%3A%2F%2Faccounts.example.org";
        assert_eq!(code(&format!("code=c&state=s&{iss}&more=1")), Ok("c".to_owned()));
        assert_eq!(code(&format!("code=c&state=t&{iss}")), Err(SignInError::NotBegun));
        assert_eq!(code(&format!("code=c&{iss}")), Err(SignInError::NotBegun));
        let denied = SignInError::Denied("access_denied".to_owned());
        assert_eq!(code(&format!("error=access_denied&state=s&{iss}")), Err(denied));
        for query in [
            "code=c&state=s",
            "code=c&state=s&iss=https%3A%2F%2Fevil.test",
            "error=access_denied&state=s&iss=https%3A%2F%2Faccounts.example.org%2F",
            &format!("state=s&{iss}"),
        ] {
            assert!(matches!(code(query), Err(SignInError::Unbelievable(_))), "{query}");
        }
    }

    #[test]
    fn doubled_parameters_are_not_read() {
        for query in ["code=a&code=b", "state=s&state=s", "iss=&iss=", "error=&error="] {
            assert_eq!(Answer::read(query), None, "{query}");
        }
    }
}
