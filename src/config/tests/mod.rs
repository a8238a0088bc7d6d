mod clients;
mod documentation;
mod providers;
mod serving;

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::*;

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
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), value.into()));
    Settings::load(Some(file), variables)
}

/// What is wrong, all in one text.
fn problems(lines: &str, variables: &[(&str, &str)]) -> String {
    load(lines, variables).err().map(|error| error.to_string()).unwrap_or_default()
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
    assert_eq!((settings.sign_up, settings.log), (SignUp::Open, LogFormat::Text));
    assert_eq!((settings.brand, settings.issuer), (Brand::default(), None));
    assert_eq!(settings.password_hash.cost, Cost::default());
    assert!(settings.password_hash.threads >= 1 && settings.clients.is_empty());
    let identification = Identification { keep_days: 1_825, conflict: Conflict::Refuse };
    assert_eq!(settings.identification, identification);
    assert!(settings.providers.is_empty());
}

#[test]
fn every_key_is_read_from_the_file() {
    let settings = load(
        r##"issuer = "https://accounts.example.org"
            database_url = "postgres://localhost/vestibule"
            key_encryption_key_file = "keys/vestibule.key"
            proxies = ["127.0.0.1", "10.0.0.0/8", "::1"]
            outgoing_networks = ["10.1.0.0/16"]
            sign_up = "closed"
            log = "json"
            identification = { keep_days = 30, conflict = "move" }
            brand = { name = "Example", accent = "#AABBCC" }
            password_hash = { memory_kib = 19456, iterations = 2, parallelism = 1, threads = 3 }"##,
        &[],
    );
    let settings = settings.expect("good");
    let issuer = settings.issuer.as_ref().map(Origin::as_str);
    assert_eq!(issuer, Some("https://accounts.example.org"));
    assert_eq!(settings.database_url.as_deref(), Some("postgres://localhost/vestibule"));
    let proxies: Vec<String> = settings.proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]);
    let inner: Vec<String> = settings.outgoing_networks.iter().map(ToString::to_string).collect();
    assert_eq!(inner, ["10.1.0.0/16"]);
    assert_eq!((settings.sign_up, settings.log), (SignUp::Closed, LogFormat::Json));
    let identification = Identification { keep_days: 30, conflict: Conflict::Move };
    assert_eq!(settings.identification, identification);
    assert_eq!(settings.brand.accent.as_deref(), Some("#aabbcc"));
    let cost = Cost { memory_kib: 19_456, iterations: 2, parallelism: 1 };
    assert_eq!(settings.password_hash, PasswordHash { cost, threads: 3 });
    let key = settings.key_encryption_key_file.expect("written");
    assert!(key.is_absolute() && key.ends_with("keys/vestibule.key"), "beside the file: {key:?}");
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
    assert_eq!(settings.issuer.map(String::from).as_deref(), Some("https://id.example.org"));
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
    assert!(found.contains("`issur` in ") && found.contains("Rocket.toml"), "{found}");
    assert!(found.contains("the nearest one is `issuer`"), "{found}");
    assert!(found.contains("`brand.acent`") && found.contains("`brand.accent`"), "{found}");

    let found = problems("", &[("VESTIBULE_ISSUR", "x"), ("VESTIBULE_BRAND__NAM", "x")]);
    assert!(found.contains("`VESTIBULE_ISSUR` in the environment"), "{found}");
    assert!(found.contains("nearest one is `VESTIBULE_ISSUER`"), "{found}");
    assert!(found.contains("nearest one is `VESTIBULE_BRAND__NAME`"), "{found}");
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
    assert_eq!(error.problems, ["There is no configuration file /nowhere/Rocket.toml."]);
}

#[test]
fn a_wrong_value_says_what_to_write() {
    for (lines, cure) in [
        ("issuer = 1", "write a text in quotes, not a number"),
        ("issuer = \"http://accounts.example.org\"", "plain http"),
        ("issuer = \"https://accounts.example.org/\"", "write `https://accounts.example.org`"),
        ("database_url = \"mysql://x:hunter2@y\"", "begin it with sqlite:// or postgres://"),
        ("proxies = \"127.0.0.1\"", "write a list of texts"),
        ("proxies = [\"localhost\"]", "write 127.0.0.1 or 10.0.0.0/8"),
        ("outgoing_networks = [\"accounts.internal\"]", "write 127.0.0.1 or 10.0.0.0/8"),
        ("sign_up = true", "write a text"),
        ("sign_up = \"yes\"", "write \"open\" or \"closed\", not \"yes\""),
        ("log = \"xml\"", "write \"text\" or \"json\""),
        ("brand = \"Example\"", "write a table"),
        ("brand = { accent = \"red\" }", "write #rrggbb"),
        ("brand = { name = \" \" }", "1 to 80 characters"),
        ("password_hash = { memory_kib = \"47104\" }", "write a whole number from 8 to"),
        ("password_hash = { threads = 0 }", "write a whole number from 1 to"),
        ("clients = { wiki = 1 }", "[[default.vestibule.clients]]"),
        ("providers = \"bank\"", "[[default.vestibule.providers]]"),
        ("identification = { keep_days = 0 }", "write a whole number from 1 to"),
        ("identification = { conflict = \"ask\" }", "write \"refuse\" or \"move\""),
        ("identification = { keepdays = 1 }", "nearest one is `identification.keep_days`"),
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
