//! The strongroom: what was answered with 250 lies here until it is sent, refused or expired.

mod parcel;
mod settings;

pub use parcel::{NewLetter, NewParcel, Parcel, ParcelId, State};
pub use settings::Settings;
