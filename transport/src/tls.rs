//! TLS 1.3 with raw public keys on both sides (RFC 7250); see
//! `docs/decisions/0001-raw-public-keys.md`.
//!
//! The handshake proves that the peer holds a key, and on the client that it is the key
//! expected. Whether the key may do anything is judged by whoever gets the connection.

use std::sync::{Arc, OnceLock};

use canbao_core::signing::{PublicKey, SigningKey};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring as provider};
use rustls::pki_types::{
    CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    SignatureScheme,
};

/// DER of `SubjectPublicKeyInfo` for Ed25519 (RFC 8410) up to the key's 32 bytes.
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0,
];
/// DER of a PKCS #8 private key for Ed25519 (RFC 8410) up to the seed's 32 bytes.
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 2, 1, 0, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// What a connection is for, agreed in the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alpn {
    /// A sync session; the client shows its device's key.
    Sync,
    /// Enrolment; the client has no key that anyone knows.
    Enrol,
}

impl Alpn {
    pub(crate) const ALL: [Self; 2] = [Self::Sync, Self::Enrol];

    pub(crate) fn label(self) -> &'static [u8] {
        match self {
            Self::Sync => b"canbao-sync/1",
            Self::Enrol => b"canbao-enrol/1",
        }
    }

    pub(crate) fn from_label(label: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|alpn| alpn.label() == label)
    }
}

/// A client's configuration. The server's key is put into `found` even when it is refused.
pub(crate) fn client_config(
    own: Option<Arc<CertifiedKey>>,
    expected: Option<PublicKey>,
    found: Arc<OnceLock<PublicKey>>,
    alpn: Alpn,
) -> ClientConfig {
    let verifier = ServerKeyVerifier {
        expected,
        found,
        algorithms: algorithms(),
    };
    let mut config = ClientConfig::builder_with_provider(crypto())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(ClientKey(own)));
    config.alpn_protocols = vec![alpn.label().to_vec()];
    config.resumption = Resumption::disabled();
    config
}

/// A server's configuration. A client without a key is let through the handshake, since only
/// the protocol agreed in it tells whether one is needed.
pub(crate) fn server_config(key: &SigningKey) -> ServerConfig {
    let verifier = ClientKeyVerifier {
        algorithms: algorithms(),
    };
    let mut config = ServerConfig::builder_with_provider(crypto())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has TLS 1.3")
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(certified(
            key,
        ))));
    config.alpn_protocols = Alpn::ALL.map(|alpn| alpn.label().to_vec()).to_vec();
    config.send_tls13_tickets = 0;
    config
}

/// A signing key as rustls wants it.
pub(crate) fn certified(key: &SigningKey) -> Arc<CertifiedKey> {
    let pkcs8 = [PKCS8_PREFIX.as_slice(), key.seed()].concat();
    let signer = provider::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(pkcs8))
        .expect("a seed in PKCS #8 is a key");
    let spki = [SPKI_PREFIX.as_slice(), &key.public().0].concat();
    Arc::new(CertifiedKey::new(vec![CertificateDer::from(spki)], signer))
}

/// The key in what a peer showed as its identity.
pub(crate) fn public_key(spki: &[u8]) -> Option<PublicKey> {
    let key = spki.strip_prefix(SPKI_PREFIX.as_slice())?;
    key.try_into().ok().map(PublicKey)
}

fn crypto() -> Arc<CryptoProvider> {
    Arc::new(provider::default_provider())
}

fn algorithms() -> WebPkiSupportedAlgorithms {
    provider::default_provider().signature_verification_algorithms
}

fn verify(
    message: &[u8],
    shown: &CertificateDer<'_>,
    signature: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let spki = SubjectPublicKeyInfoDer::from(shown.as_ref());
    rustls::crypto::verify_tls13_signature_with_raw_key(message, &spki, signature, algorithms)
}

fn shown_key(
    shown: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
) -> Result<PublicKey, Error> {
    match public_key(shown) {
        Some(key) if intermediates.is_empty() => Ok(key),
        _ => Err(Error::InvalidCertificate(CertificateError::BadEncoding)),
    }
}

/// The raw key of a client, or of one that has none but still speaks raw keys.
#[derive(Debug)]
struct ClientKey(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for ClientKey {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn only_raw_public_keys(&self) -> bool {
        true
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

/// Compares the server's key with the one expected, before the client shows its own.
#[derive(Debug)]
struct ServerKeyVerifier {
    expected: Option<PublicKey>,
    found: Arc<OnceLock<PublicKey>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for ServerKeyVerifier {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let key = shown_key(shown, intermediates)?;
        let found = self.found.get_or_init(|| key);
        if *found != key || self.expected.is_some_and(|expected| expected != key) {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify(message, shown, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

/// Lets in any Ed25519 key whose possession the handshake proves.
#[derive(Debug)]
struct ClientKeyVerifier {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for ClientKeyVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        shown_key(shown, intermediates).map(|_| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify(message, shown, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
