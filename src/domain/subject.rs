//! By which identifier a client knows an account.

use sha2::{Digest, Sha256};

use super::client::Registration;

/// The same for all clients, or one of the client's sector alone (OpenID Connect Core §8.1): 32
/// hex characters. `salt` is a secret of the installation.
#[must_use]
pub fn subject(salt: &[u8], registration: &Registration, uid: &str) -> String {
    if !registration.is_pairwise() {
        return uid.to_owned();
    }
    let digest = Sha256::new()
        .chain_update(salt)
        .chain_update(registration.sector())
        .chain_update("\n")
        .chain_update(uid)
        .finalize();
    hex::encode(&digest[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::origin::Origin;

    const WEB: &str = "https://app.example.org/callback";

    #[test]
    fn the_sector_is_the_host_of_the_first_redirect_uri_that_is_on_no_persons_own_machine() {
        let own = "http://127.0.0.1/callback";
        for (origins, redirect_uris, sector) in [
            (vec![], vec![WEB], "app.example.org"),
            (vec![], vec![own, WEB], "app.example.org"),
            (vec![], vec!["http://[::1]:4000/", "http://localhost/", WEB], "app.example.org"),
            (vec!["https://www.example.org"], vec![own, WEB], "app.example.org"),
            (vec!["https://www.example.org:8443"], vec![own], "www.example.org"),
            (vec!["https://www.example.org"], vec![], "www.example.org"),
            (vec![], vec![own], "app"),
        ] {
            let registration = registration("app", &origins, &redirect_uris);
            assert_eq!(registration.sector(), sector, "{origins:?} {redirect_uris:?}");
        }
    }

    #[test]
    fn programs_on_peoples_own_machines_share_no_identifier() {
        let subject =
            |id: &str, uris: &[&str]| subject(b"salt", &registration(id, &[], uris), "uid");
        let own = "http://127.0.0.1/callback";
        assert_ne!(subject("one", &[own]), subject("two", &[own]));
        assert_eq!(subject("one", &[own, WEB]), subject("two", &[WEB]));
    }

    fn registration(id: &str, origins: &[&str], redirect_uris: &[&str]) -> Registration {
        let origins = origins.iter().map(|origin| Origin::parse(origin).expect("an origin"));
        Registration {
            client_id: id.into(),
            origins: origins.collect(),
            redirect_uris: redirect_uris.iter().map(|&uri| uri.to_owned()).collect(),
            ..Registration::default()
        }
    }
}
