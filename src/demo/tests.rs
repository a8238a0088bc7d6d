//! The sites by themselves, without an accounts server: what strangers can see and do.

mod pages;

use super::sites::Sites;
use super::{Place, notes, pay, shop, specs, wiki};
use rocket::http::{ContentType, Header};
use rocket::local::asynchronous::{Client, LocalResponse};
use serde_json::Value;

struct World {
    wiki: Client,
    notes: Client,
    shop: Client,
    pay: Client,
    specs: Client,
    /// Holds the databases.
    _place: Place,
}

impl World {
    async fn new() -> Self {
        let sites = Sites::from_port(8_000).expect("in range");
        let place = Place::open(None).expect("a temporary folder");
        let wiki = wiki::site(&sites, &place).await.expect("builds");
        let notes = notes::site(&sites, &place).await.expect("builds");
        let shop = shop::site(&sites, &place).await.expect("builds");
        let pay = pay::site(&sites, &place).await.expect("builds");
        let specs = specs::site(&sites, &place).expect("builds");
        Self {
            wiki: Client::untracked(wiki).await.expect("ignites"),
            notes: Client::untracked(notes).await.expect("ignites"),
            shop: Client::untracked(shop).await.expect("ignites"),
            pay: Client::untracked(pay).await.expect("ignites"),
            specs: Client::untracked(specs).await.expect("ignites"),
            _place: place,
        }
    }
}

fn header<'r>(answer: &'r LocalResponse<'_>, name: &str) -> &'r str {
    answer.headers().get_one(name).unwrap_or_default()
}

#[rocket::async_test]
async fn everybody_reads_the_wiki_and_nobody_writes_without_signing_in() {
    let world = World::new().await;
    for page in [
        "/",
        "/pages",
        "/page/things-to-try",
        "/page/front-page/history",
        "/page/front-page/history/1",
    ] {
        assert_eq!(world.wiki.get(page).dispatch().await.status().code, 200, "{page}");
    }
    assert_eq!(world.wiki.get("/page/no-such-page").dispatch().await.status().code, 404);
    for (form, to) in
        [("/new", "%2Fnew"), ("/page/front-page/edit", "%2Fpage%2Ffront%2Dpage%2Fedit")]
    {
        let answer = world.wiki.get(form).dispatch().await;
        assert_eq!(answer.status().code, 401);
        let page = answer.into_string().await.unwrap_or_default();
        assert!(page.contains(&format!("/sso/start?to={to}\"")), "{page}");
        for (site, status) in [("same-site", 403), ("same-origin", 401)] {
            let post = world.wiki.post(form).header(Header::new("Sec-Fetch-Site", site));
            let post = post.header(ContentType::Form).body("title=a&text=b&number=1");
            assert_eq!(post.dispatch().await.status().code, status, "{form} {site}");
        }
    }
}

#[rocket::async_test]
async fn only_widget_and_checkout_can_be_framed_and_only_by_their_hosts() {
    let world = World::new().await;
    let hosts = "frame-ancestors http://wiki.vestibule.localhost:8001 \
        http://specs.example.localhost:8005";
    let widget = "/sidebar?page=http://wiki.vestibule.localhost:8001/page/front-page";
    let answer = world.notes.get(widget).dispatch().await;
    assert_eq!(answer.status().code, 200);
    assert!(header(&answer, "Content-Security-Policy").ends_with(hosts));
    assert_eq!(header(&answer, "X-Frame-Options"), "");
    let answer = world.pay.get("/checkout").dispatch().await;
    let policy = header(&answer, "Content-Security-Policy");
    assert!(policy.ends_with("frame-ancestors http://shop.vestibule.localhost:8003"), "{policy}");
    assert_eq!(header(&answer, "X-Frame-Options"), "");
    for (client, page) in [
        (&world.wiki, "/"),
        (&world.notes, "/"),
        (&world.specs, "/"),
        (&world.wiki, "/none"),
        (&world.notes, "/signed-in"),
        (&world.shop, "/"),
        (&world.shop, "/orders"),
        (&world.pay, "/"),
        (&world.pay, "/checkout/none"),
    ] {
        let answer = client.get(page).dispatch().await;
        let policy = header(&answer, "Content-Security-Policy");
        assert!(policy.ends_with("frame-ancestors 'none'"), "{page}: {policy}");
        assert_eq!(header(&answer, "X-Frame-Options"), "DENY");
    }
}

#[rocket::async_test]
async fn other_forms_of_the_widget_are_framed_by_whom_they_are_for() {
    let world = World::new().await;
    let (wiki, specs) =
        ("http://wiki.vestibule.localhost:8001", "http://specs.example.localhost:8005");
    let notes = "http://notes.vestibule.localhost:8002";
    let page = format!("?page={specs}/");
    for (path, ancestors) in [
        (format!("/widget{page}"), format!("{wiki} {specs}")),
        (format!("/by-hand{page}"), specs.to_owned()),
        ("/by-hand/passive?code=c".to_owned(), format!("{notes} {specs}")),
        ("/by-hand/popup?code=c".to_owned(), "'none'".to_owned()),
        ("/widget/callback?code=c".to_owned(), "'none'".to_owned()),
        (format!("/handed{page}"), wiki.to_owned()),
        ("/switchboard".to_owned(), specs.to_owned()),
    ] {
        let answer = world.notes.get(&path).dispatch().await;
        assert_eq!(answer.status().code, 200, "{path}");
        let policy = header(&answer, "Content-Security-Policy");
        assert!(policy.ends_with(&format!("frame-ancestors {ancestors}")), "{path}: {policy}");
    }
    for path in ["/widget", "/by-hand", "/handed"] {
        let bad = format!("{path}?page=https://evil.test/");
        assert_eq!(world.notes.get(&bad).dispatch().await.status().code, 400, "{bad}");
    }
}

#[rocket::async_test]
async fn the_notes_say_why_they_take_no_token() {
    let world = World::new().await;
    let path = "/api/notes?page=http://specs.example.localhost:8005/";
    let token = format!("Bearer {}", "a".repeat(64));
    for (values, status, code) in [
        (&["Bearer x"][..], 401, "invalid_token"),
        (&["Bearer "], 401, "invalid_token"),
        (&["Basic bm90ZXM6eA=="], 400, "invalid_request"),
        (&[token.as_str(), token.as_str()], 400, "invalid_request"),
        // There is no accounts server here that could be asked.
        (&[token.as_str()], 503, "temporarily_unavailable"),
    ] {
        let mut get = world.notes.get(path);
        let mut delete = world.notes.delete("/api/notes/1");
        for value in values {
            get = get.header(Header::new("Authorization", (*value).to_owned()));
            delete = delete.header(Header::new("Authorization", (*value).to_owned()));
        }
        for asked in [get, delete] {
            let answer = asked.dispatch().await;
            assert_eq!(answer.status().code, status, "{values:?}");
            let challenge = header(&answer, "WWW-Authenticate").to_owned();
            assert!(challenge.starts_with(&format!(r#"Bearer realm="notes", error="{code}""#)));
            let body: Value = answer.into_json().await.expect("JSON");
            assert_eq!(body["error"], code);
        }
    }
    assert_eq!(world.notes.get(path).dispatch().await.status().code, 200, "strangers read");
    let nobody = world.notes.get("/api/token").dispatch().await;
    assert_eq!(nobody.status().code, 401);
}

#[rocket::async_test]
async fn the_wiki_hands_tokens_to_its_own_pages_only() {
    let world = World::new().await;
    for (site, status) in
        [("same-site", 403), ("cross-site", 403), ("none", 403), ("same-origin", 401)]
    {
        let post = world.wiki.post("/option-two/token").header(Header::new("Sec-Fetch-Site", site));
        assert_eq!(post.dispatch().await.status().code, status, "{site}");
    }
    assert_eq!(world.wiki.post("/option-two/token").dispatch().await.status().code, 403);
    for path in ["/oidc/start", "/oidc/callback?code=c&state=s"] {
        assert_eq!(world.wiki.get(path).dispatch().await.status().code, 401, "{path}");
    }
}

#[rocket::async_test]
async fn pay_and_the_shop_open_sockets_and_only_at_accounts() {
    let world = World::new().await;
    for (client, sources) in [
        (&world.pay, "connect-src 'self' ws://accounts.vestibule.localhost:8000;"),
        (
            &world.shop,
            "connect-src 'self' http://accounts.vestibule.localhost:8000 \
                ws://accounts.vestibule.localhost:8000;",
        ),
        (&world.wiki, "connect-src 'self' ;"),
    ] {
        let answer = client.get("/").dispatch().await;
        let policy = header(&answer, "Content-Security-Policy");
        assert!(policy.contains(sources), "{policy}");
    }
}

#[rocket::async_test]
async fn the_widget_believes_only_addresses_of_its_hosts() {
    let world = World::new().await;
    for bad in ["/sidebar", "/sidebar?page=https://evil.test/", "/api/notes?page=javascript:1"] {
        assert_eq!(world.notes.get(bad).dispatch().await.status().code, 400, "{bad}");
    }
    let back = world.notes.get("/back?page=https://evil.test/").dispatch().await;
    assert_eq!(header(&back, "Location"), "/");
    let page = "http://specs.example.localhost:8005/";
    let back = world.notes.get(format!("/back?page={page}")).dispatch().await;
    assert_eq!(header(&back, "Location"), page);
}

#[rocket::async_test]
async fn cookies_of_the_widget_may_be_sent_in_foreign_frames() {
    let world = World::new().await;
    let widget = world.notes.get("/sso").dispatch().await;
    assert!(header(&widget, "Set-Cookie").contains("SameSite=None; Partitioned"));
    let wiki = world.wiki.get("/sso").dispatch().await;
    assert!(header(&wiki, "Set-Cookie").contains("SameSite=Strict"));
}

#[rocket::async_test]
async fn only_the_sites_own_files_are_served() {
    let world = World::new().await;
    for file in
        ["demo/demo.css", "demo/page.js", "demo/sidebar.js", "demo/specs.js", "style/main.css"]
    {
        let answer = world.specs.get(format!("/assets/{file}")).dispatch().await;
        assert_eq!(answer.status().code, 200, "{file}");
    }
    for file in ["sdk/vestibule.js", "bridge/bridge.js", "demo/../sdk/vestibule.js", "demo"] {
        let answer = world.specs.get(format!("/assets/{file}")).dispatch().await;
        assert_eq!(answer.status().code, 404, "{file}");
    }
}
