//! Pages and redirects that may stand in a window which a client's page has opened.

use super::mark::Mark;

/// An answer that can stand in such a window: it is sent `Cross-Origin-Opener-Policy: unsafe-none`,
/// and so are its errors.
pub type InPopup = Mark<Popup>;

/// What [`InPopup`] says.
#[derive(Debug)]
pub enum Popup {}
