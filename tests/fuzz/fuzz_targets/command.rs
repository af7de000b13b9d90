//! Any bytes as a command line; see ../door.rs.
#![no_main]

#[path = "../door.rs"]
#[allow(dead_code)]
mod door;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| door::command(bytes));
