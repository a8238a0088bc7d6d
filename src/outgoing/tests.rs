//! What may be called, and what becomes of a call: against real sockets of this machine.

use super::addresses::Allowed;
use super::*;
use futures_util::future::BoxFuture;
use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

pub(super) fn client(networks: &[&str]) -> Outgoing {
    let networks: Vec<IpNet> = networks.iter().map(|n| n.parse().expect("a network")).collect();
    Outgoing::new(&networks).expect("a client")
}

#[test]
fn inner_networks_are_not_public() {
    let nothing_named = Allowed(Arc::from([]));
    let is_public = |text: &str| nothing_named.has(text.parse().expect("an address"));
    for inner in [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!is_public(inner), "{inner}");
    }
    for public in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "126.0.0.1",
        "128.0.0.1",
        "169.253.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "192.167.0.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
        "2606:4700::1111",
        "2a00:1450::1",
    ] {
        assert!(is_public(public), "{public}");
    }
}

#[test]
fn a_network_that_is_named_may_be_called_and_no_other() {
    let allowed = client(&["10.1.0.0/16", "fd00::/8"]).allowed;
    let has = |text: &str| allowed.has(text.parse::<IpAddr>().expect("an address"));
    assert!(has("10.1.2.3") && has("::ffff:10.1.2.3") && has("fd12::1") && has("1.1.1.1"));
    assert!(!has("10.2.0.1") && !has("fc00::1") && !has("127.0.0.1") && !has("169.254.169.254"));
}

#[test]
fn an_address_is_checked_before_anything_is_sent() {
    let plain = client(&[]);
    let is_taken = |uri: &str| plain.checked(uri).is_ok();
    for good in [
        "https://wiki.example.org/x",
        "https://1.1.1.1/",
        "http://127.0.0.1:8001/",
        "http://[::1]:8001/",
        "http://localhost/",
        "http://wiki.vestibule.localhost:8001/x",
        "https://wiki.vestibule.localhost/",
    ] {
        assert!(is_taken(good), "{good}");
    }
    for bad in [
        "http://wiki.example.org/",
        "http://1.1.1.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[fe80::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://0/",
        "https://0x0a000001/",
        "https://167772161/",
        "http://localhost./",
        "http://localhost.example.org/",
        "http://[::ffff:127.0.0.1]/",
        "https://alice@wiki.example.org/",
        "https://alice:x@wiki.example.org/",
        "ftp://localhost/",
        "file:///etc/passwd",
        "data:,x",
        "wiki.example.org",
        "",
    ] {
        assert!(!is_taken(bad), "{bad}");
    }
    let named = client(&["10.0.0.0/8"]);
    assert!(named.checked("https://10.0.0.1/").is_ok());
    assert!(named.checked("http://10.0.0.1/").is_err(), "plain http is for this machine");
}

/// A name server of somebody who means no good.
fn looked_up(name: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
    let addresses: &[[u8; 4]] = match name.as_str() {
        "inner.example.org" => &[[127, 0, 0, 1], [10, 0, 0, 1]],
        _ => &[],
    };
    let addresses = addresses.iter().map(|address| SocketAddr::from((*address, 0))).collect();
    Box::pin(async move { Ok(addresses) })
}

#[tokio::test]
async fn a_name_for_an_inner_address_is_not_called() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let uri = format!("https://inner.example.org:{port}/");
    let plain = Outgoing::looking_up(&[], looked_up).expect("a client");
    assert_eq!(plain.post_form(&uri, &[]).await, Err(Failure::NotAllowed));
    let heard = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(heard.is_err(), "nobody came");
    let nowhere = "https://nowhere.example.org/";
    assert_eq!(plain.post_form(nowhere, &[]).await, Err(Failure::NoAddress));
    // With the network named, somebody comes and finds that no TLS is spoken.
    let named = ["127.0.0.0/8".parse().expect("a network")];
    let named = Outgoing::looking_up(&named, looked_up).expect("a client");
    let (answer, ()) = tokio::join!(named.post_form(&uri, &[]), async {
        drop(listener.accept().await.expect("somebody comes"));
    });
    assert_eq!(answer, Err(Failure::Broken));
}

/// Answers each connection with this text, and tells what was asked.
pub(super) async fn saying(
    answer: &'static str,
) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            let mut request = vec![0; 4_096];
            let length = caller.read(&mut request).await.unwrap_or_default();
            let _ = tell.send(String::from_utf8_lossy(&request[..length]).into_owned());
            let _ = caller.write_all(answer.as_bytes()).await;
            if answer.is_empty() {
                std::future::pending::<()>().await;
            }
        }
    });
    (format!("http://wiki.vestibule.localhost:{port}/x?y"), told)
}

#[tokio::test]
async fn a_form_is_sent_to_this_machine_by_any_name_of_it() {
    let (uri, mut told) = saying("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await;
    let sent = client(&[]).post_form(&uri, &[("a", "1 2"), ("b", "&")]).await;
    assert_eq!(sent, Ok(204));
    let request = told.recv().await.expect("a request").to_lowercase();
    assert!(request.starts_with("post /x?y http/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: application/x-www-form-urlencoded\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\na=1+2&b=%26"), "{request}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_like_any_other() {
    let (there, mut told) = saying("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let redirect = format!(
        "HTTP/1.1 307 Away\r\nLocation: {there}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let (uri, _) = saying(Box::leak(redirect.into_boxed_str())).await;
    assert_eq!(client(&[]).post_form(&uri, &[]).await, Ok(307));
    assert!(told.try_recv().is_err(), "nobody followed");
}

#[tokio::test]
async fn what_goes_wrong_has_a_name() {
    let (uri, _) = saying("rubbish\r\n\r\n").await;
    assert_eq!(client(&[]).post_form(&uri, &[]).await, Err(Failure::Broken));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let closed = format!("http://{}/", listener.local_addr().expect("bound"));
    drop(listener);
    assert_eq!(client(&[]).post_form(&closed, &[]).await, Err(Failure::Refused));
    let (silent, _) = saying("").await;
    assert_eq!(client(&[]).post_form(&silent, &[]).await, Err(Failure::TimedOut));
}

#[tokio::test]
async fn a_body_without_end_is_not_read() {
    let (uri, _) = saying("HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\nxxxx").await;
    assert_eq!(client(&[]).post_form(&uri, &[]).await, Ok(200));
}

#[tokio::test]
async fn a_page_is_looked_at_without_its_body_or_where_it_leads() {
    let (there, mut told) = saying("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let answer = format!(
        "HTTP/1.1 302 Found\r\nLocation: {there}\r\nX-Odd: a\r\nX-Odd: \u{e9}\r\n\
         Content-Length: 9999999999\r\n\r\nxxxx"
    );
    let (uri, mut asked) = saying(Box::leak(answer.into_boxed_str())).await;
    let looked = client(&[]).look(&uri).await.expect("an answer");
    assert_eq!(looked.status, 302);
    let odd = looked.headers.iter().filter(|(name, _)| name == "x-odd").map(|(_, value)| value);
    assert_eq!(odd.collect::<Vec<_>>(), [&b"a".to_vec(), &"\u{e9}".as_bytes().to_vec()]);
    let request = asked.recv().await.expect("a request").to_lowercase();
    assert!(request.starts_with("get /x?y http/1.1\r\n"), "{request}");
    assert!(!request.contains("cookie") && !request.contains("authorization"), "{request}");
    assert!(told.try_recv().is_err(), "nobody followed");
}

#[tokio::test]
async fn huge_and_slow_headers_are_given_up() {
    let long = "x".repeat(70_000);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Security-Policy: {long}\r\n\r\n");
    let (uri, _) = saying(Box::leak(answer.into_boxed_str())).await;
    assert_eq!(client(&[]).look(&uri).await, Err(Failure::TooLarge));
    let many = "X: y\r\n".repeat(1_000);
    let answer = format!("HTTP/1.1 200 OK\r\n{many}\r\n");
    let (uri, _) = saying(Box::leak(answer.into_boxed_str())).await;
    assert_eq!(client(&[]).look(&uri).await, Err(Failure::Broken));
    let (silent, _) = saying("").await;
    assert_eq!(client(&[]).look(&silent).await, Err(Failure::TimedOut));
    assert_eq!(client(&[]).look("https://169.254.169.254/").await, Err(Failure::NotAllowed));
}
