//! Hashes passwords and compares them with their hashes (Argon2id, RFC 9106), in the PHC string format.
//!
//! Slow on purpose: never to be called on the runtime's own threads.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};
use secrecy::{ExposeSecret, SecretString};

/// The most that one hash may cost: a slip of the pen in the users file must not exhaust the machine. In KiB and
/// rounds.
const MAX_MEMORY: u32 = 1024 * 1024;
const MAX_ROUNDS: u32 = 100;

/// A password's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hash(PasswordHash);

impl Hash {
    /// Reads `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. The error is the end of a sentence for the operator.
    pub(super) fn parse(text: &str) -> Result<Hash, &'static str> {
        let hash = PasswordHash::new(text).ok().filter(|hash| hash.algorithm.as_str().starts_with("argon2"));
        let hash = hash.ok_or("the hash is no Argon2 hash: `telepost hash-password` makes them")?;
        if hash.salt.is_none() || hash.hash.is_none() {
            return Err("the hash is not complete");
        }
        let cost = Params::try_from(&hash).map_err(|_| "the hash has parameters that Argon2 does not know")?;
        if cost.m_cost() > MAX_MEMORY || cost.t_cost() > MAX_ROUNDS {
            return Err("the hash costs more than 1 GiB or 100 rounds");
        }
        Ok(Hash(hash))
    }

    /// Whether this is the hash of `password`. Takes the time that the hash's parameters ask for.
    pub(super) fn is_of(&self, password: &SecretString) -> bool {
        Argon2::default().verify_password(password.expose_secret().as_bytes(), &self.0).is_ok()
    }
}

/// Hashes a password for the users file, with a new salt and the parameters that OWASP recommends (19 MiB, 2 rounds).
///
/// # Errors
/// The system gives no random numbers. The error is a sentence for the operator.
pub fn hash_password(password: &SecretString) -> Result<String, String> {
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| format!("the password could not be hashed: {error}"))
}

/// A hash that costs next to nothing, for tests.
#[cfg(test)]
pub(in crate::smtp) fn cheap_hash(password: &str) -> String {
    let params = Params::new(Params::MIN_M_COST, 1, 1, None).unwrap();
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2.hash_password_with_salt(password.as_bytes(), b"not a real salt").unwrap().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_password() {
        let written = hash_password(&"s3cret: ü".into()).unwrap();
        assert!(written.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{written}");
        assert!(!written.contains(':'));
        let hash = Hash::parse(&written).unwrap();
        assert!(hash.is_of(&"s3cret: ü".into()));
        assert!(!hash.is_of(&"s3cret".into()));
        assert_ne!(hash_password(&"s3cret: ü".into()).unwrap(), written);
    }

    #[test]
    fn hashes_of_other_kinds_are_refused() {
        let none = "the hash is no Argon2 hash: `telepost hash-password` makes them";
        let table = [
            ("", none),
            ("secret", none),
            ("$6$salt$hash", none),
            ("$2b$10$abcdefghijklmnopqrstuv", none),
            ("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ", "the hash is not complete"),
            (
                "$argon2id$v=19$m=8,t=1,x=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo",
                "the hash has parameters that Argon2 does not know",
            ),
            (
                "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo",
                "the hash costs more than 1 GiB or 100 rounds",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(Hash::parse(text), Err(expected), "{text}");
        }
        assert!(Hash::parse(&cheap_hash("x")).unwrap().is_of(&"x".into()));
    }
}
