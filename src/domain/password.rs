//! Which passwords are taken: long enough, and not among the first that anybody would try.
//! No rules about kinds of characters, no truncation (NIST SP 800-63B-4, ASVS 5 §6.2).

use super::account::{Profile, fold};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// The fewest characters of a password.
pub const MIN_CHARACTERS: usize = 8;
/// The most characters of a password.
pub const MAX_CHARACTERS: usize = 1_024;

const COMMON: &str = include_str!("../../data/common_passwords.txt");
/// A person's own word of fewer characters than this says nothing.
const SHORTEST_WORD: usize = 4;

/// Checks a password that somebody wants to have, given who they are. The error is a sentence
/// for the person. Length counts Unicode characters after normalisation to NFC.
pub fn check(password: &str, whose: &Profile, brand: &str) -> Result<(), String> {
    let length = password.nfc().count();
    if length < MIN_CHARACTERS {
        return Err(format!("Use at least {MIN_CHARACTERS} characters. A few words are fine."));
    }
    if length > MAX_CHARACTERS {
        return Err(format!("Use at most {MAX_CHARACTERS} characters."));
    }
    let folded = fold(password);
    if is_common(&folded) || is_monotonous(&folded) {
        return Err("This is one of the first passwords anybody would try. Choose another.".into());
    }
    if own_words(whose, brand).iter().any(|word| leans_on(&folded, word)) {
        return Err("Leave out your name, username, address and the name of this site.".into());
    }
    Ok(())
}

fn is_common(folded: &str) -> bool {
    static SORTED: LazyLock<Vec<&str>> =
        LazyLock::new(|| COMMON.lines().filter(|line| !line.starts_with('#')).collect());
    SORTED.binary_search(&folded).is_ok()
}

/// One character repeated, or a run like `abcdefgh` and `87654321`.
fn is_monotonous(folded: &str) -> bool {
    let codes: Vec<i64> = folded.chars().map(|c| i64::from(u32::from(c))).collect();
    let mut steps = codes.windows(2).map(|pair| pair[1] - pair[0]);
    let first = steps.next().unwrap_or(0);
    first.abs() <= 1 && steps.all(|step| step == first)
}

fn own_words(whose: &Profile, brand: &str) -> Vec<String> {
    let local = whose.email.split('@').next().unwrap_or_default();
    let domain = whose.email.split('@').nth(1).unwrap_or_default();
    let mut words = vec![fold(&whose.username), fold(&whose.email), fold(local), fold(brand)];
    words.extend(domain.split('.').map(fold));
    words.extend(whose.full_name.split_whitespace().map(fold));
    words.push(fold(&whose.full_name.split_whitespace().collect::<String>()));
    words.retain(|word| word.chars().count() >= SHORTEST_WORD);
    words
}

/// Whether a password is an own word with too little beside it.
fn leans_on(folded: &str, word: &str) -> bool {
    folded.contains(word) && folded.replace(word, "").chars().count() < MIN_CHARACTERS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> Profile {
        Profile::parse("wonderland", "alice@example.org", "Alice Liddell").expect("valid")
    }

    fn is_taken(password: &str) -> bool {
        check(password, &alice(), "Vestibule").is_ok()
    }

    #[test]
    fn length_is_counted_in_characters_of_any_script() {
        assert!(!is_taken("kurz?!x") && is_taken("drinkmee"));
        assert!(is_taken("пароль-и-чай") && is_taken("🐇🕳🐇🕳🫖🎩🐈🃏"));
        assert!(is_taken(&"ab".repeat(512)) && !is_taken(&"ab".repeat(513)));
    }

    #[test]
    fn fifteen_lower_case_letters_are_enough_and_sixty_four_are_fine() {
        assert!(is_taken("tortoiseandmock") && is_taken(&"teapot-x".repeat(8)));
    }

    #[test]
    fn what_anybody_would_try_first_is_refused() {
        for bad in [
            "password",
            "PASSWORD",
            "password1",
            "iloveyou",
            "12345678",
            "aaaaaaaaaaaa",
            "abcdefghijkl",
            "98765432",
        ] {
            assert!(!is_taken(bad), "{bad}");
        }
    }

    #[test]
    fn ones_own_words_are_refused_unless_there_is_enough_beside_them() {
        for bad in [
            "wonderland",
            "Wonderland1",
            "alice@example.org",
            "liddell1865",
            "vestibule!",
            "aliceliddell",
            "example1",
        ] {
            assert!(!is_taken(bad), "{bad}");
        }
        assert!(is_taken("wonderland has a mock turtle"));
    }
}
