//! An account's standing yes to a client and its scope.

use super::client::Registration;
use super::scope::Scope;

/// Whether the person has agreed that this client knows them: by registration for first-party
/// clients, else by a yes that implies everything the client's registration now asks for.
#[must_use]
pub fn is_given(registration: &Registration, granted: Option<&Scope>) -> bool {
    is_given_for(registration, granted, &registration.scope)
}

/// The same for a part of what the registration has.
#[must_use]
pub fn is_given_for(registration: &Registration, granted: Option<&Scope>, asked: &Scope) -> bool {
    registration.first_party || granted.is_some_and(|granted| granted.implies(asked))
}
