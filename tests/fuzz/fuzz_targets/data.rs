//! Any bytes as what a client sends in lines, after DATA and after BDAT; see ../door.rs.
#![no_main]

#[path = "../door.rs"]
#[allow(dead_code)]
mod door;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| door::data(bytes));
