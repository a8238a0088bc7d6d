//! What a request must be before a handler sees it: one guard for each privilege.

pub mod caller;
pub mod client;
pub mod fetch_metadata;
pub mod for_scripts;
pub mod mark;
pub mod network;
pub mod popup;
pub mod storage_access;
pub mod visitor;
