//! Which pages a sign-in may lead back to.

use crate::demo::shell::Shell;
use crate::domain::origin::Origin;
use crate::domain::return_to::ReturnTo;

/// Whether this is a path of the shop, in every reading that a browser could give it.
pub(super) fn is_own(path: &str, shell: &Shell) -> bool {
    let origin = Origin::parse(&shell.origin);
    origin.is_ok_and(|origin| ReturnTo::parse(path, &origin, &[]).is_some())
}
