//! Any bytes as a mail; see ../trip.rs.
#![no_main]

#[path = "../trip.rs"]
#[allow(dead_code)]
mod trip;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trip::mail(bytes));
