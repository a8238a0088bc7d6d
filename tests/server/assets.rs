//! What a browser may fetch, and how long it may keep it.

use reqwest::Method;
use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use crate::support::{Answer, Setup, TestServer, every_answer, plain};
use vestibule::config::Logo;

/// The files of a folder, as paths below it.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            found.extend(files(&path).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            found.extend(path.file_name().and_then(|name| name.to_str()).map(str::to_owned));
        }
    }
    found.sort();
    found
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js") => "text/javascript",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("ts") => "text/plain; charset=utf-8",
        other => panic!("which type has {other:?}?"),
    }
}

#[rocket::async_test]
async fn every_file_is_served_as_what_it_is() {
    let server = TestServer::new().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    for path in files(&folder) {
        let answer = server.browser().get(&format!("/assets/{path}")).await;
        if path.starts_with("demo/") {
            assert_eq!(answer.status, 404, "{path} is for the demo's sites");
            continue;
        }
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("Content-Type"), content_type(&path), "{path}");
        let text = std::fs::read_to_string(folder.join(&path)).expect("text");
        assert_eq!(answer.text, text, "{path}");
        assert_eq!(answer.header("Cache-Control"), "public, max-age=300", "{path}");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), "", "{path}");
    }
}

#[rocket::async_test]
async fn a_file_that_a_browser_has_is_not_sent_again() {
    let server = TestServer::new().await;
    for path in ["/assets/style/main.css", "/sdk/vestibule.js"] {
        let first = server.browser().get(path).await;
        let tag = first.header("ETag");
        assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "{tag}");
        let request = |tag: &str| {
            let request = server.browser().request(Method::GET, path);
            Answer::of(request.header("If-None-Match", tag))
        };
        let again = request(tag).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
        for header in ["ETag", "Cache-Control", "Access-Control-Allow-Origin"] {
            assert_eq!(again.header(header), first.header(header), "{header} of {path}");
        }
        let other = request("\"0123456789abcdef\"").await;
        assert_eq!(other.status, 200);
        assert_eq!(other.text, first.text);
    }
}

#[rocket::async_test]
async fn only_the_address_that_names_the_version_is_kept_for_ever() {
    let server = TestServer::new().await;
    let page = plain(&server.browser().get("/signin").await.text);
    let addresses: Vec<&str> =
        page.split('"').filter(|text| text.starts_with("/assets/")).collect();
    assert!(addresses.len() >= 5, "{addresses:?}");
    for address in addresses {
        let answer = server.browser().get(address).await;
        let kept = answer.header("Cache-Control");
        assert_eq!(answer.status, 200, "{address}");
        assert_eq!(kept, "public, max-age=31536000, immutable", "{address}");
        let (path, version) = address.split_once("?v=").expect("a version");
        for other in ["", "?v=", "?v=0", &format!("?w={version}"), &format!("?v={version}0")] {
            let answer = server.browser().get(&format!("{path}{other}")).await;
            assert_eq!(answer.header("Cache-Control"), "public, max-age=300", "{path}{other}");
        }
    }
}

#[rocket::async_test]
async fn every_file_that_a_page_names_is_there_and_ours() {
    let server = TestServer::new().await;
    let mut named = std::collections::BTreeSet::new();
    for seen in every_answer().await {
        if !seen.answer.is_html() {
            continue;
        }
        for attribute in ["src=\"", "href=\""] {
            let values = seen.answer.text.split(attribute).skip(1);
            named.extend(values.filter_map(|rest| rest.split('"').next()).map(plain));
        }
    }
    let ours: Vec<_> = named.iter().filter(|address| !address.starts_with('#')).collect();
    assert!(ours.len() > 10, "{ours:?}");
    for address in ours {
        if let Some(foreign) = address.strip_prefix("http") {
            // The one link that leads elsewhere: back to the site that asked for consent.
            assert_eq!(foreign, "://specs.example.localhost:8005/", "{address}");
            continue;
        }
        let status = server.browser().get(address).await.status;
        assert!([200, 303].contains(&status), "{address}: {status}");
    }
}

#[rocket::async_test]
async fn any_page_may_load_the_sdk() {
    let server = TestServer::new().await;
    let modules = ["/sdk/vestibule.js", "/sdk/panel.js", "/sdk/identify.js"];
    for path in modules.into_iter().chain(["/sdk/vestibule.d.ts", "/sdk/identify.d.ts"]) {
        let request = server.browser().request(Method::GET, path);
        let answer = Answer::of(request.header("Origin", "https://wiki.example.net")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("Content-Type"), content_type(path), "{path}");
        assert_eq!(answer.header("X-Content-Type-Options"), "nosniff", "{path}");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), "*", "{path}");
        assert_eq!(answer.header("Cross-Origin-Resource-Policy"), "cross-origin", "{path}");
        assert_eq!(answer.header("Access-Control-Allow-Credentials"), "", "{path}");
    }
    for path in ["/sdk/other.js", "/sdk/", "/sdk/..%2fbridge%2fbridge.js", "/sdk/vestibule.js%00"] {
        assert!(server.browser().get(path).await.status >= 400, "{path}");
    }
    let bridge = server.browser().get("/assets/bridge/bridge.js").await;
    assert_eq!(bridge.header("Cross-Origin-Resource-Policy"), "same-origin");
}

/// Asks for a path exactly as it is written, which no client library does.
async fn status_of_raw(server: &TestServer, path: &str) -> (u16, String) {
    let address = server.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("read");
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), text)
}

#[rocket::async_test]
async fn no_path_leads_out_of_the_folder() {
    let server = TestServer::new().await;
    assert_eq!(status_of_raw(&server, "/assets/style/main.css").await.0, 200);
    for path in [
        "/assets/../Cargo.toml",
        "/assets/../../../../../../etc/passwd",
        "/assets/%2e%2e/Cargo.toml",
        "/assets/%2e%2e%2fCargo.toml",
        "/assets/..%2f..%2fetc/passwd",
        "/assets/..%5c..%5cCargo.toml",
        "/assets/style/%252e%252e/%252e%252e/Cargo.toml",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/style/../../templates/base.html",
        "/assets/.gitignore",
        "/assets/style",
        "/assets/style/",
        "/assets/style/main.css%00.js",
        "/assets/style/main.css/",
        "/assets/STYLE/main.css",
        "/assets/\u{fffd}",
        "/sdk/../assets/../Cargo.toml",
        "/sdk/vestibule.js%2f..%2f..",
    ] {
        let (status, text) = status_of_raw(&server, path).await;
        if path == "/assets/style/main.css/" {
            // The same file: an empty segment at the end says nothing.
            assert!([200, 404].contains(&status), "{path}: {status}");
            continue;
        }
        assert!((400..500).contains(&status), "{path}: {status}");
        for secret in ["root:", "[package]", "{% block", "/target"] {
            assert!(!text.contains(secret), "{path}");
        }
    }
}

#[rocket::async_test]
async fn a_brand_has_its_colour_and_its_logo() {
    let mut setup = Setup::new().await;
    let picture: Arc<[u8]> = Arc::from(&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..]);
    setup.config.brand.name = "Rabbit & <Hole>".into();
    setup.config.brand.accent = Some("#0a7d4b".into());
    setup.config.brand.logo = Some(Logo { media_type: "image/svg+xml", bytes: picture });
    let server = setup.start().await;
    let page = server.browser().get("/signin").await;
    assert!(page.text.contains("Rabbit &amp; &lt;Hole&gt;") && !page.text.contains("<Hole>"));
    let text = plain(&page.text);
    assert!(text.contains("href=\"/brand.css\"") && text.contains("src=\"/brand/logo\""));
    let style = server.browser().get("/brand.css").await;
    assert_eq!(style.text, ":root{--brand-accent:#0a7d4b}\n");
    assert_eq!(style.header("Content-Type"), "text/css; charset=utf-8");
    let logo = server.browser().get("/brand/logo").await;
    assert_eq!(logo.header("Content-Type"), "image/svg+xml");
    // A picture is a document of ours when it is opened by itself: no script in it may run.
    assert!(logo.header("Content-Security-Policy").starts_with("default-src 'none'"));

    let without = TestServer::new().await;
    assert_eq!(without.browser().get("/brand/logo").await.status, 404);
    assert_eq!(without.browser().get("/brand.css").await.text, "");
}
