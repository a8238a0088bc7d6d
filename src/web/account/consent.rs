//! `/consent`: a person's yes to a client, or to what it asks for beyond that.

use rocket::response::Redirect;
use rocket::{Either, State, get, post};
use serde::Serialize;

use super::{PageOrRedirect, person, see_other};
use crate::domain::client::Client;
use crate::domain::consent;
use crate::domain::return_to::ReturnTo;
use crate::domain::scope::Scope;
use crate::store::sessions::SignedIn;
use crate::web::app::App;
use crate::web::body::{Fields, Form, Query};
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::{SameOrigin, Unframed};
use crate::web::guard::popup::InPopup;
use crate::web::guard::visitor::Visitor;
use crate::web::page::Page;

/// The context of `consent.html`.
#[derive(Serialize)]
pub(super) struct Ask {
    client_id: String,
    client_name: String,
    site: Option<String>,
    scopes: Vec<String>,
    only_identifies: bool,
    given: bool,
    next: String,
    scope: String,
    prompt: String,
}

/// The context of `consent_done.html`.
#[derive(Serialize)]
pub(super) struct Done {
    client_name: String,
    granted: bool,
    link: Option<String>,
}

/// Who asks for what, as the query or the form says it.
struct Question {
    client: Client,
    /// All that the client is registered with, unless it says less.
    asked: Scope,
    next: Option<ReturnTo>,
    /// The fields as they came.
    next_text: String,
    scope_text: String,
    prompt: String,
}

impl Question {
    async fn read(app: &App, fields: &Fields) -> Result<Self, Problem> {
        let gone =
            || Problem::not_found("No site is registered under this name, or it was switched off.");
        let client = app.active_client(&fields.text("client_id")?).await?.ok_or_else(gone)?;
        let (next_text, scope_text) = (fields.text("next")?, fields.text("scope")?);
        let prompt = fields.text("prompt")?;
        if !["", "consent"].contains(&prompt.as_str()) {
            return Err(Problem::bad_request("`prompt` is `consent`, or not there."));
        }
        let next = match next_text.as_str() {
            "" => None,
            next => Some(app.return_to_client(&client, next)?),
        };
        let asked = asked(&client, &scope_text)?;
        Ok(Self { client, asked, next, next_text, scope_text, prompt })
    }

    fn client_id(&self) -> &str {
        &self.client.registration.client_id
    }

    /// What the person has agreed to before, and whether that is enough.
    async fn answered(&self, app: &App, who: &SignedIn) -> Result<bool, Problem> {
        let granted = app.store.consent(&who.account.uid, self.client_id()).await?;
        Ok(consent::is_given_for(&self.client.registration, granted.as_ref(), &self.asked))
    }

    /// Who is asked. Nobody signs in first and is asked then: on this page, or by what authorises
    /// the client, whose path is too long to be carried inside another one.
    fn person(&self, visitor: Visitor) -> Result<SignedIn, Problem> {
        match &self.next {
            Some(next) if next.authorizes() => person(visitor, &self.next_asking()),
            _ => person(visitor, &self.path("/consent")),
        }
    }

    /// The path that authorises the client, asking as this page was told to.
    fn next_asking(&self) -> String {
        let Some((page, query)) = self.next_text.split_once('?').filter(|_| self.is_prompted())
        else {
            return self.next_text.clone();
        };
        let others = query.split('&').filter(|pair| pair.split('=').next() != Some("prompt"));
        let asking: Vec<&str> = others.chain(["prompt=consent"]).collect();
        format!("{page}?{}", asking.join("&"))
    }

    /// Whether the person is asked even if there is nothing to ask.
    fn is_prompted(&self) -> bool {
        !self.prompt.is_empty()
    }

    /// The address of a page about this question.
    fn path(&self, page: &str) -> String {
        let fields = [
            ("client_id", self.client_id()),
            ("scope", &self.scope_text),
            ("prompt", &self.prompt),
            ("next", &self.next_text),
        ];
        let said = fields.iter().filter(|(_, value)| !value.is_empty());
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(said).finish();
        format!("{page}?{query}")
    }

    /// Where the person goes from here: to `next`, or to a page that says what was decided.
    fn onward(&self, app: &App) -> Redirect {
        match &self.next {
            Some(next) => Redirect::to(next.address(&app.issuer)),
            None => see_other(app, &self.path("/consent/done")),
        }
    }

    /// As [`Self::onward`], after a no, of which what authorises the client is told.
    fn denied(&self, app: &App) -> Redirect {
        match &self.next {
            Some(next) if next.authorizes() => {
                Redirect::to(format!("{}&vestibule_denied=on", next.address(&app.issuer)))
            }
            _ => self.onward(app),
        }
    }
}

/// The names that are asked for; an error for one that the client is not registered with.
fn asked(client: &Client, text: &str) -> Result<Scope, Problem> {
    let registered = &client.registration.scope;
    let asked = Scope::parse(text).ok().filter(|asked| registered.implies(asked));
    let asked = asked.ok_or_else(|| Problem::bad_request("The site may not ask for this."))?;
    Ok(if asked.is_empty() { registered.clone() } else { asked })
}

#[get("/consent")]
pub(super) async fn form(
    _popup: InPopup,
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    query: Query,
) -> PageOrRedirect<Ask> {
    let question = Question::read(app, &query.0).await?;
    let who = question.person(visitor)?;
    let given = question.answered(app, &who).await?;
    if given && !question.is_prompted() {
        return Ok(Either::Right(question.onward(app)));
    }
    let targets = question.next.as_ref().map(|next| next.onward().to_vec()).unwrap_or_default();
    let registration = &question.client.registration;
    let ask = Ask {
        client_id: registration.client_id.clone(),
        client_name: registration.client_name.clone(),
        site: registration.site(),
        scopes: question.asked.in_plain_words(),
        only_identifies: question.asked.only_identifies(),
        given,
        next: question.next_text,
        scope: question.scope_text,
        prompt: question.prompt,
    };
    Ok(Either::Left(Page::new("consent.html", ask).with_form_targets(&targets)))
}

#[post("/consent", data = "<form>")]
pub(super) async fn submit(
    _popup: InPopup,
    _ours: SameOrigin,
    app: &State<App>,
    visitor: Visitor,
    form: Form,
) -> Result<Redirect, Problem> {
    let question = Question::read(app, &form.0).await?;
    let answer = form.0.text("answer")?;
    let who = question.person(visitor)?;
    match answer.as_str() {
        "allow" => {
            // The organisation's own clients are consented to by their registration.
            if !question.client.registration.first_party {
                let (uid, id) = (&who.account.uid, question.client_id());
                app.store.add_consent(uid, id, &question.asked, app.now()).await?;
            }
            Ok(question.onward(app))
        }
        "deny" => Ok(question.denied(app)),
        _ => Err(Problem::bad_request("Answer with `allow` or `deny`.")),
    }
}

#[get("/consent/done")]
pub(super) async fn done(
    _popup: InPopup,
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    query: Query,
) -> Result<Page<Done>, Problem> {
    let question = Question::read(app, &query.0).await?;
    let who = question.person(visitor)?;
    let granted = question.answered(app, &who).await?;
    let registration = &question.client.registration;
    let link = registration.origins.first().map(|origin| format!("{origin}/"));
    let client_name = registration.client_name.clone();
    Ok(Page::new("consent_done.html", Done { client_name, granted, link }))
}
