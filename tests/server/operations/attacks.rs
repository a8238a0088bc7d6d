//! Answers that nobody should be able to give, and details that nobody else should see.

use reqwest::Method;
use serde_json::json;

use crate::support::{Browser, FORM, ISSUER, Log, Operation, Setup, TestServer, WIKI, question};
use vestibule::domain::operation::Outcome;

async fn server() -> TestServer {
    Setup::with_operations().await.start().await
}

/// Whether somebody sees nothing of an operation, and can do nothing about it.
async fn assert_nothing(browser: &Browser, asked: &Operation) {
    for answer in [
        browser.look_at(&asked.id).await,
        browser.answer(&asked.id, "approve", &asked.number).await,
        browser.answer(&asked.id, "approve", "").await,
        browser.answer(&asked.id, "approve", "10").await,
        browser.answer(&asked.id, "refuse", "").await,
    ] {
        assert_eq!(answer.status, 404, "{}", answer.text);
        for detail in ["Pay for your order?", "€49.00", "Amount", "Payee", "Shop", "Wiki"] {
            assert!(!answer.text.contains(detail), "{detail} in {}", answer.text);
        }
    }
}

#[rocket::async_test]
async fn fifty_answers_at_once_give_one_outcome() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let mut outcomes = std::collections::BTreeSet::new();
    for round in 0..6 {
        let asked = wiki.asked("alice").await;
        let alice = server.alice_again().await;
        let answers = (0..50).map(|n| {
            let (alice, asked) = (alice.at(&server.url), asked.clone());
            let wrong = if asked.number == "10" { "11" } else { "10" }.to_owned();
            tokio::spawn(async move {
                match (n + round) % 3 {
                    0 => alice.answer(&asked.id, "approve", &asked.number).await,
                    1 => alice.answer(&asked.id, "refuse", "").await,
                    _ => alice.answer(&asked.id, "approve", &wrong).await,
                }
            })
        });
        for answer in answers.collect::<Vec<_>>() {
            let answer = answer.await.expect("it ends");
            assert_eq!(answer.status, 303, "{}", answer.text);
            assert!(answer.location().ends_with(&format!("/operations/{}", asked.id)));
        }
        let page = alice.look_at(&asked.id).await.text;
        let told = wiki.operation(&asked.id, "").await.json();
        let rows = server.database.rows("operations", &["id", "outcome"]).await;
        let row = rows.iter().find(|row| row.starts_with(&asked.id)).expect("a row");
        let outcome = row.split_once('|').expect("two").1.to_owned();
        let text = match outcome.as_str() {
            "confirmed" => "You approved this",
            "refused" => "You refused this",
            _ => "Another number was picked",
        };
        assert!(page.contains(text), "{outcome}: {page}");
        assert_eq!(told["state"], Outcome::parse(&outcome).expect("an outcome").state());
        let completed = wiki.complete(&asked.id).await.status;
        assert_eq!(completed == 200, outcome == "confirmed");
        outcomes.insert(outcome);
    }
    assert!(!outcomes.is_empty());
}

#[rocket::async_test]
async fn nobody_else_sees_or_answers_it_however_it_stands() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let bob = server.signed_up("bob").await;
    let wiki = server.backend("wiki");
    let asked = wiki.asked("alice").await;
    assert_nothing(&bob, &asked).await;
    assert_eq!(wiki.state(&asked.id).await, "pending");
    assert_eq!(alice.answer(&asked.id, "approve", &asked.number).await.status, 303);
    assert_nothing(&bob, &asked).await;
    let refused = wiki.asked("alice").await;
    server.ends(&refused.id, Outcome::Refused).await;
    assert_nothing(&bob, &refused).await;
    // Nor by the device of the one who is asked.
    let other = wiki.asked("alice").await;
    bob.set_cookie("__Host-device", &alice.cookie("__Host-device").expect("a mark"));
    assert_nothing(&bob, &other).await;
    assert!(!bob.get("/account").await.text.contains("Pay for your order?"));
    let path = format!("/signin?next=/operations/{}", other.id);
    for browser in [server.browser(), bob] {
        let page = browser.get(&path).await;
        assert!(!page.text.contains("Pay for your order?") && !page.text.contains("Wiki"));
    }
}

#[rocket::async_test]
async fn everything_that_one_may_not_answer_looks_the_same() {
    let server = server().await;
    let bob = server.signed_up("bob").await;
    server.signed_up("alice").await;
    bob.consent("specs", "allow").await;
    let (wiki, specs) = (server.backend("wiki"), server.backend("specs"));
    let taken_back = specs.asked("bob").await.id;
    assert_eq!(bob.look_at(&taken_back).await.status, 200);
    bob.post("/account/sites/specs/remove", &[]).await;
    let disabled = server.backend("notes").asked("bob").await.id;
    assert_eq!(bob.look_at(&disabled).await.status, 200);
    let now = server.clock.now();
    server.store.disable_client("notes", now).await.expect("the database");
    let ended = wiki.asked("alice").await.id;
    server.ends(&ended, Outcome::Confirmed).await;
    let (alices, nobodys) = (wiki.asked("alice").await.id, wiki.asked("nobody").await.id);
    let unknown = "0123456789abcdef0123456789abcdef".to_owned();
    let malformed = [&alices[1..], &alices.to_uppercase(), "x", "%00", "..%2faccount", "é", "-1"];
    let ids = [taken_back, disabled, ended, nobodys, specs.asked("bob").await.id, unknown.clone()];
    let alike = async |id: &str| {
        let looked = bob.look_at(id).await.essence();
        (looked, bob.answer(id, "approve", "42").await.essence())
    };
    let expected = alike(&alices).await;
    assert!(expected.0.starts_with("404") && expected.1.starts_with("404"), "{expected:?}");
    for id in ids.iter().map(String::as_str).chain(malformed) {
        assert_eq!(alike(id).await, expected, "{id}");
    }
}

#[rocket::async_test]
async fn html_in_the_words_of_a_client_is_text() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let evil = "</h2></section><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}";
    let short = "<b>\" onclick=\"alert(1)</b>";
    let words = json!({
        "account": { "loginHint": "alice" },
        "title": evil,
        "lines": [{ "label": short, "value": evil }, { "label": "{% raw %}", "value": "&lt;i&gt;" }],
    });
    let answer = server.backend("wiki").ask(&words).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let asked = Operation::of(&answer);
    let assert_text = |html: &str| {
        for markup in ["<script>alert", "<img", "<b>", "onclick=\"", "onerror=alert(1)>"] {
            assert!(!html.contains(markup), "{markup} in {html}");
        }
        assert!(html.contains("{{ 7*7 }}"), "{html}");
    };
    let page = alice.look_at(&asked.id).await.text;
    assert_text(&page);
    assert!(page.contains("{% raw %}") && page.contains("&amp;lt;i&amp;gt;"), "{page}");
    assert_text(&alice.get("/account").await.text);
    assert_text(&alice.answer(&asked.id, "approve", "").await.text);
    alice.answer(&asked.id, "refuse", "").await;
    assert_text(&alice.look_at(&asked.id).await.text);
}

#[rocket::async_test]
async fn it_is_only_answered_on_our_own_page_and_never_in_a_frame() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let asked = server.backend("wiki").asked("alice").await;
    let path = format!("/operations/{}", asked.id);
    let before = server.database.rows("operations", &["id", "outcome"]).await;
    let fields = [("answer", "approve"), ("number", asked.number.as_str())];
    let ours = ("Origin", ISSUER);
    let mut foreign = vec![vec![], vec![("Origin", "null")], vec![("Origin", WIKI)]];
    for site in ["same-site", "cross-site", "none", "", "Same-Origin"] {
        foreign.push(vec![("Sec-Fetch-Site", site), ours]);
    }
    for headers in foreign {
        let said = alice.post_with(&path, &fields, &headers).await;
        assert_eq!(said.status, 403, "{headers:?}");
    }
    for dest in ["iframe", "frame", "embed", "object"] {
        let request = alice.request(Method::GET, &path).header("Sec-Fetch-Dest", dest);
        let framed = alice.send(request).await;
        assert_eq!(framed.status, 403, "{dest}");
        assert!(!framed.text.contains("Pay for your order?"));
    }
    let page = alice.look_at(&asked.id).await;
    assert_eq!(page.policy("frame-ancestors"), Some("'none'"));
    assert_eq!(page.header("X-Frame-Options"), "DENY");
    // A link that somebody else made answers nothing.
    let said = alice.get(&format!("{path}?answer=approve&number={}", asked.number)).await;
    assert_eq!(said.status, 200);
    assert_eq!(alice.get(&format!("{path}?_method=POST&answer=refuse")).await.status, 200);
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let request = alice.request(method, &path).header("Sec-Fetch-Site", "same-origin");
        assert_eq!(alice.send(request).await.status, 404);
    }
    assert_eq!(server.database.rows("operations", &["id", "outcome"]).await, before);
}

#[rocket::async_test]
async fn bodies_that_are_no_form_are_refused() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let asked = server.backend("wiki").asked("alice").await;
    let good = format!("answer=approve&number={}", asked.number);
    let json = json!({ "answer": "approve", "number": asked.number }).to_string();
    let large = format!("{good}&x={}", "x".repeat(33 * 1_024));
    let bodies = [
        ("application/json", json.as_str(), 415),
        ("text/plain", good.as_str(), 415),
        ("multipart/form-data; boundary=x", "--x--", 415),
        ("", good.as_str(), 415),
        (FORM, large.as_str(), 413),
        (FORM, "", 400),
        (FORM, "answer=approve&number=%ff", 400),
        (FORM, "answer=approve&answer=approve", 400),
    ];
    for (kind, body, status) in bodies {
        let path = format!("/operations/{}", asked.id);
        let request = alice.request(Method::POST, &path).header("Sec-Fetch-Site", "same-origin");
        let request = if kind.is_empty() { request } else { request.header("Content-Type", kind) };
        let said = alice.send(request.body(body.to_owned())).await;
        assert_eq!(said.status, status, "{kind}: {}", said.text);
    }
    assert_eq!(server.backend("wiki").state(&asked.id).await, "pending");
}

#[rocket::async_test]
async fn what_nobody_hears_is_counted_in_the_log_and_names_nothing() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let log = Log::watch();
    let asked = wiki.asked("alice").await;
    alice.answer(&asked.id, "refuse", "").await;
    assert!(log.text().contains("unheard=1"), "{}", log.text());
    let heard = wiki.asked("alice").await;
    let page = server.store.register_page(&heard.id, "page-instance-0001", "socket", None);
    assert!(page.await.expect("the database"));
    let unknown = (0..36).map(|n| format!("{n:032x}"));
    let ids: Vec<String> = unknown.chain([asked.id.clone(), heard.id.clone()]).collect();
    server.events.operations_ended(&server.store, &ids, server.clock.now()).await;
    let text = log.text();
    assert!(text.contains("unheard=37") && !text.contains("unheard=38"), "one page waits");
    for secret in [&asked.id, &heard.id, &asked.wait_secret, "Pay for your order?", "€49.00"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[rocket::async_test]
async fn who_waits_is_told_of_each_end() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    for (answer, picks) in [("approve", true), ("refuse", true), ("approve", false)] {
        let asked = Operation::of(&wiki.ask(&question("alice")).await);
        let wrong = if asked.number == "10" { "11" } else { "10" };
        let number = if picks { asked.number.as_str() } else { wrong };
        let (waiting, said) = tokio::join!(wiki.operation(&asked.id, "?wait=30"), async {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            alice.answer(&asked.id, answer, number).await
        });
        assert_eq!(said.status, 303);
        assert_ne!(waiting.json()["state"], "pending", "it did not wait for half a minute");
    }
}
