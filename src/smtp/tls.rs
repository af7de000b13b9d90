//! Encrypts a connection with the operator's certificate (RFC 3207, RFC 8314).
//!
//! TLS 1.2 and 1.3, by rustls with aws-lc. The certificate and its key are read again when their files change, so that
//! a renewed one needs no restart; one that is not usable leaves the old one in force. Clients show no certificates.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, ServerConfig};
use tokio_rustls::server::TlsStream;

use super::settings::KeyFiles;
use super::watched::{FileError, Nonsense, Watched};

/// How long a client may take to agree on a key.
const LONGEST_HANDSHAKE: Duration = Duration::from_secs(30);

/// One listener's certificate.
#[derive(Debug)]
pub(super) struct Certificate {
    config: Watched<ServerConfig>,
}

impl Certificate {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// One of them cannot be read or is none, or they do not belong to each other.
    pub(super) fn open(files: &KeyFiles) -> Result<Certificate, FileError> {
        let files = vec![files.certificate.clone(), files.key.clone()];
        Ok(Certificate { config: Watched::open(files, config)? })
    }

    /// Agrees on a key with the client.
    ///
    /// # Errors
    /// The client speaks no TLS, or not as we do, or not in time.
    pub(super) async fn accept<S>(self: &Arc<Certificate>, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let certificate = Arc::clone(self);
        let config = spawn_blocking(move || certificate.config.current()).await?;
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no handshake in time");
        timeout(LONGEST_HANDSHAKE, TlsAcceptor::from(config).accept(stream)).await.map_err(late)?
    }
}

/// The certificate is file 0, its key file 1.
fn config(files: &[Vec<u8>]) -> Result<ServerConfig, Nonsense> {
    let certificate = |reason: String| Nonsense { file: 0, reason };
    let key = |reason: String| Nonsense { file: 1, reason };
    let [certificates, private] = files else { return Err(key("certificate and key are two files".to_owned())) };
    let chain = CertificateDer::pem_slice_iter(certificates).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| certificate(format!("the certificate is not readable: {error}")))?;
    if chain.is_empty() {
        return Err(certificate("there is no certificate in the file".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_slice(private);
    let private = private.map_err(|error| key(format!("the key is not readable: {error}")))?;
    // The provider is named rather than taken from the process, whose choice nobody here could rely on.
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|error| match error {
            Error::InconsistentKeys(_) => key("this is not the key of the certificate".to_owned()),
            Error::InvalidCertificate(error) => certificate(format!("the certificate is not usable: {error}")),
            error => key(format!("certificate and key are not usable: {error}")),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Vec<u8>, Vec<u8>) {
        let made = rcgen::generate_simple_self_signed(["sms.example.com".to_owned()]).unwrap();
        (made.cert.pem().into_bytes(), made.signing_key.serialize_pem().into_bytes())
    }

    /// Which file is wrong, and why.
    fn error(certificate: &[u8], key: &[u8]) -> String {
        let Nonsense { file, reason } = config(&[certificate.to_vec(), key.to_vec()]).map(|_| ()).unwrap_err();
        format!("{file}: {reason}")
    }

    #[test]
    fn only_a_certificate_with_its_own_key_is_taken() {
        let ((certificate, key), (_, other)) = (pair(), pair());
        assert!(config(&[certificate.clone(), key.clone()]).is_ok());
        let both = [certificate.clone(), key.clone()].concat();
        assert!(config(&[both.clone(), both]).is_ok());
        assert_eq!(error(&certificate, &other), "1: this is not the key of the certificate");
        assert_eq!(error(b"nonsense", &key), "0: there is no certificate in the file");
        assert!(error(&certificate, b"nonsense").starts_with("1: the key is not readable: "));
        assert!(error(&certificate[..200], &key).starts_with("0: the certificate is not readable: "));
        let no_certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(error(no_certificate, &key).starts_with("0: the certificate is not usable: "));
    }
}
