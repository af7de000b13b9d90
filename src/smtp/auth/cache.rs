//! Remembers for a moment which credentials were right, so that a client that logs in for every mail does not cost a
//! slow hash each time.
//!
//! Holds no passwords: only their digests under a key that no other process ever knows. What was right counts only as
//! long as the users file has the same hash for that user. Time is an argument.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac::{self, Key, Tag};
use aws_lc_rs::rand::SystemRandom;
use secrecy::{ExposeSecret, SecretString};

use super::password::Hash;

/// How long credentials are remembered.
const MEMORY: Duration = Duration::from_secs(300);
/// Users remembered.
const MAX_USERS: usize = 1000;

/// Credentials that were right of late.
#[derive(Debug)]
pub(super) struct Cache {
    /// `None`: the system gave no random key, and nothing is remembered.
    key: Option<Key>,
    right: HashMap<String, Right>,
}

#[derive(Debug)]
struct Right {
    digest: Tag,
    hash: Hash,
    since: Instant,
}

impl Cache {
    pub(super) fn new() -> Cache {
        let key = Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok();
        Cache { key, right: HashMap::new() }
    }

    /// Whether `password` was found to be that of `name` not long before `now`, by `hash`.
    pub(super) fn knows(&self, name: &str, password: &SecretString, hash: &Hash, now: Instant) -> bool {
        let (Some(key), Some(right)) = (&self.key, self.right.get(name)) else { return false };
        let is_fresh = now.duration_since(right.since) < MEMORY && right.hash == *hash;
        is_fresh && hmac::verify(key, password.expose_secret().as_bytes(), right.digest.as_ref()).is_ok()
    }

    /// Remembers that `password` is that of `name` by `hash`.
    pub(super) fn remember(&mut self, name: &str, password: &SecretString, hash: &Hash, now: Instant) {
        let Some(key) = &self.key else { return };
        if self.right.len() >= MAX_USERS {
            self.right.retain(|_, right| now.duration_since(right.since) < MEMORY);
        }
        if self.right.len() >= MAX_USERS {
            self.right.clear();
        }
        let digest = hmac::sign(key, password.expose_secret().as_bytes());
        self.right.insert(name.to_owned(), Right { digest, hash: hash.clone(), since: now });
    }
}

#[cfg(test)]
mod tests {
    use super::super::password::cheap_hash;
    use super::*;

    #[test]
    fn only_what_was_right_is_known_and_not_for_long() {
        let (mut cache, now) = (Cache::new(), Instant::now());
        let [hash, other] = ["a", "b"].map(|password| Hash::parse(&cheap_hash(password)).unwrap());
        assert!(!cache.knows("joe", &"a".into(), &hash, now));
        cache.remember("joe", &"a".into(), &hash, now);
        assert!(cache.knows("joe", &"a".into(), &hash, now));
        assert!(!cache.knows("joe", &"b".into(), &hash, now));
        assert!(!cache.knows("ann", &"a".into(), &hash, now));
        assert!(!cache.knows("joe", &"a".into(), &other, now), "the file has another hash now");
        assert!(cache.knows("joe", &"a".into(), &hash, now + MEMORY - Duration::from_secs(1)));
        assert!(!cache.knows("joe", &"a".into(), &hash, now + MEMORY));
    }

    #[test]
    fn many_users_cost_no_memory() {
        let (mut cache, now) = (Cache::new(), Instant::now());
        let hash = Hash::parse(&cheap_hash("a")).unwrap();
        for n in 0..MAX_USERS * 2 {
            cache.remember(&n.to_string(), &"a".into(), &hash, now);
        }
        assert!(cache.right.len() <= MAX_USERS);
        assert!(cache.knows(&(MAX_USERS * 2 - 1).to_string(), &"a".into(), &hash, now));
    }
}
