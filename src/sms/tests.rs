//! The whole room: what comes out holds what is promised.
