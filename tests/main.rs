//! All tests that need the whole binary or the whole tree, in one test binary.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod clients;
mod commands;
mod crash;
mod fuzz;
mod hostile;
mod load;
mod oracles;
mod postfix;
mod reload;
mod rules;
mod support;
mod trip;
mod walls;
