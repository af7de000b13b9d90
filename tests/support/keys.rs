//! What a listener needs for encryption and logins: a certificate by an authority that only this test knows, and a
//! users file with hashes by `telepost hash-password`.

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

use super::{Said, programs, telepost};

/// Who may log in.
pub const USER: &str = "helpdesk";
/// With which password; what is special to shells, URLs and base64 is in it. ASCII, because smtplib takes nothing else.
pub const PASSWORD: &str = "pa55:word+/ =";

/// A folder with the files.
pub struct Keys {
    folder: TempDir,
}

impl Keys {
    /// Files for a server at 127.0.0.1 and localhost. `permit` is what stands behind the user's hash, `""` or
    /// `:senders=…`.
    pub fn make(permit: &str) -> Keys {
        Keys::make_for(USER, PASSWORD, permit)
    }

    /// The same for another user.
    pub fn make_for(user: &str, password: &str, permit: &str) -> Keys {
        let keys = Keys { folder: tempfile::Builder::new().prefix("telepost-keys-").tempdir().expect("a folder") };
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        // With the same name as the server's certificate it would seem to be the same.
        authority.distinguished_name.push(DnType::CommonName, "telepost's tests");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let authority_key = KeyPair::generate().unwrap();
        keys.write("authority.pem", &authority.self_signed(&authority_key).unwrap().pem());
        let authority = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(["127.0.0.1", "localhost"].map(str::to_owned)).unwrap();
        keys.write("certificate.pem", &server.signed_by(&key, &authority).unwrap().pem());
        keys.write("key.pem", &key.serialize_pem());
        keys.write("users", &format!("{user}:{}{permit}\n", hash(password)));
        keys
    }

    /// The certificate of who signed the server's.
    pub fn authority(&self) -> String {
        self.path("authority.pem").display().to_string()
    }

    /// Lines of `[[listener]]` on a loopback port: encryption as `tls` says, and nobody trusted without a login.
    pub fn listener(&self, protocol: &str, tls: &str) -> String {
        let path = |name| self.path(name).display().to_string();
        let (certificate, key, users) = (path("certificate.pem"), path("key.pem"), path("users"));
        format!(
            "protocol = \"{protocol}\"\nbind = \"127.0.0.1:0\"\ntrusted = []\ntls = \"{tls}\"\n\
             certificate = \"{certificate}\"\nkey = \"{key}\"\nusers = \"{users}\""
        )
    }

    /// One of the files: `certificate.pem`, `key.pem`, `users`, `authority.pem`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }
}

/// What `telepost hash-password` makes of a password.
pub fn hash(password: &str) -> String {
    let said: Said = programs::run(telepost().arg("hash-password"), format!("{password}\n").as_bytes()).into();
    said.exits_with(0).stdout.trim_end().to_owned()
}
