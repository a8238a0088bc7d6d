//! The check of a client's deployment: who may open it, what it looks at, and what it says.

use rocket::tokio;
use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use vestibule::domain::client::Registration;
use vestibule::domain::origin::{Embedder, Origin};

use crate::support::{Answer, Browser, Setup, TestServer, declared, encode, plain};

/// A site that answers everything in one way, and counts.
struct Site {
    origin: String,
    calls: Arc<AtomicUsize>,
}

impl Site {
    async fn answering(headers: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        tokio::spawn(async move {
            while let Ok((mut caller, _)) = listener.accept().await {
                let _ = caller.read(&mut vec![0; 4_096]).await;
                counted.fetch_add(1, Ordering::SeqCst);
                let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{headers}\r\n\r\n");
                let _ = caller.write_all(answer.as_bytes()).await;
            }
        });
        Self { origin: format!("http://site.vestibule.localhost:{port}"), calls }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// What it registers, with these people to look after it.
    fn registration(&self, contacts: &[&str]) -> Registration {
        Registration {
            client_name: "Site".into(),
            contacts: contacts.iter().map(|&contact| contact.to_owned()).collect(),
            ..Registration::named("site", &self.origin)
        }
    }
}

async fn server(registration: Registration) -> TestServer {
    let mut setup = Setup::new().await;
    setup.config.clients.push(declared(registration));
    setup.start().await
}

async fn check(browser: &Browser, fields: &[(&str, &str)]) -> Answer {
    browser.get(&format!("/bridge/check?{}", encode(fields))).await
}

const SITE: (&str, &str) = ("client_id", "site");

#[rocket::async_test]
async fn a_contact_reads_what_is_wrong_and_the_line_that_mends_it() {
    let site = Site::answering("Content-Security-Policy: frame-src 'self'").await;
    let server = server(site.registration(&["Alice"])).await;
    let alice = server.signed_up("alice").await;
    let page = check(&alice, &[SITE]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let text = plain(&page.text);
    assert!(text.contains("1 thing does not work like this"), "{text}");
    assert!(text.contains("frame-src 'self' http://accounts.vestibule.localhost:8000"), "{text}");
    assert_eq!(site.calls(), 1, "the first page of its only origin");

    let url = format!("{}/wiki?a=b", site.origin);
    let page = check(&alice, &[SITE, ("page", &url)]).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.typed("page").as_deref(), Some(url.as_str()));
    assert_eq!(site.calls(), 2);
    assert_eq!(page.policy("frame-ancestors"), Some("'none'"));
    assert_eq!(page.header("X-Frame-Options"), "DENY");
    assert_eq!(page.header("Cache-Control"), "no-store");
}

#[rocket::async_test]
async fn everybody_else_gets_the_answer_of_a_client_that_is_not_there() {
    let site = Site::answering("").await;
    let server = server(site.registration(&["alice", "bob@example.org"])).await;
    // Whose address it is has not been proved; sign-up takes any that is free.
    let bob = server.signed_up("bob").await;
    for somebody in [&bob, &server.browser()] {
        let foreign = check(somebody, &[SITE]).await;
        assert_eq!(foreign.status, 404);
        let unknown = check(somebody, &[("client_id", "nobody")]).await;
        assert_eq!(foreign.essence(), unknown.essence());
        let asked = check(somebody, &[SITE, ("page", "rubbish")]).await;
        assert_eq!(asked.essence(), unknown.essence());
        assert_eq!(check(somebody, &[]).await.essence(), unknown.essence());
    }
    assert_eq!(site.calls(), 0);

    server.database.execute("UPDATE accounts SET email_verified_at = 1").await;
    assert_eq!(check(&bob, &[SITE]).await.status, 200, "now it is proved");
    let alice = server.signed_up("alice").await;
    assert_eq!(check(&alice, &[SITE]).await.status, 200);
    assert!(server.store.disable_client("site", server.clock.now()).await.expect("it answers"));
    let disabled = check(&alice, &[SITE]).await;
    assert_eq!(disabled.essence(), check(&alice, &[("client_id", "nobody")]).await.essence());
}

#[rocket::async_test]
async fn nothing_but_pages_of_the_client_and_its_embedders_is_called() {
    let (site, above, other) =
        (Site::answering("").await, Site::answering("").await, Site::answering("").await);
    let mut registration = site.registration(&["alice"]);
    registration.embedders = vec![
        Embedder::Origin(Origin::parse(&above.origin).expect("an origin")),
        Embedder::AnyHttps,
    ];
    let server = server(registration).await;
    let alice = server.signed_up("alice").await;
    let look = async |page: &str| check(&alice, &[SITE, ("page", page)]).await;
    let port = other.origin.rsplit(':').next().expect("a port").to_owned();
    for page in [
        format!("{}/", other.origin),
        format!("http://127.0.0.1:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("{}@127.0.0.1:{port}/", site.origin),
        "https://169.254.169.254/latest/meta-data".into(),
        "https://example.org/".into(),
        "file:///etc/passwd".into(),
        "\"><script>alert('1')</script>".into(),
    ] {
        let answer = look(&page).await;
        assert_eq!(answer.status, 422, "{page}");
        assert_eq!(answer.wrong_fields(), ["page"], "{page}");
        assert_eq!(answer.typed("page").as_deref(), Some(page.as_str()));
        assert!(!answer.text.contains("<script>"), "{page}");
    }
    assert_eq!((site.calls(), above.calls(), other.calls()), (0, 0, 0));
    assert_eq!(look(&format!("{}/page", above.origin)).await.status, 200);
    assert_eq!((site.calls(), above.calls(), other.calls()), (0, 1, 0));
    let many = vec![("page", site.origin.as_str()); 9];
    assert_eq!(check(&alice, &[&[SITE][..], &many].concat()).await.status, 422);
    assert_eq!(site.calls(), 0);
}

#[rocket::async_test]
async fn what_a_page_answers_is_text_and_nothing_else() {
    let site = Site::answering(
        "Content-Security-Policy: frame-src <script>alert(1)</script> \"><img/src=x>\r\n\
         Cross-Origin-Opener-Policy: same-origin;\"><script>",
    )
    .await;
    let server = server(site.registration(&["alice"])).await;
    let page = check(&server.signed_up("alice").await, &[SITE]).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("&lt;script&gt;alert(1)"), "{}", page.text);
    assert!(!page.text.contains("<script>") && !page.text.contains("<img"), "{}", page.text);
}

#[rocket::async_test]
async fn a_client_is_checked_ten_times_and_then_slowly() {
    let site = Site::answering("").await;
    let mut setup = Setup::new().await.with_real_limits();
    setup.config.clients.push(declared(site.registration(&["alice", "bob"])));
    let server = setup.start().await;
    let (alice, bob) = (server.signed_up("alice").await, server.signed_up("bob").await);
    for _ in 0..5 {
        assert_eq!(check(&alice, &[SITE]).await.status, 200);
        assert_eq!(check(&bob, &[SITE]).await.status, 200);
    }
    let limited = check(&alice, &[SITE]).await;
    assert_eq!(limited.status, 429);
    assert!(!limited.header("Retry-After").is_empty());
    assert_eq!(site.calls(), 10);
}

#[rocket::async_test]
async fn a_link_on_another_site_looks_at_nothing_and_takes_nothing_of_the_limit() {
    let site = Site::answering("").await;
    let mut setup = Setup::new().await.with_real_limits();
    setup.config.clients.push(declared(site.registration(&["alice"])));
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let page = format!("{}/a", site.origin);
    let path = format!("/bridge/check?{}", encode(&[SITE, ("page", &page)]));
    let led_by = async |says: &[&str]| {
        let request = alice.request(reqwest::Method::GET, &path);
        let with =
            says.iter().fold(request, |request, site| request.header("Sec-Fetch-Site", *site));
        Answer::of(with).await
    };
    for says in [&["cross-site"][..], &["same-site"], &[], &["none", "none"]].repeat(3) {
        let answer = led_by(says).await;
        assert_eq!(answer.status, 200, "{says:?}");
        assert_eq!(answer.typed("page").as_deref(), Some(page.as_str()));
        assert!(answer.text.contains("name=\"client_id\" value=\"site\""), "{}", answer.text);
        assert!(!answer.text.contains("id=\"findings\""), "{}", answer.text);
        assert!(answer.text.contains("Another site has led you here"));
    }
    assert_eq!(site.calls(), 0);
    for (calls, says) in ["same-origin", "none"].into_iter().enumerate() {
        let answer = led_by(&[says]).await;
        assert!(answer.status == 200 && answer.text.contains("id=\"findings\""));
        assert_eq!(site.calls(), calls + 1);
    }
}
