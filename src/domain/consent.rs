//! An account's standing yes to a client and its scope.

use super::client::Registration;
use super::scope::Scope;

/// Whether the person has agreed that this client knows them: by registration for first-party
/// clients, else by a yes that covers everything the client's registration now asks for.
#[must_use]
pub fn is_given(registration: &Registration, granted: Option<&Scope>) -> bool {
    registration.first_party || granted.is_some_and(|granted| granted.covers(&registration.scope))
}
