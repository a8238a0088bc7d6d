//! What happened to the local session, and why something was refused.

/// What a request to the callback did to the local session: the header `X-Vestibule-Outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody was signed in here, now somebody is.
    Created,
    /// The same person was signed in here by an earlier sign-in at the accounts server; the session
    /// now belongs to the present one.
    Resumed,
    /// The same person by the same sign-in: another tab was quicker. With the same profile the
    /// session goes on as it is; with a changed one its id is new.
    Already,
    /// The person signed out over there, so the local session was closed.
    Closed,
    /// Nothing: there was no session to close, or the request was refused.
    None,
}

impl Outcome {
    /// As it stands in the header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Resumed => "resumed",
            Self::Already => "already",
            Self::Closed => "closed",
            Self::None => "none",
        }
    }
}

/// Why a request was refused; in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    ForeignPage,
    DoubledCookie,
    WrongType,
    TooLong,
    Malformed(&'static str),
    NoTransaction,
    AccountsUnreachable,
    AccountsWrong,
    AccountsSlow,
    /// With the seconds to wait.
    AccountsBusy(u64),
    PayloadRefused,
    PayloadGone,
    SomebodyElse,
    NobodySignedIn,
    Store,
}

impl Refusal {
    /// Status, error code and description.
    pub(super) fn facts(&self) -> (u16, &'static str, &'static str) {
        match self {
            Self::ForeignPage => (403, "foreign_origin", "Only a page of this site may ask this."),
            Self::DoubledCookie => (400, "invalid_request", "A `__Host-` cookie was sent twice."),
            Self::WrongType => (
                415,
                "invalid_request",
                "The body must be application/json or application/x-www-form-urlencoded.",
            ),
            Self::TooLong => (413, "invalid_request", "The body is too long."),
            Self::Malformed(what) => (400, "invalid_request", what),
            Self::NoTransaction => (
                403,
                "invalid_nonce",
                "The cookie that the nonce is derived from is missing; ask for a nonce first.",
            ),
            Self::AccountsUnreachable => {
                (502, "accounts_unreachable", "The accounts server cannot be reached.")
            }
            Self::AccountsWrong => {
                (502, "accounts_error", "The accounts server gave no usable answer.")
            }
            Self::AccountsSlow => {
                (504, "accounts_timeout", "The accounts server did not answer in time.")
            }
            Self::AccountsBusy(_) => {
                (503, "accounts_busy", "The accounts server asks to try again later.")
            }
            Self::PayloadRefused => {
                (403, "payload_refused", "The payload is not for this site, page or browser.")
            }
            Self::PayloadGone => (410, "payload_gone", "The payload was used or has expired."),
            Self::SomebodyElse => (
                409,
                "other_account",
                "Somebody else is signed in here; that session must be closed first.",
            ),
            Self::NobodySignedIn => (401, "login_required", "Nobody is signed in."),
            Self::Store => (500, "server_error", "Something went wrong here; try again later."),
        }
    }
}
