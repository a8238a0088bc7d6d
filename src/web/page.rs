//! Pages for people: a template, who is looking at it, and the headers that go with it.

use rocket::http::{Header, Status};
use rocket::request::Request;
use rocket::response::{self, Responder, Response};
use rocket_dyn_templates::Template;
use serde::Serialize;

use super::app::App;
use super::error::Problem;
use super::guard::visitor::Onlooker;
use super::headers::page_policy;
use super::request_id::RequestId;
use crate::config::Brand;
use crate::domain::account::Account;
use crate::domain::origin::Origin;

/// A template with the values its own part needs.
pub struct Page<T> {
    template: &'static str,
    status: Status,
    values: T,
    form_targets: Vec<Origin>,
    calls_us: bool,
    leads_anywhere: bool,
    headers: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
struct Context<'a, T> {
    brand: BrandContext<'a>,
    mark: Option<String>,
    person: Option<PersonContext<'a>>,
    request_id: String,
    page: &'a T,
}

/// What pages show of the site itself.
#[derive(Serialize)]
pub(super) struct BrandContext<'a> {
    name: &'a str,
    logo: Option<&'static str>,
    accent: Option<&'a str>,
}

impl<'a> From<&'a Brand> for BrandContext<'a> {
    fn from(brand: &'a Brand) -> Self {
        let logo = brand.logo.as_ref().map(|_| "/brand/logo");
        Self { name: &brand.name, logo, accent: brand.accent.as_deref() }
    }
}

#[derive(Serialize)]
struct PersonContext<'a> {
    username: &'a str,
    full_name: &'a str,
    email: &'a str,
}

impl<'a> From<&'a Account> for PersonContext<'a> {
    fn from(account: &'a Account) -> Self {
        Self { username: &account.username, full_name: &account.full_name, email: &account.email }
    }
}

impl<T> Page<T> {
    /// A page with status 200.
    pub fn new(template: &'static str, values: T) -> Self {
        let (form_targets, headers) = (Vec::new(), Vec::new());
        let (status, calls_us, leads_anywhere) = (Status::Ok, false, false);
        Self { template, status, values, form_targets, calls_us, leads_anywhere, headers }
    }

    /// The same page with another status.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// The same page as the answer to a problem that passes: with its status, and when to come back.
    #[must_use]
    pub fn because_of(self, problem: &Problem) -> Self {
        let page = self.with_status(problem.status());
        match problem.retry_after() {
            Some(seconds) => page.with_header("Retry-After", seconds),
            None => page,
        }
    }

    /// Lets the answer to the page's form redirect to other origins: browsers hold `form-action`
    /// against every redirect that follows a form.
    #[must_use]
    pub fn with_form_targets(mut self, origins: &[Origin]) -> Self {
        self.form_targets = origins.to_vec();
        self
    }

    /// Lets the answer to the page's form redirect to whatever is on https: who is sent to another
    /// provider may be sent on from there, and nobody knows where to.
    #[must_use]
    pub fn with_forms_to_anywhere(mut self) -> Self {
        self.leads_anywhere = true;
        self
    }

    /// Lets scripts of the page call this server.
    #[must_use]
    pub fn with_calls(mut self) -> Self {
        self.calls_us = true;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl<'r, T: Serialize> Responder<'r, 'static> for Page<T> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let app = request.rocket().state::<App>().ok_or(Status::InternalServerError)?;
        let onlooker = Onlooker::of(request);
        let context = Context {
            brand: (&app.brand).into(),
            mark: onlooker.mark(),
            person: match &onlooker {
                Onlooker::Person(who) => Some((&who.account).into()),
                _ => None,
            },
            request_id: RequestId::of(request).to_string(),
            page: &self.values,
        };
        let body = Template::render(self.template, &context).respond_to(request)?;
        let mut response = Response::build_from(body);
        let calls = if self.calls_us { "; connect-src 'self'" } else { "" };
        let mut policy = page_policy(&self.form_targets) + calls;
        if self.leads_anywhere {
            policy = policy.replace("form-action 'self'", "form-action 'self' https:");
        }
        response.status(self.status).header(Header::new("Content-Security-Policy", policy));
        for (name, value) in self.headers {
            response.header(Header::new(name, value));
        }
        response.ok()
    }
}
