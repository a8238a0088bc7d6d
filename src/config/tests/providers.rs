//! Declared OpenID providers.

use super::*;
use crate::domain::provider::{Algorithm, Credential};
use crate::domain::signing;

/// How many keys a provider has, those of its claims among them.
pub(super) const KEYS: usize = 18;

const ISSUER: &str = "issuer = \"https://login.bank.example\"";
const SECRET: &str = "client_secret = \"hunter2\"";

/// A declared provider with these lines more.
fn provider(lines: &str) -> String {
    let head = "[[default.vestibule.providers]]\nid = \"bank\"\nclient_id = \"vestibule\"";
    format!("{head}\n{lines}\n")
}

fn provider_problems(lines: &str) -> String {
    let error = load_file(&provider(lines), &[]).err();
    error.map(|error| error.to_string()).unwrap_or_default()
}

/// A key in PEM that can sign in this way.
fn pem(algorithm: signing::Algorithm) -> String {
    use base64::Engine;
    let key = signing::SigningKey::generate(algorithm);
    let label = match algorithm {
        signing::Algorithm::Rs256 => "RSA PRIVATE KEY",
        _ => "PRIVATE KEY",
    };
    let text = base64::engine::general_purpose::STANDARD.encode(key.private());
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

#[test]
fn a_declared_provider_is_read_with_defaults() {
    let settings = load_file(&provider(&format!("{ISSUER}\n{SECRET}")), &[]).expect("good");
    let [bank] = &settings.providers[..] else { panic!("one provider") };
    assert_eq!((bank.id.as_str(), bank.name.as_str()), ("bank", "bank"));
    assert_eq!(bank.issuer.as_str(), "https://login.bank.example");
    assert_eq!((bank.client_id.as_str(), bank.scope.as_str()), ("vestibule", "openid"));
    assert_eq!((bank.level.as_str(), bank.max_age), ("substantial", 300));
    assert_eq!(bank.algorithms, [Algorithm::Es256, Algorithm::Rs256]);
    assert!(bank.acr_values.is_empty() && bank.claims.is_empty());
    let Credential::Secret(secret) = &bank.credential else { panic!("a secret") };
    assert_eq!(secret.as_str(), "hunter2", "of whatever length the provider chose");
}

#[test]
fn every_key_of_a_provider_can_be_declared() {
    let lines = format!(
        "{ISSUER}\n{SECRET}\nname = \"Example Bank\"\nscope = \"openid profile\"\n\
         acr_values = [\"urn:bank:high\", \"2\"]\nlevel = \"high\"\nmax_age = 0\n\
         id_token_signed_response_alg = [\"PS256\", \"EdDSA\"]\n\
         claims = {{ name = \"name\", given_name = \"given_name\", family_name = \"family_name\", \
         birthdate = \"https://bank.example/birthdate\", personal_id = \"pid\" }}"
    );
    let settings = load_file(&provider(&lines), &[]).expect("good");
    let [bank] = &settings.providers[..] else { panic!("one provider") };
    assert_eq!((bank.name.as_str(), bank.scope.as_str()), ("Example Bank", "openid profile"));
    assert_eq!(bank.acr_values, ["urn:bank:high", "2"]);
    assert_eq!((bank.level.as_str(), bank.max_age), ("high", 0));
    assert_eq!(bank.algorithms, [Algorithm::Ps256, Algorithm::EdDsa]);
    assert_eq!(bank.claims.len(), 5);
    assert_eq!(bank.claims["birthdate"], "https://bank.example/birthdate");
}

#[test]
fn a_wrong_provider_is_named() {
    let with = |lines: &str| format!("{ISSUER}\n{SECRET}\n{lines}");
    for (lines, cure) in [
        (with("isuer = 1"), "the nearest one is `issuer`"),
        (with("claims = { surname = \"x\" }"), "`claims.surname` of the provider `bank` in"),
        (with("claims = { nam = \"x\" }"), "the nearest one is `claims.name`"),
        (with("claims = { name = 1 }"), "write a text in quotes"),
        (with("claims = { name = \"full name\" }"), "write 1 to 255 visible"),
        (with("name = \"\""), "write 1 to 80 characters"),
        (with("scope = \"profile\""), "`openid` must be one of them"),
        (with("scope = \"openid  profile\""), "one space between them"),
        (with("scope = \"\""), "one space between them"),
        (with("acr_values = [\"\"]"), "write 1 to 255 visible"),
        (with("acr_values = \"2\""), "write a list of texts"),
        (with("max_age = -1"), "write a whole number from 0 to 86400"),
        (with("id_token_signed_response_alg = [\"HS256\"]"), "`HS256` is none of RS256, "),
        (with("id_token_signed_response_alg = [\"none\"]"), "`none` is none of RS256, "),
        (with("id_token_signed_response_alg = []"), "is empty; leave it out, or name one"),
        (with("private_key_id = \"1\""), "which needs `private_key_file`"),
        (with("client_secret_file = \"/nowhere\""), "exactly one of `client_secret`, "),
        (ISSUER.into(), "exactly one of `client_secret`, `client_secret_file` and"),
        (format!("{ISSUER}\nclient_secret = \"\""), "write the secret that the provider gave you"),
        (SECRET.into(), "In the provider `bank`: `issuer` is missing."),
        (format!("issuer = \"http://bank.example\"\n{SECRET}"), "plain http"),
        (format!("issuer = \"https://bank.example?a\"\n{SECRET}"), "is not written in full"),
        (format!("issuer = \"https://bank.example/?a\"\n{SECRET}"), "has a query"),
        (format!("{ISSUER}\nclient_secret_file = \"/nowhere\""), "cannot read /nowhere"),
        (format!("{ISSUER}\nprivate_key_file = \"/nowhere\""), "cannot read /nowhere"),
    ] {
        let found = provider_problems(&lines);
        assert!(found.contains(cure), "{lines}: {found}");
        assert!(!found.contains("hunter2"), "the secret itself is not shown: {found}");
    }
    let found = provider_problems(&format!("{ISSUER}\nclient_secret = \"hunter2\\n\""));
    assert!(!found.contains("hunter2") && found.contains("on one line"), "{found}");
}

#[test]
fn an_id_is_needed_once_and_can_stand_in_a_path() {
    let wrong = |content: &str| load_file(content, &[]).expect_err("wrong").to_string();
    let good = provider(&format!("{ISSUER}\n{SECRET}"));
    let found = wrong(&good.repeat(2));
    assert_eq!(found, "In the provider `bank`: `id` is declared twice; remove one of the two.");
    let found = wrong(&good.replace("id = \"bank\"\n", ""));
    assert_eq!(found, "In provider number 1: `id` is missing.");
    for bad in ["", "Bank", "a/b", "..", "bank_2"] {
        let found = wrong(&good.replace("id = \"bank\"", &format!("id = \"{bad}\"")));
        assert!(found.contains("write 1 to 32 of a-z, 0-9 and -"), "{bad}: {found}");
    }
}

#[test]
fn a_secret_and_a_key_may_stand_in_files_that_others_cannot_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = private(folder.path(), "secret", b"hunter2\n");
    let es256 = private(folder.path(), "es256", pem(signing::Algorithm::Es256).as_bytes());
    let rs256 = private(folder.path(), "rs256", pem(signing::Algorithm::Rs256).as_bytes());
    let credential = |key: &str, file: &str| {
        let lines = format!("{ISSUER}\n{key} = \"{file}\"");
        let settings = load_file(&provider(&lines), &[]).map_err(|error| error.to_string())?;
        Ok::<_, String>(settings.providers[0].credential.clone())
    };
    let Ok(Credential::Secret(read)) = credential("client_secret_file", &secret) else {
        panic!("a secret")
    };
    assert_eq!(read.as_str(), "hunter2");
    for (file, algorithm) in [(&es256, "ES256"), (&rs256, "RS256")] {
        let Ok(Credential::Key(key)) = credential("private_key_file", file) else {
            panic!("a key")
        };
        assert_eq!(key.algorithm(), algorithm);
    }
    let ed = private(folder.path(), "ed", pem(signing::Algorithm::EdDsa).as_bytes());
    let found = credential("private_key_file", &ed).expect_err("another kind");
    assert!(found.contains("P-256") && found.contains("openssl genpkey"), "{found}");
    for (key, file) in [("client_secret_file", &secret), ("private_key_file", &es256)] {
        for open in [0o644, 0o660, 0o601] {
            set_mode(Path::new(file), open);
            let found = credential(key, file).expect_err("open to others");
            assert!(found.contains(&format!("run `chmod 600 {file}`")), "{open:o}: {found}");
        }
    }
}

#[test]
fn providers_can_be_declared_in_the_environment() {
    let value = "[{id=\"bank\",issuer=\"https://login.bank.example\",client_id=\"vestibule\",\
                 client_secret=\"hunter2\",claims={name=\"name\"}}]";
    let settings = load("", &[("VESTIBULE_PROVIDERS", value)]).expect("good");
    assert_eq!(settings.providers[0].claims["name"], "name");
    assert!(!format!("{:?}", settings.providers).contains("hunter2"));
}
