//! Writing in the wiki: for people who are signed in, from the wiki's own pages.

use super::pages::{Pages, Revision, Written, slug};
use super::{author, failed, found};
use crate::demo::shell::{Here, Shell};
use crate::relying::{SameOrigin, Session};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rocket::form::Form;
use rocket::http::Status;
use rocket::response::Redirect;
use rocket::{FromForm, Responder, Route, State, get, post, routes};
use rocket_dyn_templates::Template;
use serde_json::json;

/// What is encoded of a slug in an address.
const SLUG: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-');

const LONGEST_TITLE: usize = 80;
const LONGEST_TEXT: usize = 20_000;

pub(super) fn routes() -> Vec<Route> {
    routes![fresh, create, fresh_anonymous, edit, edit_anonymous, save]
}

/// What saving came to.
#[derive(Responder)]
enum Saved {
    Done(Redirect),
    /// The form once more, with what was typed and what is wrong.
    Again((Status, Template)),
    Failed(Status),
}

#[derive(FromForm)]
struct NewPage<'r> {
    title: &'r str,
    text: &'r str,
}

#[derive(FromForm)]
struct Edit<'r> {
    text: &'r str,
    /// The revision that the person saw.
    number: i64,
}

#[get("/new")]
fn fresh(shell: &State<Shell>, person: Session, here: Here) -> Template {
    shell.page("demo/wiki/new.html", Some(&person), &here, json!({ "title": "", "text": "" }))
}

#[get("/new", rank = 2)]
fn fresh_anonymous(shell: &State<Shell>, here: Here) -> (Status, Template) {
    sign_in(shell, &here)
}

#[post("/new", data = "<form>")]
async fn create(
    _own_page: SameOrigin,
    person: Session,
    form: Form<NewPage<'_>>,
    pages: &State<Pages>,
    shell: &State<Shell>,
    here: Here,
) -> Saved {
    let again = |status, error: &str| {
        let page = json!({ "title": form.title, "text": form.text, "error": error });
        Saved::Again((status, shell.page("demo/wiki/new.html", Some(&person), &here, page)))
    };
    let title = form.title.trim();
    let slug = slug(title);
    if slug.is_empty() || title.chars().count() > LONGEST_TITLE {
        return again(Status::UnprocessableEntity, "Give it a title of at most 80 characters.");
    }
    if let Err(error) = check(form.text) {
        return again(Status::UnprocessableEntity, error);
    }
    match pages.create(title, form.text, &author(&person)).await {
        Ok(Written::Done) => Saved::Done(to_page(&slug)),
        Ok(Written::Conflict) => again(Status::Conflict, "There is a page of that title already."),
        Err(error) => Saved::Failed(failed(&error)),
    }
}

#[get("/page/<slug>/edit")]
async fn edit(
    slug: &str,
    pages: &State<Pages>,
    shell: &State<Shell>,
    person: Session,
    here: Here,
) -> Result<Template, Status> {
    let page = found(pages.latest(slug).await)?;
    let text = page.text.clone();
    Ok(shell.page("demo/wiki/edit.html", Some(&person), &here, form(&page, &text, None)))
}

#[get("/page/<_>/edit", rank = 2)]
fn edit_anonymous(shell: &State<Shell>, here: Here) -> (Status, Template) {
    sign_in(shell, &here)
}

#[post("/page/<slug>/edit", data = "<form>")]
async fn save(
    slug: &str,
    _own_page: SameOrigin,
    person: Session,
    form: Form<Edit<'_>>,
    pages: &State<Pages>,
    shell: &State<Shell>,
    here: Here,
) -> Saved {
    let written = match check(form.text) {
        Ok(()) => pages.edit(slug, form.number, form.text, &author(&person)).await,
        Err(error) => return again(slug, pages, shell, &person, &here, &form, error).await,
    };
    match written {
        Ok(Written::Done) => Saved::Done(to_page(slug)),
        Ok(Written::Conflict) => {
            let error = "Somebody else saved this page while you were writing. Their text is below \
                yours: take over what you need, then save again.";
            again(slug, pages, shell, &person, &here, &form, error).await
        }
        Err(error) => Saved::Failed(failed(&error)),
    }
}

/// The form once more, on top of the page as it is now, so that saving again is deliberate.
async fn again(
    slug: &str,
    pages: &Pages,
    shell: &Shell,
    person: &Session,
    here: &Here,
    typed: &Edit<'_>,
    error: &str,
) -> Saved {
    let page = match found(pages.latest(slug).await) {
        Ok(page) => page,
        Err(status) => return Saved::Failed(status),
    };
    let is_conflict = page.number != typed.number;
    let status = if is_conflict { Status::Conflict } else { Status::UnprocessableEntity };
    let context = form(&page, typed.text, Some(error));
    Saved::Again((status, shell.page("demo/wiki/edit.html", Some(person), here, context)))
}

fn form(page: &Revision, text: &str, error: Option<&str>) -> serde_json::Value {
    let theirs = (text != page.text && error.is_some()).then_some(&page.text);
    json!({
        "title": page.title,
        "slug": page.slug,
        "number": page.number,
        "text": text,
        "theirs": theirs,
        "author": page.author,
        "error": error,
    })
}

fn check(text: &str) -> Result<(), &'static str> {
    match text.chars().count() {
        _ if text.trim().is_empty() => Err("Write something first."),
        0..=LONGEST_TEXT => Ok(()),
        _ => Err("That is too long: 20,000 characters are the most."),
    }
}

fn to_page(slug: &str) -> Redirect {
    Redirect::to(format!("/page/{}", utf8_percent_encode(slug, SLUG)))
}

/// For whoever is not signed in here. A page and no redirect: somebody who is signed in at the
/// accounts server would come straight back, since only a page's script opens the local session.
fn sign_in(shell: &Shell, here: &Here) -> (Status, Template) {
    (Status::Unauthorized, shell.page("demo/wiki/sign_in.html", None, here, json!({})))
}
