//! Clients that are slow, broken, gone or evil, against the real program: every one ends in a clear reply or a closed
//! connection, memory stays bounded, the next client is served, and nobody gets an SMS who should not.

mod bad_input;
mod broken;
mod smuggling;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::support::PATIENCE;

const FROM: &str = "sender@site.example";
const TO: &str = "00447731234567@sms.example.com";

/// Sends bytes and no more, and gives all that comes back until the server hangs up. Both at a time: a client that does
/// not listen while it talks would be left, and rightly.
fn talk(server: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server).expect("the server takes connections");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut heard = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // An error means that the server has hung up, and what it said tells why.
            writer.write_all(bytes).and_then(|()| writer.shutdown(Shutdown::Write)).ok();
        });
        // The same when it hung up while we still talked.
        stream.read_to_end(&mut heard).ok();
    });
    String::from_utf8(heard).expect("replies are ASCII")
}

/// The commands before a mail's text.
fn head() -> String {
    format!("EHLO client.example\r\nMAIL FROM:<{FROM}>\r\nRCPT TO:<{TO}>\r\n")
}
