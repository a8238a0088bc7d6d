use std::process::Stdio;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use vestibule::clock::Clock;
use vestibule::domain::seal::SealingKey;
use vestibule::domain::signing::Algorithm;
use vestibule::keys::Keys;
use vestibule::random;
use vestibule::store::Store;

use super::{Place, private};

const OLD: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
const NEW: &[u8; 32] = b"vutsrqponmlkjihgfedcba9876543210";

/// A place with both keys, and a database in which no server has been yet.
fn fresh() -> Place {
    let place = Place::with_database().with("VESTIBULE_KEY_ENCRYPTION_KEY_FILE", "vestibule.key");
    private(&place.write("vestibule.key", OLD));
    private(&place.write("new.key", NEW));
    place
}

async fn store(place: &Place) -> Store {
    let url = format!("sqlite://{}", place.path("vestibule.db").display());
    Store::open(&url).await.expect("the database opens")
}

/// What a start of a server makes, with this key-encryption key.
async fn start(place: &Place, key: &[u8; 32]) -> Result<(), String> {
    let store = store(place).await;
    let now = Clock::system().now();
    let started = Keys::start(store.clone(), Arc::new(SealingKey::new(key)), now).await;
    let signed = match &started {
        Ok(keys) => keys.sign(Algorithm::Es256, "JWT", &json!({}), now).await.map(drop),
        Err(_) => Ok(()),
    };
    store.close().await;
    started.map(drop).and(signed).map_err(|error| error.to_string())
}

async fn started() -> Place {
    let place = fresh();
    start(&place, OLD).await.expect("it starts");
    place
}

fn states(keys: &Value) -> Vec<&str> {
    let keys = keys.as_array().expect("a list").iter();
    keys.map(|key| key["state"].as_str().expect("a state")).collect()
}

#[rocket::async_test]
async fn a_key_is_listed_and_followed_by_another() {
    let place = started().await;
    let list = place.run(&["key", "list"]).succeeded();
    assert!(list.starts_with("ALGORITHM  KEY") && list.contains("signs\n\n1 key\n"), "{list}");
    let first = place.json(&["key", "list"]);
    assert_eq!(states(&first), ["signs"]);

    let said = place.run(&["key", "rotate"]).succeeded();
    assert!(said.starts_with("Made the key ") && said.contains(" for ES256.\n"), "{said}");
    assert!(said.contains("It signs from 2") && said.contains("31 days"), "{said}");
    let list = place.json(&["key", "list"]);
    assert_eq!(states(&list), ["signs", "next"]);
    assert_eq!(list[0]["kid"], first[0]["kid"]);
    assert!(place.run(&["key", "list"]).succeeded().contains("signs from 2"));

    let made = place.json(&["key", "rotate", "--algorithm", "ES256", "--compromised"]);
    let list = place.json(&["key", "list"]);
    assert_eq!(states(&list), ["signs"]);
    assert_eq!((&list[0]["kid"], &list[0]["algorithm"]), (&made[0]["kid"], &json!("ES256")));

    let said = place.run(&["key", "rotate", "--now"]).succeeded();
    assert!(said.contains("It signs now; servers that run take it up within ten seconds"));
    let list = place.json(&["key", "list"]);
    assert_eq!(states(&list), ["over", "signs"]);
    assert!(list[0]["published_until"].is_string() && list[1]["published_until"].is_null());
    assert!(place.run(&["key", "list"]).succeeded().contains("over, published until 2"));
}

#[rocket::async_test]
async fn what_is_not_there_is_not_rotated() {
    let place = fresh();
    let none = "There are no signing keys yet; `vestibule serve` makes them when it starts.";
    assert_eq!(place.run(&["key", "list"]).succeeded(), format!("{none}\n"));
    assert_eq!(place.json(&["key", "list"]), json!([]));
    assert_eq!(place.run(&["key", "rotate", "--json"]).json_error(), none);
    start(&place, OLD).await.expect("it starts");
    let said = place.run(&["key", "rotate", "--algorithm", "EdDSA"]).failed();
    assert!(said.starts_with("error: There is no key for EdDSA yet; a server makes one"), "{said}");
    let run = place.run(&["key", "rotate", "--algorithm", "HS256"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("write RS256, ES256 or EdDSA"), "{}", run.err);
}

#[rocket::async_test]
async fn keys_are_rotated_with_the_key_encryption_key_of_the_servers_only() {
    let place = started().await.with("VESTIBULE_KEY_ENCRYPTION_KEY_FILE", "new.key");
    let said = place.run(&["key", "rotate"]).failed();
    assert!(said.starts_with("error: The keys stay as they are: the key-encryption key is not"));
    assert!(said.contains("key_encryption_key_file") && said.lines().count() == 1, "{said}");
    assert_eq!(states(&place.json(&["key", "list"])), ["signs"], "a list needs no key");
    let place = place.with("VESTIBULE_KEY_ENCRYPTION_KEY_FILE", "third.key");
    assert!(place.run(&["key", "rotate"]).failed().contains("there is no file third.key"));
}

const REWRAP: [&str; 4] = ["key", "rewrap", "--new-key-file", "new.key"];

#[rocket::async_test]
async fn the_key_encryption_key_is_changed() {
    let place = started().await;
    let said = place.run(&REWRAP).succeeded();
    assert!(said.starts_with("Sealed 2 values with the key in new.key.\n"), "{said}");
    assert!(said.contains("Name it as key_encryption_key_file and restart every server"), "{said}");
    assert!(start(&place, OLD).await.is_err());
    start(&place, NEW).await.expect("it starts");

    // Once more, before and after the configuration names the new file.
    let again = place.json(&REWRAP);
    assert_eq!((&again["resealed"], &again["already_sealed"]), (&json!(0), &json!(2)));
    let place = place.with("VESTIBULE_KEY_ENCRYPTION_KEY_FILE", "new.key");
    let said = place.run(&REWRAP).succeeded();
    assert!(said.contains("is sealed with the key in new.key already; nothing had to"), "{said}");
    start(&place, NEW).await.expect("it starts");
    place.run(&["key", "rotate"]).succeeded();
}

#[rocket::async_test]
async fn a_key_encryption_key_that_is_wrong_changes_nothing() {
    let place = started().await;
    let rewrap =
        |place: &Place, file: &str| place.run(&["key", "rewrap", "--new-key-file", file]).failed();
    private(&place.write("short.key", b"short"));
    private(&place.write("third.key", b"abcdefghijklmnopqrstuvwxyz012345"));
    for (file, why) in [
        ("none.key", "error: --new-key-file: there is no file none.key; make one with"),
        ("short.key", "error: --new-key-file: short.key is neither 32 bytes nor 64"),
    ] {
        let said = rewrap(&place, file);
        assert!(said.starts_with(why), "{said}");
    }
    let place = place.with("VESTIBULE_KEY_ENCRYPTION_KEY_FILE", "third.key");
    let said = rewrap(&place, "new.key");
    assert!(said.starts_with("error: Nothing is changed: something in the database"), "{said}");
    let place = place.with("VESTIBULE_KEY_ENCRYPTION_KEY_FILE", "gone.key");
    assert!(rewrap(&place, "new.key").contains("`key_encryption_key_file`: there is no file"));
    start(&place, OLD).await.expect("the old key opens everything");

    let said = fresh().run(&REWRAP).succeeded();
    assert_eq!(said, "Nothing in the database is sealed yet, so nothing had to be done.\n");
}

#[cfg(unix)]
#[rocket::async_test]
async fn a_new_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let place = started().await;
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(place.path("new.key"), open).expect("ours");
    let said = place.run(&REWRAP).failed();
    assert!(said.contains("run `chmod 600 new.key`"), "{said}");
    start(&place, OLD).await.expect("nothing was changed");
}

/// Killed at any moment, it is done or not begun.
#[rocket::async_test]
async fn a_change_that_is_killed_is_whole_or_not_there() {
    let place = started().await;
    let store = store(&place).await;
    let (old, new) = (SealingKey::new(OLD), SealingKey::new(NEW));
    let begun = Instant::now();
    place.run(&REWRAP).succeeded();
    let takes = begun.elapsed();
    store.rewrap(&new, &old).await.expect("the database").expect("both open it");
    for _ in 0..20 {
        let mut command = place.command();
        let quiet = command.args(REWRAP).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = quiet.spawn().expect("it runs");
        let [moment] = random::bytes::<1>();
        tokio::time::sleep(takes.mul_f64(f64::from(moment) / 255.0)).await;
        child.kill().expect("it is ours");
        child.wait().expect("it is ours");
        // It changes back only what was changed as a whole.
        let done = store.rewrap(&new, &old).await.expect("the database").expect("both open it");
        assert!([(0, 2), (2, 0)].contains(&(done.resealed, done.already)), "{done:?}");
    }
    store.close().await;
    start(&place, OLD).await.expect("it starts");
}
