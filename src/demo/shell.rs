//! What every page of every demo site has around it.

use crate::relying::Session;
use rocket::request::{FromRequest, Outcome, Request};
use rocket_dyn_templates::Template;
use serde::Serialize;
use serde_json::json;

/// What the pages of one site have in common.
#[derive(Clone, Serialize)]
pub(super) struct Shell {
    /// Shown at the top.
    pub(super) name: &'static str,
    pub(super) client_id: &'static str,
    /// Origins, without a slash at the end.
    pub(super) accounts: String,
    pub(super) origin: String,
    pub(super) wiki: String,
    pub(super) notes: String,
    pub(super) shop: String,
    pub(super) pay: String,
    pub(super) specs: String,
}

impl Shell {
    /// Renders a page for whoever is there.
    pub(super) fn page(
        &self,
        template: &'static str,
        person: Option<&Session>,
        here: &Here,
        page: impl Serialize,
    ) -> Template {
        self.page_for(template, person.map(name).as_deref(), here, page)
    }

    /// Renders a page for whoever is there, by the name that pages call them.
    pub(super) fn page_for(
        &self,
        template: &'static str,
        person: Option<&str>,
        here: &Here,
        page: impl Serialize,
    ) -> Template {
        let context = json!({ "site": self, "person": person, "here": here.0, "page": page });
        Template::render(template, context)
    }
}

/// How a person is called on pages: by full name, else by username.
pub(super) fn name(person: &Session) -> String {
    let names = [&person.full_name, &person.username];
    let name = names.into_iter().flatten().find(|name| !name.trim().is_empty());
    name.cloned().unwrap_or_else(|| "somebody".to_owned())
}

/// Path and query of the page that is asked for: where to come back to after sign-in.
pub(super) struct Here(pub(super) String);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Here {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self(request.uri().to_string()))
    }
}
