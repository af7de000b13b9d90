//! What the slots of one gateway share: the gateway, its pace and the sign to stop. Values only.

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::limit::Pace;
use crate::gateway::{Gateway, Settings};

pub struct Road {
    pub gateway: Gateway,
    pub pace: Mutex<Pace>,
    /// From then on a slot finishes the part that is on its way and gives back the rest.
    pub stop: CancellationToken,
}

impl Road {
    pub fn new(settings: Settings, stop: CancellationToken) -> Road {
        let pace = Mutex::new(Pace::new(settings.rate));
        Road { gateway: Gateway::new(settings), pace, stop }
    }
}
