//! Amounts as people read them.

/// Cents of a euro.
pub(super) fn euros(cents: i64) -> String {
    format!("€{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_have_two_digits() {
        assert_eq!((euros(750), euros(1_205)), ("€7.50".to_owned(), "€12.05".to_owned()));
    }
}
