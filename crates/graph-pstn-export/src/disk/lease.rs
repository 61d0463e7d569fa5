//! A lease of a folder of an object store: an object that says who writes there, and until when.
//!
//! Whoever holds it renews it in good time. One that has run out may be taken over: its holder was killed, or is cut off. Clocks
//! may differ, and then two may hold it; that costs work, but no rows, since objects are replaced only as they were read.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use graph_pstn_model::{OffsetDateTime, TimeRange, format_time};
use object_store::path::Path as Name;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, UpdateVersion};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::place::{Place, version};

/// Readers of such folders pass over what begins with an underscore.
const NAME: &str = "_graph-pstn.lease";
const LENGTH: Duration = Duration::from_secs(120);
const RENEWAL: Duration = Duration::from_secs(30);

/// A lease that is held, and renewed, until it is dropped.
pub(super) struct Lease {
    place: Place,
    name: Name,
    held: Arc<Mutex<Option<UpdateVersion>>>,
    /// Renewal ends when this goes.
    _renewal: oneshot::Sender<()>,
}

/// What the object holds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Terms {
    holder: String,
    until: String,
}

impl Terms {
    fn new(holder: &str) -> Self {
        Self {
            holder: holder.to_owned(),
            until: format_time(OffsetDateTime::now_utc() + LENGTH).to_string(),
        }
    }

    /// One that cannot be read binds nobody.
    fn binds(content: &[u8], holder: &str) -> bool {
        let Ok(terms) = serde_json::from_slice::<Self>(content) else {
            return false;
        };
        let until = TimeRange::parse_instant(&terms.until);
        terms.holder != holder && until.is_ok_and(|until| until > OffsetDateTime::now_utc())
    }

    fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Lease {
    /// Takes the lease; `None` if another holds it.
    pub(super) fn take(place: Place, holder: &str) -> io::Result<Option<Self>> {
        let name = place.name(NAME);
        let (of, as_holder) = (name.clone(), holder.to_owned());
        let taken = place.wait(|store| async move { take(&*store, &of, &as_holder).await })?;
        let Some(taken) = taken else {
            return Ok(None);
        };
        let held = Arc::new(Mutex::new(Some(taken)));
        let (renewal, ended) = oneshot::channel();
        place.spawn(renew(
            place.store.clone(),
            name.clone(),
            holder.to_owned(),
            held.clone(),
            ended,
        ));
        Ok(Some(Self {
            place,
            name,
            held,
            _renewal: renewal,
        }))
    }
}

async fn take(
    store: &dyn ObjectStore,
    name: &Name,
    holder: &str,
) -> object_store::Result<Option<UpdateVersion>> {
    let mode = match store.get(name).await {
        Ok(there) => {
            let version = version(&there.meta);
            if Terms::binds(&there.bytes().await?, holder) {
                return Ok(None);
            }
            PutMode::Update(version)
        }
        Err(Error::NotFound { .. }) => PutMode::Create,
        Err(error) => return Err(error),
    };
    let terms = Terms::new(holder).text();
    match store.put_opts(name, terms.into(), mode.into()).await {
        Ok(put) => Ok(Some(put.into())),
        // Somebody else was quicker.
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn renew(
    store: Arc<dyn ObjectStore>,
    name: Name,
    holder: String,
    held: Arc<Mutex<Option<UpdateVersion>>>,
    mut ended: oneshot::Receiver<()>,
) {
    // At its end the channel closes.
    while tokio::time::timeout(RENEWAL, &mut ended).await.is_err() {
        let version = held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(version) = version else { return };
        let mode = PutMode::Update(version.clone());
        let terms = Terms::new(&holder).text();
        let next = match store.put_opts(&name, terms.into(), mode.into()).await {
            Ok(put) => Some(put.into()),
            // Another has it.
            Err(Error::NotFound { .. } | Error::Precondition { .. }) => None,
            // There is time left to try again.
            Err(_) => Some(version),
        };
        *held.lock().unwrap_or_else(PoisonError::into_inner) = next;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let held = self
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // Where it was lost, it is another's, which may not be known yet.
        let Some(held) = held else { return };
        let name = self.name.clone();
        // What stays runs out.
        let _ = self.place.wait(|store| async move {
            // Stores have no conditional deletion that all of them share, so a last look has to do.
            let there = store.head(&name).await?;
            match version(&there).e_tag == held.e_tag {
                true => store.delete(&name).await,
                false => Ok(()),
            }
        });
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
