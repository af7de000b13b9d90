//! Any bytes as a template and what fills it; see ../trip.rs.
#![no_main]

#[path = "../trip.rs"]
#[allow(dead_code)]
mod trip;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trip::template(bytes));
