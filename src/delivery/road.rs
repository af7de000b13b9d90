//! What the slots of one gateway share: the gateway, its pace, whether they may go on, and the sign to stop.

use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use super::limit::Pace;
use crate::gateway::{Gateway, Settings};

pub struct Road {
    pub gateway: Gateway,
    pub pace: Mutex<Pace>,
    /// From then on a slot finishes the part that is on its way and gives back the rest.
    pub stop: CancellationToken,
    onward: watch::Receiver<Onward>,
}

/// Whether a slot that is done takes the next parcel by itself, and the names of gateways that it may help out; `None`:
/// it asks first.
pub type Onward = Option<Vec<String>>;

impl Road {
    pub fn new(settings: Settings, stop: CancellationToken, onward: watch::Receiver<Onward>) -> Road {
        let pace = Mutex::new(Pace::new(settings.rate));
        Road { gateway: Gateway::new(settings), pace, stop, onward }
    }

    /// What holds now. Nobody goes on at the end, or when the lane is gone.
    pub fn onward(&self) -> Onward {
        let goes = !self.stop.is_cancelled() && self.onward.has_changed().is_ok();
        self.onward.borrow().clone().filter(|_| goes)
    }
}
