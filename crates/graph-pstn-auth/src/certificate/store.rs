//! Where certificate and key come from, and whether they have changed since.

use std::{
    fs::File,
    io::Read as _,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::digest::{self, SHA256};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::identity::Identity;
use crate::Error;

/// Certificates are a few KiB; a file this large is something else.
const LARGEST: u64 = 1 << 20;

/// Where some bytes are.
pub(super) enum Place {
    Memory(Zeroizing<Vec<u8>>),
    File(PathBuf),
}

impl Place {
    pub(super) fn read(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let path = match self {
            Self::Memory(bytes) => return Ok(bytes.clone()),
            Self::File(path) => path,
        };
        let shown = path.display();
        let mut bytes = Zeroizing::new(Vec::new());
        let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
        read.map_err(|e| {
            Error::config(format!("the certificate file {shown} cannot be read")).with_source(e)
        })?;
        if bytes.len() as u64 > LARGEST {
            return Err(Error::config(format!(
                "{shown} is larger than 1 MiB, so it is no certificate"
            )));
        }
        Ok(bytes)
    }

    fn may_change(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

/// An identity, and the hash of the bytes that it was read from.
type Read = (Arc<Identity>, Vec<u8>);

/// The certificate and key in use.
pub(super) struct Store {
    certificate: Place,
    key: Option<Place>,
    password: Option<SecretString>,
    current: Mutex<Read>,
}

impl Store {
    /// # Errors
    /// When a file cannot be read, or certificate and key cannot be used.
    pub(super) fn open(
        certificate: Place,
        key: Option<Place>,
        password: Option<SecretString>,
    ) -> Result<Self, Error> {
        let bytes = Contents::read(&certificate, key.as_ref())?;
        let identity = bytes.identity(password.as_ref())?;
        Ok(Self {
            current: Mutex::new((Arc::new(identity), bytes.hash())),
            certificate,
            key,
            password,
        })
    }

    /// The identity as it is now; the one from before if the files are no good at the moment.
    pub(super) fn current(&self) -> Result<Arc<Identity>, Error> {
        let places = [Some(&self.certificate), self.key.as_ref()];
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if places.into_iter().flatten().any(Place::may_change) {
            match self.changed(&current.1) {
                Ok(None) => {}
                Ok(Some(new)) => {
                    tracing::info!("the certificate has changed; the new one is used from now on");
                    *current = new;
                }
                Err(error) => tracing::warn!(
                    "the certificate cannot be read again; the one in memory is used: {error}"
                ),
            }
        }
        Ok(current.0.clone())
    }

    fn changed(&self, hash: &[u8]) -> Result<Option<Read>, Error> {
        let bytes = Contents::read(&self.certificate, self.key.as_ref())?;
        let new_hash = bytes.hash();
        if new_hash == hash {
            return Ok(None);
        }
        let identity = bytes.identity(self.password.as_ref())?;
        Ok(Some((Arc::new(identity), new_hash)))
    }
}

/// What stands in the files.
struct Contents {
    certificate: Zeroizing<Vec<u8>>,
    key: Option<Zeroizing<Vec<u8>>>,
}

impl Contents {
    fn read(certificate: &Place, key: Option<&Place>) -> Result<Self, Error> {
        Ok(Self {
            certificate: certificate.read()?,
            key: key.map(Place::read).transpose()?,
        })
    }

    fn hash(&self) -> Vec<u8> {
        let mut context = digest::Context::new(&SHA256);
        context.update(&(self.certificate.len() as u64).to_le_bytes());
        context.update(&self.certificate);
        context.update(self.key.as_ref().map_or(&[], |key| key.as_slice()));
        context.finish().as_ref().to_vec()
    }

    fn identity(&self, password: Option<&SecretString>) -> Result<Identity, Error> {
        let key = self.key.as_ref().map(|key| key.as_slice());
        Identity::read(&self.certificate, key, password)
    }
}
