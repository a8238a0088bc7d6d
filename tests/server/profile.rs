//! Editing what one wrote about oneself.

use crate::support::{Answer, Browser, NOTES, PASSWORD, TestServer};

async fn edit(browser: &Browser, changed: &[(&'static str, &str)]) -> Answer {
    let mut fields = vec![
        ("full_name", "Full Name of alice"),
        ("username", "alice"),
        ("email", "alice@example.org"),
        ("password", ""),
    ];
    for (name, value) in changed {
        fields.retain(|field| field.0 != *name);
        fields.push((name, value));
    }
    browser.post("/account/profile", &fields).await
}

async fn facts(server: &TestServer) -> Vec<String> {
    let columns = ["username", "username_key", "email", "email_key", "full_name"];
    server.database.rows("accounts", &columns).await
}

#[rocket::async_test]
async fn the_form_shows_what_is_there() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let form = alice.get("/account/profile").await;
    assert_eq!(form.typed("username").as_deref(), Some("alice"));
    assert_eq!(form.typed("email").as_deref(), Some("alice@example.org"));
    assert_eq!(form.typed("full_name").as_deref(), Some("Full Name of alice"));
    assert_eq!(form.typed("password"), None);
}

#[rocket::async_test]
async fn a_name_is_changed_without_the_password() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let before = server.passwords.jobs_run();
    let answer = edit(&alice, &[("full_name", "  Alice Pleasance Liddell ")]).await;
    assert_eq!(answer.status, 303, "{:?}", answer.wrong_fields());
    assert_eq!(server.passwords.jobs_run(), before);
    let page = alice.get("/account?done=profile").await;
    assert!(page.text.contains("Alice Pleasance Liddell"));
    assert!(page.text.contains("Your profile is changed."));
}

#[rocket::async_test]
async fn the_case_of_ones_own_name_is_nobodys_business() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let changed = [("username", "Alice"), ("email", "Alice@Example.org")];
    assert_eq!(edit(&alice, &changed).await.status, 303);
    let facts = facts(&server).await;
    assert_eq!(facts, ["Alice|alice|Alice@Example.org|alice@example.org|Full Name of alice"]);
}

#[rocket::async_test]
async fn what_signs_one_in_is_changed_with_the_password_only() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let before = facts(&server).await;
    for change in [("username", "alicia"), ("email", "alicia@example.org")] {
        for password in ["", "not-the-password"] {
            let answer = edit(&alice, &[change, ("password", password)]).await;
            assert_eq!(answer.status, 422);
            assert_eq!(answer.wrong_fields(), ["password"]);
            assert_eq!(answer.typed(change.0).as_deref(), Some(change.1), "it is kept");
            assert!(!answer.text.contains("not-the-password"));
            assert_eq!(facts(&server).await, before);
        }
        let answer = edit(&alice, &[change, ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 303, "{:?}", answer.wrong_fields());
        assert_eq!(server.browser().sign_in(change.1, PASSWORD).await.status, 303);
        // Back again for the next one.
        edit(&alice, &[("password", PASSWORD)]).await;
        assert_eq!(server.browser().sign_in(change.1, PASSWORD).await.status, 422);
    }
}

#[rocket::async_test]
async fn what_somebody_else_has_is_refused_whatever_its_case() {
    let server = TestServer::new().await;
    server.signed_up("bob").await;
    let alice = server.signed_up("alice").await;
    let before = facts(&server).await;
    for (field, value, sentence) in [
        ("username", "bob", "Somebody has this username"),
        ("username", "BOB", "Somebody has this username"),
        ("email", "bob@example.org", "There is an account"),
        ("email", "Bob@EXAMPLE.org", "There is an account"),
    ] {
        let answer = edit(&alice, &[(field, value), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 422, "{field}={value}");
        let error = answer.field_error(field).expect("a sentence");
        assert!(error.contains(sentence), "{error}");
    }
    assert_eq!(facts(&server).await, before);
}

#[rocket::async_test]
async fn wrong_input_is_kept_and_explained() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let changed = [
        ("full_name", ""),
        ("username", "a\"><script>"),
        ("email", "nobody"),
        ("password", PASSWORD),
    ];
    let answer = edit(&alice, &changed).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.wrong_fields(), ["full_name", "username", "email"]);
    assert_eq!(answer.typed("username").as_deref(), Some("a\"><script>"));
    assert_eq!(answer.typed("email").as_deref(), Some("nobody"));
    assert!(!answer.text.contains(PASSWORD) && !answer.text.contains("\"><script>"));
}

#[rocket::async_test]
async fn a_changed_address_has_to_be_confirmed_again() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    server.database.execute("UPDATE accounts SET email_verified_at = 1").await;
    assert!(alice.get("/account").await.text.contains(">Confirmed<"));
    edit(&alice, &[("full_name", "Alice")]).await;
    assert!(alice.get("/account").await.text.contains(">Confirmed<"), "the same address");
    let changed = [("email", "alicia@example.org"), ("password", PASSWORD)];
    edit(&alice, &changed).await;
    assert!(alice.get("/account").await.text.contains(">Not confirmed<"));
}

#[rocket::async_test]
async fn sites_see_the_change_the_next_time_they_ask() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let recover = || async {
        let payload = alice.mint("notes", NOTES, None).await;
        server.backend("notes").recover(&payload, None).await.json()
    };
    let before = recover().await;
    let changed = [("username", "alicia"), ("full_name", "Alicia"), ("password", PASSWORD)];
    assert_eq!(edit(&alice, &changed).await.status, 303);
    let after = recover().await;
    assert_eq!(before["uid"], after["uid"]);
    assert_eq!(before["sid"], after["sid"], "it is the same session");
    assert_eq!((&after["username"], &after["fullName"]), (&"alicia".into(), &"Alicia".into()));
}

#[rocket::async_test]
async fn nobody_edits_without_a_session() {
    let server = TestServer::new().await;
    server.signed_up("alice").await;
    let before = facts(&server).await;
    let answer = edit(&server.browser(), &[("full_name", "Mallory")]).await;
    assert_eq!(answer.status, 303);
    assert!(answer.location().starts_with("/signin"));
    assert_eq!(facts(&server).await, before);
}
