//! What a newcomer reads first.

use super::sites::{PERSON, Sites};
use std::path::Path;

/// The addresses, with one line each of what to try.
pub(super) fn text(sites: &Sites, kept: Option<&Path>) -> String {
    let Sites { accounts, wiki, notes, shop, pay, specs, bank, .. } = sites;
    let keeps = kept.map_or_else(
        || "Nothing is kept when it ends; --data DIR would keep it.".to_owned(),
        |folder| format!("Accounts, pages, notes and orders are kept in {}.", folder.display()),
    );
    format!(
        "
Vestibule runs. One sign-in, and every site of the family knows who is there.

  {wiki}
      Begin here. Sign in at the top; you come back to the page you left, and can edit it.
      The notes in its frame know you too, although nobody told them. On its page /option-two the
      wiki does tell them, by a token that is good for notes and for nothing else.
  {notes}
      Your notes. Sign out here with the wiki open in another tab, and watch the wiki follow.
  {shop}
      Buy something: it signs you in by OpenID Connect, and the payments page in its frame gets a
      token that can do nothing but pay. Hand it a wrong one, and see it refuse. Before it takes
      the money, you confirm that at accounts, in another window or on another device.
      Or order on invoice: your bank says who you are, and the page stays where it is. See old,
      foreign and made-up proofs refused.
  {pay}
      The payments page by itself.
  {specs}
      Another site altogether. The same notes in its frame, where browsers keep them apart: they
      sign you in without leaving the page, in whichever way your browser allows.
      Its page /switchboard shows which ones that are, and /by-hand does it without our script.
  {bank}
      The bank, a Vestibule of its own with accounts of its own. It knows who its customers are.
  {accounts}
      Your account: profile, password, every browser that is signed in, and what proves who you are.

  There is one account already, here and at the bank:   {username}   {password}

For Chrome, Edge, Firefox and others like them, which find names under .localhost on this machine
by themselves. Safari does not.
{keeps}
Ctrl-C ends everything.
",
        wiki = wiki.origin,
        notes = notes.origin,
        shop = shop.origin,
        pay = pay.origin,
        specs = specs.origin,
        bank = bank.origin,
        accounts = accounts.origin,
        username = PERSON.username,
        password = PERSON.password,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_fits_a_terminal_and_has_every_address() {
        let sites = Sites::from_port(9_000).expect("free numbers");
        let text = text(&sites, None);
        assert!(sites.all().iter().all(|site| text.contains(&site.origin)));
        assert!(text.contains("alice   looking-glass-1871"));
        assert!(text.lines().all(|line| line.chars().count() <= 100));
    }
}
