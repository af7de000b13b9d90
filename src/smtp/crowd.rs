//! Counts the open connections of a listener, in all and for each address, so that one client cannot take all places.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::settings::Settings;

/// The open connections of one listener.
#[derive(Debug)]
pub(super) struct Crowd {
    settings: Arc<Settings>,
    places: Arc<Semaphore>,
    open: Counts,
}

type Counts = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// A connection's place, given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    _place: OwnedSemaphorePermit,
    _count: Option<Count>,
}

/// One of an address's connections.
#[derive(Debug)]
struct Count {
    open: Counts,
    address: IpAddr,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// All places are taken.
    House,
    /// The client has as many as one client may have.
    Client,
}

impl Crowd {
    /// An empty house with as many places as the settings say.
    pub(super) fn new(settings: Arc<Settings>) -> Crowd {
        let places = Arc::new(Semaphore::new(settings.max_connections.min(Semaphore::MAX_PERMITS)));
        Crowd { settings, places, open: Counts::default() }
    }

    /// A place for one more connection from `address`, `None` on a Unix socket.
    pub(super) fn admit(&self, address: Option<IpAddr>) -> Result<Seat, Full> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Full::House)?;
        let count = match address.map(|address| address.to_canonical()).filter(|&address| self.is_counted(address)) {
            Some(address) => Some(self.count(address).ok_or(Full::Client)?),
            None => None,
        };
        Ok(Seat { _place: place, _count: count })
    }

    /// Whether an address has only so many places: those that bring everybody's mail need as many as it takes.
    fn is_counted(&self, address: IpAddr) -> bool {
        !self.settings.trusts(address) && !self.settings.is_proxy(address)
    }

    fn count(&self, address: IpAddr) -> Option<Count> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let already = open.get(&address).copied().unwrap_or(0);
        if already >= self.settings.max_connections_per_client {
            return None;
        }
        open.insert(address, already + 1);
        Some(Count { open: Arc::clone(&self.open), address })
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(open.remove(&self.address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(max_connections: usize, max_connections_per_client: usize) -> Crowd {
        Crowd::new(Arc::new(Settings { max_connections, max_connections_per_client, ..Settings::default() }))
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn an_address_has_its_places_and_no_trace_stays() {
        let crowd = crowd(100, 2);
        let first = crowd.admit(address("192.0.2.1")).unwrap();
        let second = crowd.admit(address("::ffff:192.0.2.1")).unwrap();
        assert_eq!(crowd.admit(address("192.0.2.1")).unwrap_err(), Full::Client);
        let other = crowd.admit(address("192.0.2.2")).unwrap();
        drop(first);
        let again = crowd.admit(address("192.0.2.1")).unwrap();
        assert_eq!(crowd.admit(address("192.0.2.1")).unwrap_err(), Full::Client);
        drop((second, other, again));
        assert!(crowd.open.lock().unwrap().is_empty());
        assert_eq!(crowd.places.available_permits(), 100);
    }

    #[test]
    fn those_who_bring_everybodys_mail_are_not_counted_but_the_house_has_its_limit() {
        let crowd = crowd(3, 1);
        let seats = [address("127.0.0.1"), address("127.0.0.1"), None].map(|address| crowd.admit(address).unwrap());
        assert_eq!(crowd.admit(address("192.0.2.1")).unwrap_err(), Full::House);
        drop(seats);
        assert!(crowd.admit(address("192.0.2.1")).is_ok());
    }
}
