//! What is stored of a password, and the memory it is computed in.
//!
//! The format is that of the PHC: `$argon2id$v=19$m=47104,t=1,p=1$<salt>$<hash>`, both in base64
//! without padding.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt};
use subtle::ConstantTimeEq;

use super::Cost;
use crate::random;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// A stored hash, read: all that is needed to compute it again.
pub(super) struct Stored {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Stored {
    /// What an unknown account is checked against: the work of a real hash of this cost. Its hash
    /// is random, so no password fits.
    pub(super) fn dummy(cost: Cost) -> Option<Self> {
        Some(Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: cost.params(HASH_BYTES)?,
            salt: random::bytes::<SALT_BYTES>().to_vec(),
            hash: random::bytes::<HASH_BYTES>().to_vec(),
        })
    }

    /// Reads a PHC string of any Argon2; `None` when it is malformed or asks for more than is
    /// ever computed.
    pub(super) fn parse(phc: &str) -> Option<Self> {
        let phc = PasswordHash::new(phc).ok()?;
        let hash = phc.hash?.as_bytes().to_vec();
        // A version was not written before 1.3; so says the specification of the format.
        let version = phc.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?;
        Some(Self {
            algorithm: Algorithm::try_from(phc.algorithm.as_str()).ok()?,
            version,
            params: cost(&phc.params)?.params(hash.len())?,
            salt: phc.salt?.to_vec(),
            hash,
        })
    }

    /// Whether a hash made today would look different.
    pub(super) fn is_outdated(&self, cost: Cost) -> bool {
        self.algorithm != Algorithm::Argon2id
            || self.version != Version::V0x13
            || Some(&self.params) != cost.params(HASH_BYTES).as_ref()
            || self.salt.len() < SALT_BYTES
    }

    /// Computes the hash of `password` as this one was and compares them in constant time.
    pub(super) fn matches(&self, password: &[u8], memory: &mut Memory) -> bool {
        let mut hash = vec![0; self.hash.len()];
        let argon2 = Argon2::new(self.algorithm, self.version, self.params.clone());
        memory.compute(&argon2, password, &self.salt, &mut hash)
            && bool::from(hash.ct_eq(&self.hash))
    }
}

/// Hashes a password under a new salt.
pub(super) fn hash(password: &[u8], cost: Cost, memory: &mut Memory) -> Option<String> {
    let salt = random::bytes::<SALT_BYTES>();
    let mut hash = [0; HASH_BYTES];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.params(HASH_BYTES)?);
    if !memory.compute(&argon2, password, &salt, &mut hash) {
        return None;
    }
    let mut params = ParamsString::new();
    params.add_decimal("m", cost.memory_kib).ok()?;
    params.add_decimal("t", cost.iterations).ok()?;
    params.add_decimal("p", cost.parallelism).ok()?;
    let stored = PasswordHash {
        algorithm: Ident::new(Algorithm::Argon2id.as_str()).ok()?,
        version: Some(Version::V0x13.into()),
        params,
        salt: Some(Salt::new(&salt).ok()?),
        hash: Some(Output::new(&hash).ok()?),
    };
    Some(stored.to_string())
}

/// `m`, `t` and `p`, each exactly once and nothing else: a key id or associated data is none of ours.
fn cost(params: &ParamsString) -> Option<Cost> {
    let only_three = params.iter().count() == 3;
    only_three.then_some(Cost {
        memory_kib: params.get_decimal("m")?,
        iterations: params.get_decimal("t")?,
        parallelism: params.get_decimal("p")?,
    })
}

/// The working memory of one thread: kept, since fresh memory makes a hash a third slower.
///
/// It is reserved at once and touched by the first job, so that a server nobody has signed in to
/// stays small.
pub(super) struct Memory {
    kept: Vec<Block>,
    size: usize,
}

impl Memory {
    pub(super) fn reserve(cost: Cost) -> Self {
        let size = cost.params(HASH_BYTES).map_or(0, |params| params.block_count());
        Self { kept: Vec::with_capacity(size), size }
    }

    /// Runs Argon2; false when it refuses, which no input that was checked makes it do.
    fn compute(
        &mut self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        hash: &mut [u8],
    ) -> bool {
        let blocks = argon2.params().block_count();
        let done = if blocks <= self.size {
            self.kept.resize(self.size, Block::new());
            argon2.hash_password_into_with_memory(password, salt, hash, &mut self.kept)
        } else {
            // A hash that was stored when more was asked for: once, then it is made anew.
            argon2.hash_password_into_with_memory(password, salt, hash, vec![Block::new(); blocks])
        };
        done.inspect_err(|error| tracing::error!(%error, "argon2 refused a job")).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: Cost = Cost { memory_kib: 8, iterations: 1, parallelism: 1 };

    fn hashed(password: &str, cost: Cost) -> String {
        hash(password.as_bytes(), cost, &mut Memory::reserve(cost)).expect("a hash")
    }

    fn matches(phc: &str, password: &str) -> Option<bool> {
        Some(Stored::parse(phc)?.matches(password.as_bytes(), &mut Memory::reserve(COST)))
    }

    #[test]
    fn the_string_names_everything_needed_to_check_it() {
        let phc = hashed("looking-glass", Cost { memory_kib: 16, iterations: 3, parallelism: 2 });
        let fields: Vec<_> = phc.split('$').collect();
        assert_eq!(fields[..4], ["", "argon2id", "v=19", "m=16,t=3,p=2"]);
        assert_eq!(fields[4].len(), 22, "16 bytes of salt");
        assert_eq!(fields[5].len(), 43, "32 bytes of hash");
        assert_eq!(fields.len(), 6);
        assert_eq!(matches(&phc, "looking-glass"), Some(true));
        assert_eq!(matches(&phc, "looking-glas"), Some(false));
    }

    #[test]
    fn the_same_password_has_another_hash_each_time() {
        assert_ne!(hashed("looking-glass", COST), hashed("looking-glass", COST));
    }

    #[test]
    fn hashes_of_the_reference_implementation_are_understood() {
        let of = "password";
        // From the test suite of P-H-C/phc-winner-argon2.
        for phc in [
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E",
            "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
        ] {
            assert_eq!(matches(phc, of), Some(true), "{phc}");
            assert_eq!(matches(phc, "Password"), Some(false), "{phc}");
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let good = hashed("looking-glass", COST);
        let bad = [
            String::new(),
            "looking-glass".to_owned(),
            "$argon2id".to_owned(),
            "$argon2id$v=19$m=8,t=1,p=1".to_owned(),
            "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ".to_owned(),
            good.replace("argon2id", "scrypt"),
            good.replace("v=19", "v=20"),
            good.replace("m=8", "m=7"),
            good.replace("m=8", "m=4294967295"),
            good.replace("m=8", "m=-8"),
            good.replace("t=1", "t=4294967295"),
            good.replace("t=1", "t=0"),
            good.replace("p=1", "p=16777215"),
            good.replace("p=1", "p=0"),
            good.replace(",p=1", ""),
            good.replace("p=1", "p=1,keyid=AAAA"),
            format!("{good}$"),
            format!("{good}\n"),
            good[..good.len() - 40].to_owned(),
        ];
        for phc in bad {
            assert_eq!(matches(&phc, "looking-glass"), None, "{phc}");
        }
    }

    #[test]
    fn another_cost_or_kind_is_outdated() {
        let good = hashed("looking-glass", COST);
        let outdated = |phc: &str| Stored::parse(phc).map(|stored| stored.is_outdated(COST));
        assert_eq!(outdated(&good), Some(false));
        for (now, then) in [("m=8", "m=9"), ("t=1", "t=2"), ("id$", "i$"), ("v=19", "v=16")] {
            assert_eq!(outdated(&good.replace(now, then)), Some(true), "{then}");
        }
        let salt = good.split('$').nth(4).expect("a salt");
        assert_eq!(outdated(&good.replace(salt, "c29tZXNhbHQ")), Some(true), "a short salt");
    }

    #[test]
    fn a_larger_hash_is_checked_in_memory_of_its_own() {
        let larger = hashed("looking-glass", Cost { memory_kib: 64, ..COST });
        let mut memory = Memory::reserve(COST);
        let stored = Stored::parse(&larger).expect("a hash");
        assert!(stored.matches(b"looking-glass", &mut memory));
        assert!(memory.kept.capacity() < 64, "and given back");
    }

    #[test]
    fn memory_is_touched_by_the_first_job_only() {
        let mut memory = Memory::reserve(COST);
        assert!(memory.kept.is_empty());
        let reserved = memory.kept.as_ptr();
        assert!(hash(b"looking-glass", COST, &mut memory).is_some());
        assert_eq!(memory.kept.len(), 8);
        assert_eq!(memory.kept.as_ptr(), reserved);
    }

    #[test]
    fn nothing_fits_the_dummy() {
        let dummy = Stored::dummy(COST).expect("a cost that can be computed");
        assert!(!dummy.is_outdated(COST));
        assert!(!dummy.matches(b"", &mut Memory::reserve(COST)));
    }
}
