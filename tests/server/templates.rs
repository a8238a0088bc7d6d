//! Every template is rendered with a sample, by the engine that the server uses, and never lets
//! text through that somebody else wrote. Those of the demo are rendered by the demo's own tests.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;
use tera::{Context, Tera};

static ENGINE: LazyLock<Tera> =
    LazyLock::new(|| vestibule::web::template_engine().expect("the templates parse"));

/// What somebody might write into any field.
const EVIL: &str = "\"><script>alert('1')</script>&{{ x }}";

fn with_page(page: &Value) -> Value {
    json!({
        "brand": { "name": EVIL, "logo": "/brand/logo", "accent": "#0a7d4b" },
        "mark": "0123456789abcdef01234567",
        "person": { "username": EVIL, "full_name": EVIL, "email": EVIL },
        "request_id": "0123456789abcdef0123456789abcdef",
        "here": "/account",
        "page": page,
    })
}

/// The same page for nobody, at a place without logo or colour.
fn for_nobody(sample: &Value) -> Value {
    let mut sample = sample.clone();
    sample["brand"] = json!({ "name": "Vestibule", "logo": null, "accent": null });
    sample["person"] = Value::Null;
    sample["mark"] = "".into();
    sample
}

fn session(current: bool) -> Value {
    json!({
        "id": EVIL, "browser": EVIL, "address": EVIL, "signed_in": "21 November 2026, 20:37 UTC",
        "last_seen": "21 November 2026, 20:37 UTC", "current": current,
    })
}

fn operation(outcome: Value, numbers: &[i64]) -> Value {
    let wrong = if numbers.is_empty() { json!({}) } else { json!({ "number": EVIL }) };
    json!({
        "id": EVIL, "client_name": EVIL, "site": EVIL,
        "title": EVIL, "lines": [{ "label": EVIL, "value": EVIL }, { "label": "To", "value": EVIL }],
        "until": "21 November 2026, 20:42 UTC", "ended": "21 November 2026, 20:39 UTC",
        "outcome": outcome, "numbers": numbers, "fields": wrong,
    })
}

/// Every way in which an operation may stand.
fn operations() -> Vec<Value> {
    let outcomes = [
        "confirmed",
        "refused",
        "canceled",
        "left",
        "sign_in_failed",
        "number_failed",
        "method_failed",
        "expired",
    ];
    let ended = outcomes.map(|outcome| operation(json!(outcome), &[]));
    let mut plain = operation(Value::Null, &[]);
    (plain["site"], plain["lines"]) = (Value::Null, json!([]));
    let pending = [plain, operation(Value::Null, &[13, 24, 42, 57, 68, 91])];
    [ended.to_vec(), pending.to_vec()].concat()
}

fn waiting(site: Value) -> Value {
    json!({
        "id": EVIL, "title": EVIL, "client_name": EVIL,
        "site": site, "until": "21 November 2026, 20:42 UTC",
    })
}

fn site(site: Value) -> Value {
    json!({
        "client_id": EVIL, "client_name": EVIL, "site": site, "since": "21 November 2026",
        "scopes": [EVIL, "your name"],
    })
}

/// The pages of a template: as it is opened first, and as full as it can be.
fn samples(template: &str) -> Vec<Value> {
    let pages = match template {
        "signin.html" => vec![
            json!({ "next": "", "login": "", "keep": false, "again": false, "error": null,
                "fields": {}, "client_name": null, "sign_up_open": false, "to_answer": true,
                "failed": false }),
            json!({ "next": EVIL, "login": EVIL, "keep": true, "again": true, "error": EVIL,
                "fields": { "login": EVIL, "password": EVIL },
                "client_name": EVIL, "sign_up_open": true, "to_answer": false, "failed": true }),
        ],
        "signup.html" => vec![
            json!({ "next": "", "username": "", "email": "", "full_name": "", "error": null,
                "fields": {}, "client_name": null }),
            json!({ "next": EVIL, "username": EVIL, "email": EVIL, "full_name": EVIL,
                "error": EVIL, "client_name": EVIL, "fields": { "username": EVIL, "email": EVIL,
                "full_name": EVIL, "password": EVIL } }),
        ],
        "signout.html" => vec![
            json!({ "next": "", "stay": "/account", "client_name": null, "devices": 1 }),
            json!({ "next": EVIL, "stay": EVIL, "client_name": EVIL, "devices": 2 }),
            json!({ "next": EVIL, "stay": EVIL, "client_name": EVIL, "devices": 12 }),
        ],
        "account/show.html" => vec![
            json!({ "email_verified": false, "created": "21 November 2026", "notice": null,
                "waiting": [], "sessions": [session(true)], "sites": [] }),
            json!({ "email_verified": true, "created": "21 November 2026", "notice": EVIL,
                "waiting": [waiting(json!(EVIL)), waiting(json!(null))],
                "sessions": [session(true), session(false)],
                "sites": [site(json!(EVIL)), site(json!(null))] }),
        ],
        "account/profile.html" => vec![
            json!({ "full_name": "", "username": "", "email": "", "error": null, "fields": {} }),
            json!({ "full_name": EVIL, "username": EVIL, "email": EVIL, "error": EVIL,
                "fields": { "full_name": EVIL, "username": EVIL, "email": EVIL, "password": EVIL } }),
        ],
        "account/password.html" => vec![
            json!({ "error": null, "fields": {} }),
            json!({ "error": EVIL, "fields": { "current": EVIL, "new": EVIL } }),
        ],
        "choose.html" => vec![
            json!({ "next": "", "address": "/account", "client_name": null }),
            json!({ "next": EVIL, "address": EVIL, "client_name": EVIL }),
        ],
        "consent.html" => vec![
            json!({ "client_id": EVIL, "client_name": EVIL, "site": EVIL, "next": EVIL,
                "scopes": [EVIL, "your name"], "only_identifies": true, "given": false,
                "scope": EVIL, "prompt": EVIL }),
            json!({ "client_id": EVIL, "client_name": EVIL, "site": null, "next": "",
                "scopes": [EVIL], "only_identifies": false, "given": true,
                "scope": "", "prompt": "" }),
        ],
        "form_post.html" => vec![
            json!({ "action": "https://wiki.example.org/callback", "client_name": EVIL,
                "fields": [] }),
            json!({ "action": "https://wiki.example.org/callback?a=b", "client_name": EVIL,
                "fields": [["code", EVIL], [EVIL, EVIL]] }),
        ],
        "operation.html" => operations(),
        "part/asked.html" | "part/outcome.html" => operations(),
        "consent_done.html" => vec![
            json!({ "client_name": EVIL, "granted": true, "link": null }),
            json!({ "client_name": EVIL, "granted": false, "link": "https://wiki.example.org/" }),
        ],
        "error.html" => vec![
            json!({ "status": 404, "heading": EVIL, "text": EVIL, "action": null }),
            json!({ "status": 500, "heading": EVIL, "text": EVIL,
                "action": { "href": "/account", "label": EVIL } }),
        ],
        "bridge.html" => {
            vec![json!({ "client_id": EVIL, "origins": "[\"https://wiki.example.org\"]",
            "nonce": "bm9uY2U=" })]
        }
        // These are part of others, and are rendered by themselves to be complete.
        "base.html"
        | "part/account_head.html"
        | "part/brand.html"
        | "part/form.html"
        | "part/icon.html"
        | "part/identity.html"
        | "part/promise.html" => vec![json!({})],
        other => panic!("give a sample of {other}"),
    };
    let known: Vec<Value> = pages.iter().map(with_page).collect();
    let unknown: Vec<Value> = known.iter().map(for_nobody).collect();
    // A page about one's account is shown to somebody, always.
    if template.starts_with("account/") { known } else { [known, unknown].concat() }
}

/// The templates that the folder has, without those of the demo.
fn templates(folder: &Path, above: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let name = format!("{above}{name}");
        if name == "demo" {
            continue;
        }
        if path.is_dir() {
            found.extend(templates(&path, &format!("{name}/")));
        } else {
            found.insert(name);
        }
    }
    found
}

fn all() -> BTreeSet<String> {
    templates(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), "")
}

fn rendered(template: &str) -> Vec<String> {
    let render = |sample: &Value| {
        let context = Context::from_serialize(sample).expect("a context");
        let html = ENGINE.render(template, &context);
        html.unwrap_or_else(|error| panic!("{template} {sample}: {error:?}"))
    };
    samples(template).iter().map(render).collect()
}

#[test]
fn the_engine_has_exactly_the_files_of_the_folder() {
    let known: BTreeSet<String> = ENGINE.get_template_names().map(str::to_owned).collect();
    assert_eq!(known, all());
    assert!(
        all().iter().all(|name| Path::new(name).extension() == Some("html".as_ref())),
        "by that they are escaped"
    );
}

#[test]
fn every_template_is_rendered_with_a_sample() {
    for template in all() {
        for html in rendered(&template) {
            let is_part = template.starts_with("part/");
            assert_eq!(html.contains("<!doctype html>"), !is_part, "{template}");
            assert!(!html.contains("{%") && !html.contains("{#"), "{template}: {html}");
        }
    }
}

#[test]
fn what_people_wrote_is_text_on_every_page() {
    for template in all() {
        let all = rendered(&template);
        for html in &all {
            assert!(!html.contains("<script>"), "{template}: {html}");
            assert!(!html.contains("alert('1')"), "{template}: {html}");
            assert!(!html.contains("\"><script"), "{template}");
        }
        let macros = ["part/form.html", "part/icon.html"].contains(&template.as_str());
        let shows = all.iter().any(|html| html.contains("&quot;&gt;&lt;script&gt;"));
        assert!(shows || macros, "{template} shows what people wrote");
    }
}

/// The tags of a page, from `<` to `>`.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|rest| rest.split('>').next())
}

#[test]
fn no_page_has_script_or_style_in_it() {
    for template in all() {
        for html in rendered(&template) {
            for tag in tags(&html) {
                assert!(!tag.contains(" style="), "{template}: <{tag}>");
                let handler =
                    tag.split(' ').any(|part| part.starts_with("on") && part.contains('='));
                assert!(!handler, "{template}: <{tag}>");
                assert!(
                    !tag.starts_with("script") || tag.contains(" src=\""),
                    "{template}: <{tag}>"
                );
                assert!(!tag.starts_with("style"), "{template}: <{tag}>");
                assert!(!tag.to_lowercase().contains("javascript:"), "{template}: <{tag}>");
            }
        }
    }
}

#[test]
fn every_form_is_sent_by_post_to_a_path_of_ours_and_every_input_has_a_label() {
    for template in all() {
        for html in rendered(&template) {
            for form in tags(&html).filter(|tag| tag.starts_with("form ")) {
                assert!(form.contains("method=\"post\""), "{template}: <{form}>");
                // One page is there to send people on to where a client is.
                let action =
                    if template == "form_post.html" { "action=\"https:" } else { "action=\"/" };
                assert!(form.contains(action), "{template}: <{form}>");
            }
            for input in tags(&html).filter(|tag| tag.starts_with("input ")) {
                let needs_none = ["type=\"hidden\"", "type=\"checkbox\"", " hidden"];
                if needs_none.iter().any(|mark| input.contains(mark)) {
                    continue;
                }
                let id = input.split("id=\"").nth(1).and_then(|rest| rest.split('"').next());
                let id = id.unwrap_or_else(|| panic!("{template}: <{input}>"));
                assert!(html.contains(&format!("<label for=\"{id}\"")), "{template}: {id}");
            }
        }
    }
}

#[test]
fn every_page_has_a_title_a_language_and_one_main_heading() {
    for template in &all() {
        if template.starts_with("part/") {
            continue;
        }
        for html in rendered(template) {
            assert!(html.contains("<html lang=\"en\""), "{template}");
            assert!(html.contains("<title>"), "{template}");
            let headings = html.matches("<h1").count();
            let expected = usize::from(!["base.html", "bridge.html"].contains(&template.as_str()));
            assert_eq!(headings, expected, "{template}");
        }
    }
}

#[test]
fn a_page_that_looked_at_no_session_has_no_mark() {
    for (mark, expected) in [(json!(null), None), (json!(""), Some("")), (json!("ab"), Some("ab"))]
    {
        let mut sample = samples("error.html").remove(0);
        sample["mark"] = mark;
        let context = Context::from_serialize(&sample).expect("a context");
        let html = ENGINE.render("error.html", &context).expect("a page");
        let found = html.split("data-mark=\"").nth(1).and_then(|rest| rest.split('"').next());
        assert_eq!(found, expected);
    }
}
