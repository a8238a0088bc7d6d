//! How fast is too fast.

use serde::Deserialize;

use super::RULES;

/// A bucket: how much it holds, and how fast it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How many at once, at least 1.
    pub burst: u32,
    /// One more after each of so many milliseconds, at least 1.
    pub every_ms: u64,
}

impl Rate {
    /// `burst` at once and one more every `every_ms`.
    #[must_use]
    pub const fn new(burst: u32, every_ms: u64) -> Self {
        Self { burst, every_ms }
    }
}

/// The rate of every rule; see the [module](super) for how they work together.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Sign-ins from one network, from devices not known.
    pub network: Rate,
    /// Sign-ins to one login from one network.
    pub login_and_network: Rate,
    /// Sign-ins to one login from everywhere.
    pub login: Rate,
    /// What is left to each network for a login whose bucket for everywhere is empty.
    pub login_and_network_slow: Rate,
    /// Sign-ins to one login from a device it knows.
    pub known_device: Rate,
    /// New accounts from one network.
    pub sign_up: Rate,
    /// New accounts on this node: a sanity limit.
    pub sign_up_node: Rate,
    /// Checks of the current password of one account.
    pub password_check: Rate,
    /// Payloads for one session and client.
    pub bridge: Rate,
    /// Authorization codes for one session and client.
    pub authorize: Rate,
    /// Wrong client secrets from one network.
    pub client_auth: Rate,
    /// Operations of one client for one person.
    pub operations: Rate,
    /// Operations of one client.
    pub client_operations: Rate,
    /// Flows begun from one network.
    pub flows: Rate,
    /// Windows of one network that wait for flows which do not begin.
    pub flow_waits: Rate,
    /// Checks of one client, which look at its pages.
    pub check: Rate,
    /// Identifications that pages begin to wait for, from one network.
    pub monitors: Rate,
    /// Identifications of one person that pages of one client begin to wait for.
    pub identifications: Rate,
    /// Questions of one client when somebody was identified.
    pub identification_reads: Rate,
    /// How many buckets each rule remembers; about 32 bytes each.
    pub max_keys: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            network: Rate::new(60, 2_000),
            login_and_network: Rate::new(10, 60_000),
            login: Rate::new(100, 60_000),
            login_and_network_slow: Rate::new(1, 600_000),
            known_device: Rate::new(10, 60_000),
            sign_up: Rate::new(20, 180_000),
            sign_up_node: Rate::new(1_000, 1_000),
            password_check: Rate::new(10, 60_000),
            bridge: Rate::new(30, 2_000),
            authorize: Rate::new(30, 2_000),
            client_auth: Rate::new(300, 200),
            operations: Rate::new(10, 30_000),
            client_operations: Rate::new(2_000, 20),
            flows: Rate::new(60, 1_000),
            flow_waits: Rate::new(60, 1_000),
            check: Rate::new(10, 6_000),
            monitors: Rate::new(60, 1_000),
            identifications: Rate::new(20, 6_000),
            identification_reads: Rate::new(2_000, 20),
            max_keys: 100_000,
        }
    }
}

impl Settings {
    /// The same rate for every rule: for benches, and for tests of something else.
    #[must_use]
    pub fn all(rate: Rate) -> Self {
        Self {
            network: rate,
            login_and_network: rate,
            login: rate,
            login_and_network_slow: rate,
            known_device: rate,
            sign_up: rate,
            sign_up_node: rate,
            password_check: rate,
            bridge: rate,
            authorize: rate,
            client_auth: rate,
            operations: rate,
            client_operations: rate,
            flows: rate,
            flow_waits: rate,
            check: rate,
            monitors: rate,
            identifications: rate,
            identification_reads: rate,
            max_keys: Self::default().max_keys,
        }
    }

    /// In the order of [`super::Rule`].
    pub(super) fn rates(&self) -> [Rate; RULES] {
        [
            self.network,
            self.login_and_network,
            self.login,
            self.login_and_network_slow,
            self.known_device,
            self.sign_up,
            self.sign_up_node,
            self.password_check,
            self.bridge,
            self.authorize,
            self.client_auth,
            self.operations,
            self.client_operations,
            self.flows,
            self.flow_waits,
            self.check,
            self.monitors,
            self.identifications,
            self.identification_reads,
        ]
    }
}
