use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::*;
use crate::domain::client::KEYS;

const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789a";

/// Reads a table `[default.vestibule]` with these lines, and these variables.
fn load(lines: &str, variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    load_file(&format!("[default.vestibule]\n{lines}"), variables)
}

fn load_file(content: &str, variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("Rocket.toml");
    fs::write(&file, content).expect("a file");
    load_from(&file, variables)
}

fn load_from(file: &Path, variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let variables = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), value.into()));
    Settings::load(Some(file), variables)
}

/// What is wrong, all in one text.
fn problems(lines: &str, variables: &[(&str, &str)]) -> String {
    load(lines, variables)
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

/// Makes a file that only its owner may read.
fn private(folder: &Path, name: &str, content: &[u8]) -> String {
    let path = folder.join(name);
    fs::write(&path, content).expect("a file");
    set_mode(&path, 0o600);
    path.to_str().expect("UTF-8").to_owned()
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
}

#[test]
fn nothing_has_to_be_written() {
    let settings = load("", &[]).expect("defaults");
    assert_eq!(
        (settings.sign_up, settings.log),
        (SignUp::Open, LogFormat::Text)
    );
    assert_eq!((settings.brand, settings.issuer), (Brand::default(), None));
    assert_eq!(settings.password_hash.cost, Cost::default());
    assert!(settings.password_hash.threads >= 1 && settings.clients.is_empty());
}

#[test]
fn every_key_is_read_from_the_file() {
    let settings = load(
        r##"issuer = "https://accounts.example.org"
            database_url = "postgres://localhost/vestibule"
            key_encryption_key_file = "keys/vestibule.key"
            proxies = ["127.0.0.1", "10.0.0.0/8", "::1"]
            sign_up = "closed"
            log = "json"
            brand = { name = "Example", accent = "#AABBCC" }
            password_hash = { memory_kib = 19456, iterations = 2, parallelism = 1, threads = 3 }"##,
        &[],
    );
    let settings = settings.expect("good");
    let issuer = settings.issuer.as_ref().map(Origin::as_str);
    assert_eq!(issuer, Some("https://accounts.example.org"));
    assert_eq!(
        settings.database_url.as_deref(),
        Some("postgres://localhost/vestibule")
    );
    let proxies: Vec<String> = settings.proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]);
    assert_eq!(
        (settings.sign_up, settings.log),
        (SignUp::Closed, LogFormat::Json)
    );
    assert_eq!(settings.brand.accent.as_deref(), Some("#aabbcc"));
    let cost = Cost {
        memory_kib: 19_456,
        iterations: 2,
        parallelism: 1,
    };
    assert_eq!(settings.password_hash, PasswordHash { cost, threads: 3 });
    let key = settings.key_encryption_key_file.expect("written");
    assert!(
        key.is_absolute() && key.ends_with("keys/vestibule.key"),
        "beside the file: {key:?}"
    );
}

#[test]
fn variables_win_over_the_file_also_inside_of_tables() {
    let settings = load(
        r#"issuer = "https://accounts.example.org"
           brand = { name = "Example" }
           password_hash = { memory_kib = 19456, iterations = 2 }"#,
        &[
            ("VESTIBULE_ISSUER", "https://id.example.org"),
            ("VESTIBULE_BRAND__NAME", "1871"),
            ("VESTIBULE_PASSWORD_HASH__MEMORY_KIB", "47104"),
            ("VESTIBULE_PROXIES", "[127.0.0.1, \"::1\"]"),
            ("VESTIBULE_KEY_ENCRYPTION_KEY_FILE", "vestibule.key"),
            ("SOMETHING_ELSE", "x"),
        ],
    );
    let settings = settings.expect("good");
    assert_eq!(
        settings.issuer.map(String::from).as_deref(),
        Some("https://id.example.org")
    );
    assert_eq!(settings.brand.name, "1871");
    let cost = settings.password_hash.cost;
    assert_eq!((cost.memory_kib, cost.iterations), (47_104, 2));
    assert_eq!(settings.proxies.len(), 2);
    let key = settings.key_encryption_key_file.expect("written");
    assert_eq!(key, Path::new("vestibule.key"), "in the working directory");
}

#[test]
fn an_unknown_key_names_the_nearest_and_its_place() {
    let found = problems("issur = \"x\"\nbrand = { acent = \"#000000\" }", &[]);
    assert!(
        found.contains("`issur` in ") && found.contains("Rocket.toml"),
        "{found}"
    );
    assert!(found.contains("the nearest one is `issuer`"), "{found}");
    assert!(
        found.contains("`brand.acent`") && found.contains("`brand.accent`"),
        "{found}"
    );

    let found = problems(
        "",
        &[("VESTIBULE_ISSUR", "x"), ("VESTIBULE_BRAND__NAM", "x")],
    );
    assert!(
        found.contains("`VESTIBULE_ISSUR` in the environment"),
        "{found}"
    );
    assert!(
        found.contains("nearest one is `VESTIBULE_ISSUER`"),
        "{found}"
    );
    assert!(
        found.contains("nearest one is `VESTIBULE_BRAND__NAME`"),
        "{found}"
    );
}

#[test]
fn a_key_outside_of_our_table_is_no_secret_either() {
    let wrong = |content| load_file(content, &[]).expect_err("wrong").to_string();
    assert!(wrong("[default]\nprot = 80").contains("the nearest one is `port`"));
    assert!(wrong("[default.vestibul]\nissuer = \"x\"").contains("nearest one is `vestibule`"));
    assert!(wrong("[vestibule]\nissuer = \"x\"").contains("Write [default.vestibule]"));
    assert!(wrong("[default]\nvestibule = 1").contains("Write a table"));
    assert!(wrong("[default").contains("TOML"));
    assert!(load_file("[default]\nport = 80\ntemplate_dir = \"x\"", &[]).is_ok());
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let error = load_from(Path::new("/nowhere/Rocket.toml"), &[]).expect_err("missing");
    assert_eq!(
        error.problems,
        ["There is no configuration file /nowhere/Rocket.toml."]
    );
}

#[test]
fn a_wrong_value_says_what_to_write() {
    for (lines, cure) in [
        ("issuer = 1", "write a text in quotes, not a number"),
        ("issuer = \"http://accounts.example.org\"", "plain http"),
        (
            "issuer = \"https://accounts.example.org/\"",
            "write `https://accounts.example.org`",
        ),
        (
            "database_url = \"mysql://x:hunter2@y\"",
            "begin it with sqlite:// or postgres://",
        ),
        ("proxies = \"127.0.0.1\"", "write a list of texts"),
        ("proxies = [\"localhost\"]", "write 127.0.0.1 or 10.0.0.0/8"),
        ("sign_up = true", "write a text"),
        (
            "sign_up = \"yes\"",
            "write \"open\" or \"closed\", not \"yes\"",
        ),
        ("log = \"xml\"", "write \"text\" or \"json\""),
        ("brand = \"Example\"", "write a table"),
        ("brand = { accent = \"red\" }", "write #rrggbb"),
        ("brand = { name = \" \" }", "1 to 80 characters"),
        (
            "password_hash = { memory_kib = \"47104\" }",
            "write a whole number from 8 to",
        ),
        (
            "password_hash = { threads = 0 }",
            "write a whole number from 1 to",
        ),
        ("clients = { wiki = 1 }", "[[default.vestibule.clients]]"),
    ] {
        let found = problems(lines, &[]);
        assert!(found.contains(cure), "{lines}: {found}");
        assert!(!found.contains("hunter2"), "{found}");
    }
    let found = problems("", &[("VESTIBULE_PASSWORD_HASH__THREADS", "many")]);
    assert!(
        found.starts_with("`VESTIBULE_PASSWORD_HASH__THREADS` in the environment: write a whole")
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let error = load("issuer = 1\nlog = 2\nprot = 3", &[]).expect_err("wrong");
    assert_eq!(error.problems.len(), 3, "{error}");
}

/// A declared client with these lines more.
fn client(lines: &str) -> String {
    format!("[[default.vestibule.clients]]\nclient_id = \"wiki\"\n{lines}\n")
}

fn client_problems(lines: &str) -> String {
    let error = load_file(&client(lines), &[]).err();
    error.map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn a_declared_client_is_read_with_defaults() {
    let lines = format!(
        "client_secret = \"{SECRET}\"\norigins = [\"https://wiki.example.org\"]\n\
         embedders = [\"https:\"]\nscope = \"openid profile\"\nfirst_party = true"
    );
    let settings = load_file(&client(&lines), &[]).expect("good");
    let [wiki] = &settings.clients[..] else {
        panic!("one client")
    };
    assert_eq!(wiki.registration.client_name, "wiki");
    assert!(wiki.registration.has_origin("https://wiki.example.org"));
    assert!(wiki.registration.first_party && wiki.registration.require_nonce);
    let stored = wiki.secret_hash.as_deref().expect("a secret");
    assert!(crate::domain::secret::SecretHash::of(SECRET.as_bytes()).matches(stored));
}

#[test]
fn every_key_of_a_registration_can_be_declared() {
    let registration =
        serde_json::to_value(Registration::named("wiki", "https://wiki.example.org"));
    let registration = registration.expect("serialises");
    let written = |key: &&str| !registration[*key].is_null() && *key != "client_id";
    let lines: Vec<String> = KEYS
        .into_iter()
        .filter(written)
        .map(|key| format!("{key} = {}", registration[key]))
        .chain([
            "backchannel_logout_uri = \"https://wiki.example.org/logout\"".to_owned(),
            "subject_type = \"public\"".to_owned(),
            format!("client_secret = \"{SECRET}\""),
        ])
        .collect();
    assert_eq!(client_problems(&lines.join("\n")), "");
}

#[test]
fn a_wrong_client_is_named() {
    for (lines, cure) in [
        ("orgins = []", "`orgins` of the client `wiki` in"),
        ("orgins = []", "the nearest one is `origins`"),
        ("secret = \"x\"", "the nearest one is `client_secret`"),
        (
            "origins = [\"https://wiki.example.org/\"]",
            "write `https://wiki.example.org`",
        ),
        (
            "response_modes = [\"pigeon\"]",
            "In the client `wiki`: response_modes: `pigeon`",
        ),
        (
            "client_secret = \"too short\"",
            "shorter than 43 characters",
        ),
        ("", "write `client_secret` or `client_secret_file`"),
        ("client_secret = 1", "write a text in quotes"),
        (
            "token_endpoint_auth_method = \"none\"\nclient_secret = \"x\"",
            "has no secret",
        ),
        ("client_secret_file = \"/nowhere\"", "cannot read /nowhere"),
        ("first_party = \"yes\"", "write true or false"),
    ] {
        let found = client_problems(lines);
        assert!(found.contains(cure), "{lines}: {found}");
        assert!(
            !found.contains("too short"),
            "the secret itself is not shown: {found}"
        );
    }
    let public = "token_endpoint_auth_method = \"none\"";
    assert_eq!(client_problems(public), "");
    let twice = client(public).repeat(2);
    let found = load_file(&twice, &[]).expect_err("wrong").to_string();
    assert_eq!(
        found,
        "In the client `wiki`: `client_id` is declared twice; remove one of the two."
    );
    let nameless = "[[default.vestibule.clients]]\ntoken_endpoint_auth_method = \"none\"";
    let found = load_file(nameless, &[]).expect_err("wrong").to_string();
    assert_eq!(found, "In client number 1: `client_id` is missing.");
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = private(folder.path(), "secret", format!("{SECRET}\n").as_bytes());
    let lines = format!("client_secret_file = \"{file}\"");
    let settings = load_file(&client(&lines), &[]).expect("good");
    let inline = load_file(&client(&format!("client_secret = \"{SECRET}\"")), &[]);
    assert_eq!(settings.clients, inline.expect("good").clients);

    let both = client_problems(&format!("{lines}\nclient_secret = \"{SECRET}\""));
    assert!(both.contains("not both"), "{both}");
    set_mode(Path::new(&file), 0o644);
    let found = client_problems(&lines);
    assert!(
        found.contains(&format!("run `chmod 600 {file}`")),
        "{found}"
    );
}

#[test]
fn clients_can_be_declared_in_the_environment() {
    let value = "[{client_id=\"wiki\",token_endpoint_auth_method=\"none\"}]";
    let settings = load("", &[("VESTIBULE_CLIENTS", value)]).expect("good");
    assert_eq!(settings.clients[0].registration.client_id, "wiki");
    let found = problems(
        "",
        &[("VESTIBULE_CLIENTS", &value.replace("token", "tokn"))],
    );
    assert!(
        found.contains("of the client `wiki` in `VESTIBULE_CLIENTS`"),
        "{found}"
    );
}

#[test]
fn a_server_says_everything_that_it_misses() {
    let settings = load("password_hash = { memory_kib = 1024 }", &[]).expect("good so far");
    let error = settings.for_serving().expect_err("incomplete");
    let keys = [
        "`issuer`",
        "`database_url`",
        "`password_hash`",
        "`key_encryption_key_file`",
    ];
    assert_eq!(error.problems.len(), keys.len(), "{error}");
    assert!(
        error
            .problems
            .iter()
            .zip(keys)
            .all(|(problem, key)| problem.starts_with(key))
    );
}

#[test]
fn a_database_in_memory_is_not_served() {
    for url in [
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite:",
        "sqlite://x?mode=memory",
    ] {
        let settings = load("", &[("VESTIBULE_DATABASE_URL", url)]).expect("good so far");
        let error = settings.for_serving().expect_err("in memory").to_string();
        assert!(
            error.contains("`database_url` is in memory"),
            "{url}: {error}"
        );
    }
}

#[test]
fn the_key_is_32_bytes_or_64_hexadecimal_characters_for_the_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let serve = |key: &str| {
        let variables = [
            ("VESTIBULE_ISSUER", "https://accounts.example.org"),
            ("VESTIBULE_DATABASE_URL", "sqlite://vestibule.db"),
            ("VESTIBULE_KEY_ENCRYPTION_KEY_FILE", key),
        ];
        load("", &variables)
            .and_then(Settings::for_serving)
            .map_err(|error| error.to_string())
    };
    let bytes: [u8; 32] = std::array::from_fn(|n| u8::try_from(n).unwrap_or_default());
    let raw = private(folder.path(), "raw", &bytes);
    let hex = private(
        folder.path(),
        "hex",
        format!("{}\n", hex::encode(bytes)).as_bytes(),
    );
    let sealed = serve(&raw)
        .expect("good")
        .key_encryption_key
        .seal("row", b"value");
    let opened = serve(&hex)
        .expect("good")
        .key_encryption_key
        .open("row", &sealed);
    assert_eq!(
        opened.as_deref(),
        Some(&b"value"[..]),
        "both are the same key"
    );

    let wrong = |key: &str| serve(key).expect_err("unsafe");
    let short = private(folder.path(), "short", &bytes[1..]);
    assert!(wrong(&short).contains("neither 32 bytes nor 64 hexadecimal characters"));
    let zero = private(folder.path(), "zero", &[0; 32]);
    assert!(wrong(&zero).contains("is not random; make one with `head -c 32 /dev/urandom"));
    assert!(wrong("/nowhere/vestibule.key").contains("there is no file /nowhere/vestibule.key"));
    for open in [0o644, 0o660, 0o601] {
        set_mode(Path::new(&raw), open);
        assert!(
            wrong(&raw).contains(&format!("run `chmod 600 {raw}`")),
            "{open:o}"
        );
    }
    set_mode(Path::new(&raw), 0o440);
    assert!(serve(&raw).is_ok(), "a group may read it");
}

#[test]
fn a_logo_is_known_by_its_content() {
    let folder = tempfile::tempdir().expect("a folder");
    let logo = |content: &[u8]| {
        let file = private(folder.path(), "logo", content);
        load("", &[("VESTIBULE_BRAND__LOGO", &file)]).map(|s| s.brand.logo.map(|l| l.media_type))
    };
    assert_eq!(
        logo(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        Ok(Some("image/svg+xml"))
    );
    assert_eq!(logo(b"\x89PNG\r\n\x1a\n..."), Ok(Some("image/png")));
    assert!(
        logo(b"GIF89a")
            .expect_err("other")
            .to_string()
            .contains("neither an SVG nor a PNG")
    );
    assert!(
        logo(&vec![b' '; 300_000])
            .expect_err("large")
            .to_string()
            .contains("larger than")
    );
}

#[test]
fn an_address_is_never_taken_from_a_header_that_rocket_believes() {
    let settings = load_file("[default]\nip_header = \"X-Real-IP\"", &[]).expect("good");
    let rocket: rocket::Config = settings.rocket.extract().expect("Rocket's own");
    assert_eq!(rocket.ip_header, None);
}

#[test]
fn a_configuration_shows_no_secret() {
    let issuer = Origin::parse("https://accounts.example.org").expect("valid");
    let config = Config::new(
        issuer,
        "postgres://alice:hunter2@db/x",
        SealingKey::new(&[7; 32]),
    );
    assert!(!format!("{config:?}").contains("hunter2"));
}
