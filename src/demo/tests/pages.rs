//! What the pages of the sites say, and that they escape what people wrote.

use crate::demo::site;
use serde_json::{Value, json};
use tera::{Context, Tera};

fn order(paid: bool) -> Value {
    json!({ "id": "a", "number": "A", "slug": "a", "title": "<A>", "quantity": 2, "amount": "€1.00",
        "ordered": "today", "paid": paid.then_some("today"), "receipt": "<b>", "invoice": null })
}

fn order_on_invoice() -> Value {
    let mut order = order(false);
    order["invoice"] =
        json!({ "since": "today", "identified": "today", "provider": "<b>", "level": "<i>" });
    order
}

/// What all pages have in common.
fn shell() -> Value {
    json!({ "name": "Wiki", "client_id": "wiki", "accounts": "https://accounts.test",
        "origin": "https://wiki.test", "wiki": "", "notes": "", "shop": "", "pay": "", "specs": "" })
}

/// What each page is rendered with; parts are rendered within them.
fn sample(template: &str) -> Option<Value> {
    let revision =
        json!({ "slug": "a", "title": "<A>", "number": 1, "author": "Alice", "at": "today" });
    let note = json!({ "id": 1, "text": "<b>", "author": "Bob", "at": "today", "target": "https://a.test/" });
    let page = match template {
        "demo/error.html" => json!({ "status": 404, "text": "<gone>" }),
        "demo/wiki/page.html" => {
            let pieces = json!([[{ "text": "<b>" }, { "text": "<a>", "href": "/page/a" }]]);
            json!({ "slug": "a", "title": "<A>", "number": 1, "author": "Alice", "at": "today",
                "paragraphs": pieces, "old": true })
        }
        "demo/wiki/pages.html" => json!({ "pages": [revision] }),
        "demo/wiki/history.html" => json!({ "title": "<A>", "slug": "a", "revisions": [revision] }),
        "demo/wiki/new.html" => json!({ "title": "<A>", "text": "<b>", "error": "<wrong>" }),
        "demo/wiki/edit.html" => json!({ "title": "<A>", "slug": "a", "number": 1, "text": "<b>",
            "theirs": "<c>", "author": "Bob", "error": "<wrong>" }),
        "demo/notes/front.html" => json!({ "mine": [note] }),
        "demo/notes/sidebar.html"
        | "demo/notes/by_hand.html"
        | "demo/notes/handed.html"
        | "demo/notes/widget.html" => json!({ "target": "https://a.test/?<", "notes": [note] }),
        "demo/wiki/option_two.html" => json!({ "held": true, "trouble": "<wrong>" }),
        "demo/shop/front.html" => {
            let good = json!({ "slug": "a", "title": "<A>", "kind": "Book", "text": "<b>" });
            json!({ "goods": [{ "good": good, "price": "€1.00" }] })
        }
        "demo/shop/orders.html" => {
            json!({ "orders": [order(true), order(false), order_on_invoice()] })
        }
        "demo/shop/invoice.html" => json!({ "order": order(false), "provider": "<b>" }),
        "demo/shop/order.html" => json!({ "order": order(false), "mine": true, "most": 9 }),
        "demo/shop/error.html" | "demo/pay/error.html" => {
            json!({ "status": 401, "text": "<gone>" })
        }
        "demo/shop/signed_out.html" => json!({ "only_here": true }),
        "demo/shop/not_signed_in.html" => json!({ "text": "<gone>" }),
        "demo/notes/signed_in.html"
        | "demo/notes/passive.html"
        | "demo/notes/popup.html"
        | "demo/notes/callback.html"
        | "demo/notes/switchboard.html"
        | "demo/specs/by_hand.html"
        | "demo/specs/switchboard.html"
        | "demo/specs/front.html"
        | "demo/wiki/sign_in.html"
        | "demo/pay/front.html"
        | "demo/pay/checkout.html" => json!({ "x": "<" }),
        _ => return None,
    };
    Some(page)
}

#[test]
fn the_page_of_an_order_says_how_it_is_settled() {
    let mut tera = Tera::default();
    tera.add_raw_templates(site::embedded_templates()).expect("they parse");
    let site = shell();
    for (order, says, says_not) in [
        (order(true), "Paid on today", "Order on invoice"),
        (order_on_invoice(), "On invoice since today", "<iframe"),
        (order(false), "Order on invoice", "On invoice since"),
    ] {
        let page = json!({ "order": order, "mine": true, "most": 9 });
        let context = json!({ "site": site, "person": "Alice", "here": "/", "page": page });
        let context = Context::from_serialize(context).expect("an object");
        let html = tera.render("demo/shop/order.html", &context).expect("renders");
        assert!(html.contains(says) && !html.contains(says_not), "{html}");
    }
}

#[test]
fn every_page_renders_and_escapes_what_people_wrote() {
    let mut tera = Tera::default();
    let templates = site::embedded_templates();
    let parts = [
        "demo/base.html",
        "demo/person.html",
        "demo/wiki/nav.html",
        "demo/specs/nav.html",
        "demo/notes/list.html",
        "demo/shop/base.html",
        "demo/shop/person.html",
        "demo/shop/line.html",
        "demo/pay/base.html",
    ];
    tera.add_raw_templates(templates.clone()).expect("they parse");
    for (name, _) in templates.iter().filter(|(name, _)| !parts.contains(&name.as_str())) {
        let page = sample(name).unwrap_or_else(|| panic!("{name} has no sample"));
        let site = shell();
        for person in [json!(null), json!("<i>Alice")] {
            let context = json!({ "site": site, "person": person, "here": "/a?<b>", "page": page });
            let context = Context::from_serialize(context).expect("an object");
            let html = tera.render(name, &context).unwrap_or_else(|e| panic!("{name}: {e:?}"));
            for written in ["<b>", "<A>", "<i>", "<a>", "<c>", "<wrong>", "<gone>", "?<"] {
                assert!(!html.contains(written), "{name} does not escape {written}");
            }
        }
    }
}
