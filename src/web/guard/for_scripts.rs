//! Calls of scripts whose paths lie among those of pages.

use super::mark::Mark;

/// A route whose errors are JSON although it lies among pages.
pub type ForScripts = Mark<Scripts>;

/// What [`ForScripts`] says.
#[derive(Debug)]
pub enum Scripts {}
