//! What each template is rendered with by its tests.

use serde_json::{Value, json};

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

/// Every way in which a flow may stand.
fn flows() -> Vec<Value> {
    let flow = |standing: &str, numbers: &[i64], fields: Value| {
        json!({
            "id": EVIL, "client_name": EVIL, "site": EVIL, "standing": standing,
            "origins": "[\"https://wiki.example.org\"]", "numbers": numbers, "fields": fields,
        })
    };
    let ended =
        ["elsewhere", "unknown", "authorized", "refused", "canceled", "number_failed", "expired"];
    let ended = ended.map(|standing| flow(standing, &[], json!({})));
    let six = [13, 24, 42, 57, 68, 91];
    let asked = [flow("asked", &six, json!({})), flow("asked", &six, json!({ "number": EVIL }))];
    [ended.to_vec(), asked.to_vec()].concat()
}

/// Every way in which the window of an identification may stand.
fn identifications() -> Vec<Value> {
    let standings = [
        "asked",
        "choose",
        "gone",
        "strange",
        "succeeded",
        "denied_by_provider",
        "provider_unreachable",
        "expired",
        "wrong_account",
        "canceled",
        "conflict",
    ];
    let shown = |standing| {
        json!({
            "standing": standing, "client_name": EVIL, "site": EVIL, "provider": EVIL,
            "provider_name": EVIL, "monitor": EVIL,
            "choices": [{ "name": EVIL, "id": "bank" }],
        })
    };
    standings.map(shown).to_vec()
}

/// Proofs on the account page, and who has asked for their time.
fn identification() -> Value {
    let proof = |facts: Value| {
        json!({ "provider": EVIL, "level": EVIL, "at": "21 November 2026, 20:37:05 UTC",
            "facts": facts })
    };
    json!({
        "proofs": [proof(json!([["Name", EVIL]])), proof(json!([]))],
        "reads": [{ "client_name": EVIL, "at": "21 November 2026, 20:37:05 UTC" }],
    })
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

/// A check that found nothing, one that found some of everything, and one that was asked wrongly.
fn checks() -> Vec<Value> {
    let finding = |level: &str, evil: Value| {
        json!({
            "level": level, "page": evil, "subject": EVIL, "value": evil, "what": EVIL,
            "mend": evil,
        })
    };
    let rungs: Vec<Value> = [
        ("bridge", "works"),
        ("prompt_none", "no"),
        ("storage_access", "not_needed"),
        ("popup", "depends"),
        ("redirect", "works"),
    ]
    .map(|(rung, state)| json!({ "rung": rung, "state": state, "why": EVIL }))
    .to_vec();
    let standing = |framed_by: Value, relation: &str| json!({ "origin": EVIL, "framed_by": framed_by, "relation": relation, "rungs": rungs });
    let nothing = json!({
        "client_id": EVIL, "client_name": EVIL, "asked": "", "fields": {}, "places": [],
        "errors": 0, "warnings": 0, "notes": 0, "findings": [], "standings": [], "pages": [],
    });
    let mut full = nothing.clone();
    full["places"] = json!([EVIL, "https://wiki.example.org"]);
    (full["errors"], full["warnings"], full["notes"]) = (1.into(), 2.into(), 3.into());
    full["findings"] = json!([
        finding("error", EVIL.into()),
        finding("warning", EVIL.into()),
        finding("note", Value::Null),
    ]);
    full["standings"] = json!([
        standing(Value::Null, "sibling"),
        standing(EVIL.into(), "cross_site"),
        standing("https:".into(), "cross_site"),
    ]);
    full["pages"] = json!([{ "url": EVIL, "status": 200 }, { "url": EVIL, "status": null }]);
    let mut warned = nothing.clone();
    warned["warnings"] = 1.into();
    let mut wrong = nothing.clone();
    (wrong["asked"], wrong["fields"]) = (EVIL.into(), json!({ "page": EVIL }));
    vec![nothing, full, warned, wrong]
}

/// The pages of a template: as it is opened first, and as full as it can be.
pub fn samples(template: &str) -> Vec<Value> {
    let pages = match template {
        "signin.html" => vec![
            json!({ "next": "", "login": "", "keep": false, "again": false, "error": null,
                "fields": {}, "client_name": null, "sign_up_open": false, "question": "asked" }),
            json!({ "next": EVIL, "login": EVIL, "keep": true, "again": true, "error": EVIL,
                "fields": { "login": EVIL, "password": EVIL },
                "client_name": EVIL, "sign_up_open": true, "question": "failed" }),
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
                "waiting": [], "sessions": [session(true)], "sites": [], "identification": null }),
            json!({ "email_verified": false, "created": "21 November 2026", "notice": null,
                "waiting": [], "sessions": [session(true)], "sites": [],
                "identification": { "proofs": [], "reads": [] } }),
            json!({ "email_verified": true, "created": "21 November 2026", "notice": EVIL,
                "waiting": [waiting(json!(EVIL)), waiting(json!(null))],
                "sessions": [session(true), session(false)],
                "sites": [site(json!(EVIL)), site(json!(null))],
                "identification": identification() }),
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
        "operation.html" | "part/asked.html" | "part/outcome.html" => operations(),
        "flow.html" => flows(),
        "identification.html" => identifications(),
        "flow_done.html" => vec![json!({ "client_name": null }), json!({ "client_name": EVIL })],
        "consent_done.html" => vec![
            json!({ "client_name": EVIL, "granted": true, "link": null }),
            json!({ "client_name": EVIL, "granted": false, "link": "https://wiki.example.org/" }),
        ],
        "check.html" => checks(),
        "error.html" => vec![
            json!({ "status": 404, "heading": EVIL, "text": EVIL, "action": null }),
            json!({ "status": 500, "heading": EVIL, "text": EVIL,
                "action": { "href": "/account", "label": EVIL } }),
        ],
        "bridge.html" => {
            vec![json!({ "client_id": EVIL, "origins": "[\"https://wiki.example.org\"]",
            "nonce": "bm9uY2U=", "brand": EVIL })]
        }
        "callback/passive.html" | "callback/popup.html" => {
            vec![json!({ "client_name": EVIL, "origins": EVIL })]
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
