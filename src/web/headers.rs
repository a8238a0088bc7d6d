//! The headers of every answer, with the reason beside each. A route that needs others sets them
//! itself; this fairing fills in what was not said.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Header;
use rocket::request::Request;
use rocket::response::{self, Responder, Response};

use super::guard::popup::InPopup;
use super::oauth::AllowedOrigin;
use crate::domain::origin::Origin;

/// The policy of a page that nobody may frame. `form_targets` are other origins that the answer to
/// the page's form may redirect to.
#[must_use]
pub fn page_policy(form_targets: &[Origin]) -> String {
    let targets = form_targets.iter().fold(String::new(), |all, origin| all + " " + source(origin));
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         base-uri 'none'; form-action 'self'{targets}; frame-ancestors 'none'"
    )
}

/// An origin as a policy can say it. The grammar of host sources has no IPv6 addresses (CSP3
/// §2.3.1): a program that listens at `[::1]` is reached by the scheme alone.
fn source(origin: &Origin) -> &str {
    let (scheme, host) = origin.as_str().split_once("//").unwrap_or((origin.as_str(), ""));
    if host.starts_with('[') { scheme } else { origin.as_str() }
}

/// An answer that the pages of some client may frame; everything else may not be framed.
pub struct Framable<T> {
    /// The answer, with a Content-Security-Policy of its own.
    pub inner: T,
    /// The policy without its `frame-ancestors`.
    pub policy: String,
    /// Every page that may stand above it.
    pub ancestors: Vec<String>,
}

/// Left with a request whose answer is [`Framable`].
#[derive(Default)]
struct FramingAllowed(std::sync::atomic::AtomicBool);

impl<'r, T: Responder<'r, 'static>> Responder<'r, 'static> for Framable<T> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let response = self.inner.respond_to(request)?;
        request
            .local_cache(FramingAllowed::default)
            .0
            .store(true, std::sync::atomic::Ordering::Relaxed);
        let ancestors = self.ancestors.join(" ");
        let ancestors = if ancestors.is_empty() { "'none'".to_owned() } else { ancestors };
        Response::build_from(response)
            .header(Header::new(
                "Content-Security-Policy",
                format!("{}; frame-ancestors {ancestors}", self.policy),
            ))
            .ok()
    }
}

/// Sets what every answer carries.
pub struct Headers;

const PERMISSIONS: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), \
    publickey-credentials-get=()";

#[rocket::async_trait]
impl Fairing for Headers {
    fn info(&self) -> Info {
        Info { name: "headers", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        complete(response, request);
        for header in AllowedOrigin::headers(request) {
            response.adjoin_header(header);
        }
    }
}

/// Fills in what an answer does not say yet. The catchers call it too: the framework answers a
/// request that it cannot read (a method it does not know, say) without any fairing.
pub fn complete(response: &mut Response<'_>, request: &Request<'_>) {
    let framable = request.local_cache(FramingAllowed::default);
    let framable = framable.0.load(std::sync::atomic::Ordering::Relaxed);
    let mut default = |name: &'static str, value: &'static str| {
        if !response.headers().contains(name) {
            response.set_raw_header(name, value);
        }
    };
    // Two years of https only; browsers ignore it on plain http.
    default("Strict-Transport-Security", "max-age=63072000; includeSubDomains");
    default("X-Content-Type-Options", "nosniff");
    // Not `no-referrer`: with it browsers send `Origin: null` even with our own forms.
    default("Referrer-Policy", "strict-origin-when-cross-origin");
    default("Permissions-Policy", PERMISSIONS);
    // Nobody may read our answers into another process, unless a route says so.
    default("Cross-Origin-Resource-Policy", "same-origin");
    // Answers are about a person or about a moment.
    default("Cache-Control", "no-store");
    default(
        "Content-Security-Policy",
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    if InPopup::is_answered(request) {
        // The window that a page of a client has opened stays in its hand all the way, or the two
        // could not speak to each other any more.
        default("Cross-Origin-Opener-Policy", "unsafe-none");
    }
    if !framable {
        default("X-Frame-Options", "DENY");
        // A page that opens one of ours, or is opened by it, gets no hold of its window: not of a
        // script or a picture either, or it could see by that where a redirect has led.
        default("Cross-Origin-Opener-Policy", "same-origin");
    }
    response.remove_header("Server");
}
