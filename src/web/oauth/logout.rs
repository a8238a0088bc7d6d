//! `/oauth/logout`: a site sends a person here to sign out (OpenID Connect RP-Initiated Logout 1.0).

use rocket::http::CookieJar;
use rocket::response::Redirect;
use rocket::{State, get, post};

use super::id_token_hint::{Hint, hint};
use crate::domain::client::Client;
use crate::web::app::App;
use crate::web::body::{Fields, Form, Query};
use crate::web::cookies;
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::Unframed;
use crate::web::guard::visitor::Visitor;

#[get("/oauth/logout")]
pub(super) async fn get(
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    jar: &CookieJar<'_>,
    query: Query,
) -> Result<Redirect, Problem> {
    leave(app, visitor, jar, &query.0).await
}

/// As `GET`: it does nothing by the cookie alone, wherever the form comes from. A form from another
/// site comes without the cookie, so it is looked at again as a link.
#[post("/oauth/logout", data = "<form>")]
pub(super) async fn post(
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    jar: &CookieJar<'_>,
    form: Form,
) -> Result<Redirect, Problem> {
    if visitor.cookies.session.is_some() {
        return leave(app, visitor, jar, &form.0).await;
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in ["client_id", "id_token_hint", "post_logout_redirect_uri", "state"] {
        query.append_pair(name, &form.0.text(name)?);
    }
    Ok(Redirect::to(format!("{}/oauth/logout?{}", app.issuer, query.finish())))
}

/// Where a client may have a person sent to afterwards.
struct Afterwards {
    client: Client,
    uri: String,
    state: String,
}

async fn leave(
    app: &App,
    visitor: Visitor,
    jar: &CookieJar<'_>,
    fields: &Fields,
) -> Result<Redirect, Problem> {
    let named = fields.text("client_id")?;
    // A hint that cannot be believed opens nothing: the person is asked.
    let hint = hint(app, &fields.text("id_token_hint")?, &named).await?;
    let afterwards = afterwards(app, &hint, named, fields).await?;
    let Some(who) = visitor.signed_in else {
        let address = afterwards
            .as_ref()
            .map_or_else(|| format!("{}/signin", app.issuer), Afterwards::address);
        return Ok(Redirect::to(address));
    };
    if let Hint::Of { aud, sid, .. } = &hint {
        let behind = app.store.behind_sid(sid, aud, app.now()).await?;
        // Only whoever had an id token of this very session can end it without a question.
        if behind.is_some_and(|behind| behind.session_id == who.session.id) {
            app.store.finish_session(&who.session.id, &who.account.uid, app.now()).await?;
            app.wake.ring();
            cookies::clear_session(jar);
            let address =
                afterwards.map_or_else(|| format!("{}/signin", app.issuer), |to| to.address());
            return Ok(Redirect::to(address));
        }
    }
    let next = afterwards.map(|to| to.path()).unwrap_or_default();
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    Ok(Redirect::to(format!("{}/signout?next={next}", app.issuer)))
}

async fn afterwards(
    app: &App,
    hint: &Hint,
    named: String,
    fields: &Fields,
) -> Result<Option<Afterwards>, Problem> {
    let (uri, state) = (fields.text("post_logout_redirect_uri")?, fields.text("state")?);
    if uri.is_empty() {
        return Ok(None);
    }
    let client_id = match hint {
        Hint::Of { aud, .. } => aud.clone(),
        _ => named,
    };
    let client = app.active_client(&client_id).await?;
    let client = client.filter(|c| c.registration.post_logout_redirect_uris.contains(&uri));
    let client = client.ok_or_else(|| {
        Problem::bad_request(
            "The `post_logout_redirect_uri` is not registered for this site, so you are not sent \
             there, and you were not signed out.",
        )
    })?;
    if state.len() > 2_048 {
        return Err(Problem::bad_request("`state` is longer than 2048 bytes."));
    }
    Ok(Some(Afterwards { client, uri, state }))
}

impl Afterwards {
    /// The client's page, with its `state`.
    fn address(&self) -> String {
        if self.state.is_empty() {
            return self.uri.clone();
        }
        let state: String = url::form_urlencoded::byte_serialize(self.state.as_bytes()).collect();
        let separator = if self.uri.contains('?') { '&' } else { '?' };
        format!("{}{separator}state={state}", self.uri)
    }

    /// The same request without its hint, to come back to from our own page.
    fn path(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("client_id", &self.client.registration.client_id);
        query.append_pair("post_logout_redirect_uri", &self.uri);
        if !self.state.is_empty() {
            query.append_pair("state", &self.state);
        }
        format!("/oauth/logout?{}", query.finish())
    }
}
