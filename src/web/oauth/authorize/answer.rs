//! How the client is answered: by a redirect, or by a form that submits itself.

use rocket::http::{Header, Status};
use rocket::request::Request;
use rocket::response::{self, Builder, Responder, Response};
use serde::Serialize;

use crate::domain::client::Registration;
use crate::domain::origin::Origin;
use crate::web::guard::fetch_metadata::is_framed;
use crate::web::page::Page;

/// The context of `form_post.html`.
#[derive(Serialize)]
pub struct FormPost {
    action: String,
    client_name: String,
    fields: Vec<(&'static str, String)>,
}

/// An answer to the browser.
pub enum Answer {
    /// 303 to this address.
    SeeOther(String),
    /// The same; but a browser that has kept its cookies from this frame, and need not, asks again
    /// with them, by this value of `Activate-Storage-Access`.
    Retry(String, String),
    /// OAuth 2.0 Form Post Response Mode.
    FormPost(Box<Page<FormPost>>),
}

impl Answer {
    /// The answer to a client in one of its response modes. Parameters without a value are left
    /// out.
    pub fn to_client(
        mode: &str,
        redirect_uri: &str,
        client: &Registration,
        parameters: Vec<(&'static str, String)>,
    ) -> Self {
        let fields: Vec<_> =
            parameters.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        if mode == "form_post" {
            // Browsers hold `form-action` against where the client redirects to as well.
            let own = client.origins.iter().cloned();
            let targets: Vec<Origin> =
                Origin::of_uri(redirect_uri).into_iter().chain(own).collect();
            let client_name = client.client_name.clone();
            let page = FormPost { action: redirect_uri.to_owned(), client_name, fields };
            let page = Page::new("form_post.html", page).with_form_targets(&targets);
            return Self::FormPost(Box::new(page));
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(fields).finish();
        let separator = match mode {
            "fragment" => '#',
            _ if redirect_uri.contains('?') => '&',
            _ => '?',
        };
        Self::SeeOther(format!("{redirect_uri}{separator}{query}"))
    }

    /// The same answer for a frame that may ask again with its cookies.
    #[must_use]
    pub fn with_retry(self, activate: Option<String>) -> Self {
        match (self, activate) {
            (Self::SeeOther(address), Some(activate)) => Self::Retry(address, activate),
            (answer, _) => answer,
        }
    }
}

/// What it says depends on these beside the cookies.
const VARY: &str = "Sec-Fetch-Dest, Sec-Fetch-Storage-Access, Origin";

fn see_other(request: &Request<'_>, address: String) -> Builder<'static> {
    let mut response = Response::build();
    response.status(Status::SeeOther).header(Header::new("Location", address));
    response.header(Header::new("Vary", VARY));
    if is_framed(request.headers()) {
        // In a page with COEP browsers hold every step of a frame's navigation to this. What is
        // asked for in another way, as a picture say, stays closed.
        response.header(Header::new("Cross-Origin-Resource-Policy", "cross-origin"));
    }
    response
}

impl<'r> Responder<'r, 'static> for Answer {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            Self::SeeOther(address) => see_other(request, address).ok(),
            Self::Retry(address, activate) => see_other(request, address)
                .header(Header::new("Activate-Storage-Access", activate))
                .ok(),
            Self::FormPost(page) => page.respond_to(request),
        }
    }
}
