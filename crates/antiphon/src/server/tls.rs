//! The certificate of a server.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, InconsistentKeys, ServerConfig};

/// A certificate and its key, for [`Server::tls`](crate::Server::tls).
///
/// TLS 1.2 and 1.3 are spoken, by rustls with ring, and HTTP/2 or HTTP/1.1 within it, as the client wants
/// (ALPN). Clients are not asked for certificates.
///
/// A clone is the same certificate: [`reload`](Self::reload) by one is seen by the server that has the
/// other.
///
/// # Examples
///
/// A server that reads its certificate anew at SIGHUP:
///
/// ```no_run
/// use antiphon::{PlainTextResponse, Server, Tls};
/// use tokio::signal::unix::{SignalKind, signal};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let tls = Tls::from_pem("fullchain.pem", "privkey.pem")?;
///     let server = Server::bind("0.0.0.0:443").await?.tls(tls.clone());
///
///     let mut hang_ups = signal(SignalKind::hangup())?;
///     tokio::spawn(async move {
///         while hang_ups.recv().await.is_some() {
///             if let Err(error) = tls.reload() {
///                 eprintln!("the old certificate stays: {error}");
///             }
///         }
///     });
///     server.serve(PlainTextResponse::new("hi")).await?;
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    cert_chain: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads a certificate and its key from files in PEM.
    ///
    /// `cert_chain` is the server's own certificate, followed by those that lead to one that clients know;
    /// certbot calls it `fullchain.pem`. `key` is its private key, in PKCS #8, PKCS #1 or SEC 1; all else in
    /// the file is passed over, so both may be one file.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if a file cannot be read or has no certificate or key in it, if the key is encrypted or
    /// of a kind that is not known, or is not the certificate's. The text names the file.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::Tls;
    ///
    /// let error = Tls::from_pem("no/such.pem", "privkey.pem").unwrap_err();
    /// assert!(error.to_string().starts_with("no/such.pem: cannot be read: "));
    /// let error = Tls::from_pem("Cargo.toml", "privkey.pem").unwrap_err();
    /// let text = "Cargo.toml: expected a certificate in PEM, but found none";
    /// assert_eq!(error.to_string(), text);
    /// ```
    pub fn from_pem(
        cert_chain: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        let (cert_chain, key) = (cert_chain.into(), key.into());
        let config = RwLock::new(read(&cert_chain, &key)?);
        Ok(Self(Arc::new(Inner {
            cert_chain,
            key,
            config,
        })))
    }

    /// Reads both files again. Connections that come from now on get what is in them; those that are open
    /// keep what they have.
    ///
    /// The files are read at once, on the thread that asks.
    ///
    /// # Errors
    ///
    /// Those of [`from_pem`](Self::from_pem). The certificate that was read before stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let config = read(&self.0.cert_chain, &self.0.key)?;
        let own = self.0.config.write();
        *own.unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Returns what the next handshake is done by.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        let config = self.0.config.read();
        Arc::clone(&config.unwrap_or_else(PoisonError::into_inner))
    }
}

fn read(cert_chain: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let error = |path: &Path, reason| TlsError {
        path: path.to_owned(),
        reason,
    };
    let text = fs::read(cert_chain).map_err(|io| error(cert_chain, Reason::Unreadable(io)))?;
    let certificates = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|pem| error(cert_chain, Reason::Malformed(pem)))?;
    if certificates.is_empty() {
        return Err(error(cert_chain, Reason::NoCertificate));
    }
    let text = fs::read(key).map_err(|io| error(key, Reason::Unreadable(io)))?;
    let secret = PrivateKeyDer::from_pem_slice(&text).map_err(|pem| {
        let is_encrypted = text
            .windows(ENCRYPTED.len())
            .any(|window| window == ENCRYPTED);
        error(
            key,
            match pem {
                pem::Error::NoItemsFound if is_encrypted => Reason::Encrypted,
                pem::Error::NoItemsFound => Reason::NoKey,
                pem => Reason::Malformed(pem),
            },
        )
    })?;

    let provider = Arc::new(ring::default_provider());
    // Rather than by rustls's own builder, which does not say whose fault it is.
    let signer = provider
        .key_provider
        .load_private_key(secret)
        .map_err(|tls| error(key, Reason::Refused(tls)))?;
    let certified = CertifiedKey::new(certificates, signer);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
        Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            return Err(error(key, Reason::OfAnother(cert_chain.to_owned())));
        }
        Err(tls) => return Err(error(cert_chain, Reason::Refused(tls))),
    }
    config(provider, certified).map_err(|tls| error(cert_chain, Reason::Refused(tls)))
}

fn config(
    provider: Arc<CryptoProvider>,
    certified: CertifiedKey,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Only(Arc::new(certified))));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The certificate that every client gets, whatever name it asks for.
#[derive(Debug)]
struct Only(Arc<CertifiedKey>);

impl ResolvesServerCert for Only {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tls")
            .field("cert_chain", &self.0.cert_chain)
            .field("key", &self.0.key)
            .finish_non_exhaustive()
    }
}

/// The error of a certificate or a key that cannot be used.
#[derive(Debug)]
pub struct TlsError {
    path: PathBuf,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    Unreadable(io::Error),
    Malformed(pem::Error),
    NoCertificate,
    NoKey,
    Encrypted,
    OfAnother(PathBuf),
    Refused(rustls::Error),
}

impl TlsError {
    /// Returns the file that is at fault.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.path.display())?;
        match &self.reason {
            Reason::Unreadable(error) => write!(formatter, "cannot be read: {error}"),
            Reason::Malformed(error) => write!(formatter, "is no right PEM: {error}"),
            Reason::NoCertificate => {
                formatter.write_str("expected a certificate in PEM, but found none")
            }
            Reason::NoKey => formatter.write_str("expected a private key in PEM, but found none"),
            Reason::Encrypted => formatter.write_str(
                "expected a private key that can be read, but found an encrypted one: \
                 write it without its passphrase by `openssl pkey`",
            ),
            Reason::OfAnother(cert_chain) => write!(
                formatter,
                "expected the key of the first certificate of {}, but found another",
                cert_chain.display()
            ),
            Reason::Refused(error) => write!(formatter, "cannot be used: {error}"),
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::Unreadable(error) => Some(error),
            Reason::Malformed(error) => Some(error),
            Reason::Refused(error) => Some(error),
            _ => None,
        }
    }
}

const ENCRYPTED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
