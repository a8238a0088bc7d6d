//! Proof Key for Code Exchange, with S256 only (RFC 7636; RFC 9700 §2.1.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Whether a text can be a `code_challenge`: 32 bytes in base64url, which are 43 characters.
#[must_use]
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether a text can be a `code_verifier`: 43 to 128 unreserved characters (RFC 7636 §4.1).
#[must_use]
pub fn is_verifier(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

/// The `code_challenge` of a verifier.
#[must_use]
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Whether what was presented with a code proves that its bearer asked for it. A verifier without
/// a challenge is refused too: somebody may have taken the challenge out of the request (RFC 9700
/// §4.8.2).
#[must_use]
pub fn is_proved(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            self::challenge(verifier).as_bytes().ct_eq(challenge.as_bytes()).into()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_specification_is_proved() {
        assert!(is_challenge(CHALLENGE) && is_verifier(VERIFIER));
        assert!(is_proved(Some(CHALLENGE), Some(VERIFIER)));
        assert_eq!(challenge(VERIFIER), CHALLENGE);
    }

    #[test]
    fn anything_else_is_not() {
        let other = VERIFIER.replace('d', "e");
        assert!(!is_proved(Some(CHALLENGE), Some(&other)));
        assert!(!is_proved(Some(CHALLENGE), Some(CHALLENGE)));
        assert!(!is_proved(Some(VERIFIER), Some(VERIFIER)), "plain");
        assert!(!is_proved(Some(CHALLENGE), None));
        assert!(!is_proved(None, Some(VERIFIER)), "downgrade");
        assert!(is_proved(None, None));
    }

    #[test]
    fn shapes_are_exact() {
        for bad in ["", &CHALLENGE[1..], &format!("{CHALLENGE}A"), &CHALLENGE.replace('E', "+")] {
            assert!(!is_challenge(bad), "{bad}");
        }
        let (short, long) = ("a".repeat(42), "a".repeat(129));
        for bad in [short.as_str(), &long, &VERIFIER.replace('d', "é"), &VERIFIER.replace('d', "=")]
        {
            assert!(!is_verifier(bad), "{bad}");
        }
    }
}
