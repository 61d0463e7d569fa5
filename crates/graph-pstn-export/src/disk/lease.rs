//! A lease of a folder of an object store: an object that says who writes there, and until when.
//!
//! Whoever holds it renews it in good time. One that has run out may be taken over: its holder was killed, or is cut off. Clocks
//! may differ, and then two may hold it; that costs work, but no rows, since objects are replaced only as they were read. What has
//! no such condition waits until the lease is [confirmed](Lease::confirm).

use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use graph_pstn_model::{OffsetDateTime, TimeRange, format_time};
use object_store::path::Path as Name;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, UpdateVersion};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, oneshot};

use super::place::{Place, version};

/// Readers of such folders pass over what begins with an underscore.
const NAME: &str = "_graph-pstn.lease";
const LENGTH: Duration = Duration::from_secs(120);
const RENEWAL: Duration = Duration::from_secs(30);

/// A lease that is held, and renewed, until it is dropped.
pub(super) struct Lease {
    place: Place,
    object: Arc<Object>,
    /// Renewal ends when this goes.
    _renewal: oneshot::Sender<()>,
}

/// What came of a try to take it.
pub(super) enum Outcome<T> {
    Taken(T),
    /// Another has it, of which this is to be told.
    Anothers(String),
}

/// What the object holds.
#[derive(Debug, Serialize, Deserialize)]
struct Terms {
    holder: String,
    /// Drawn anew by each run.
    #[serde(default)]
    run: u64,
    until: String,
}

impl Terms {
    fn read(content: &[u8]) -> Option<Self> {
        serde_json::from_slice(content).ok()
    }

    /// How long it keeps others out, if it does. Without a time that can be read it does not.
    fn left(&self) -> Option<Duration> {
        let until = TimeRange::parse_instant(&self.until).ok()?;
        let left = (until - OffsetDateTime::now_utc()).try_into().ok()?;
        (left > Duration::ZERO).then_some(left)
    }

    fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What somebody who has to wait is told.
fn told(left: Duration) -> String {
    let seconds = left.as_secs() + 1;
    let mut text = format!("its lease {NAME} runs out in {seconds} s unless that run renews it");
    if left > 2 * LENGTH {
        text.push_str(", by a clock that differs from this one: remove it if nobody writes there");
    }
    text
}

/// The object, as the run that holds it knows it.
struct Object {
    name: Name,
    holder: String,
    run: u64,
    /// What was put last; `None` once another has it.
    held: Mutex<Option<UpdateVersion>>,
}

impl Object {
    fn new(name: Name, holder: &str) -> Self {
        Self {
            name,
            holder: holder.to_owned(),
            run: RandomState::new().hash_one(holder),
            held: Mutex::new(None),
        }
    }

    fn terms(&self) -> String {
        let terms = Terms {
            holder: self.holder.clone(),
            run: self.run,
            until: format_time(OffsetDateTime::now_utc() + LENGTH).to_string(),
        };
        terms.text()
    }

    async fn take(&self, store: &dyn ObjectStore) -> object_store::Result<Outcome<()>> {
        let mode = match store.get(&self.name).await {
            Ok(there) => {
                let version = version(&there.meta);
                let terms = Terms::read(&there.bytes().await?);
                let of_another = terms.filter(|terms| terms.holder != self.holder);
                if let Some(left) = of_another.and_then(|terms| terms.left()) {
                    return Ok(Outcome::Anothers(told(left)));
                }
                PutMode::Update(version)
            }
            Err(Error::NotFound { .. }) => PutMode::Create,
            Err(error) => return Err(error),
        };
        match self.put(store, mode).await {
            Ok(put) => {
                *self.held.lock().await = Some(put);
                Ok(Outcome::Taken(()))
            }
            // Somebody else was quicker.
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                Ok(Outcome::Anothers(told(LENGTH)))
            }
            Err(error) => Err(error),
        }
    }

    /// Puts its end off, and says whether it is held still.
    async fn renew(&self, store: &dyn ObjectStore) -> object_store::Result<bool> {
        let mut held = self.held.lock().await;
        let Some(last) = held.clone() else {
            return Ok(false);
        };
        *held = match self.put(store, PutMode::Update(last)).await {
            Ok(put) => Some(put),
            Err(Error::NotFound { .. } | Error::Precondition { .. }) => self.found(store).await?,
            Err(error) => return Err(error),
        };
        Ok(held.is_some())
    }

    async fn put(
        &self,
        store: &dyn ObjectStore,
        mode: PutMode,
    ) -> object_store::Result<UpdateVersion> {
        let put = store.put_opts(&self.name, self.terms().into(), mode.into());
        Ok(put.await?.into())
    }

    /// The object that is there, if it is of this run: it was put, and the store's answer was lost.
    async fn found(&self, store: &dyn ObjectStore) -> object_store::Result<Option<UpdateVersion>> {
        let there = match store.get(&self.name).await {
            Err(Error::NotFound { .. }) => return Ok(None),
            there => there?,
        };
        let version = version(&there.meta);
        let terms = Terms::read(&there.bytes().await?);
        let is_ours =
            terms.is_some_and(|terms| terms.holder == self.holder && terms.run == self.run);
        Ok(is_ours.then_some(version))
    }

    async fn keep(&self, store: &dyn ObjectStore, mut ended: oneshot::Receiver<()>) {
        // At its end the channel closes.
        while tokio::time::timeout(RENEWAL, &mut ended).await.is_err() {
            // After an error there is time left to try again.
            if let Ok(false) = self.renew(store).await {
                return;
            }
        }
    }
}

impl Lease {
    pub(super) fn take(place: Place, holder: &str) -> io::Result<Outcome<Self>> {
        let object = Arc::new(Object::new(place.name(NAME), holder));
        let taken = object.clone();
        match place.wait(|store| async move { taken.take(&*store).await })? {
            Outcome::Anothers(told) => return Ok(Outcome::Anothers(told)),
            Outcome::Taken(()) => {}
        }
        let (renewal, ended) = oneshot::channel();
        let (store, kept) = (place.store.clone(), object.clone());
        place.spawn(async move { kept.keep(&*store, ended).await });
        Ok(Outcome::Taken(Self {
            place,
            object,
            _renewal: renewal,
        }))
    }

    /// Sees to it that the lease is held, by renewing it.
    ///
    /// # Errors
    ///
    /// Another has taken it over ([`io::ErrorKind::ResourceBusy`]), or the store does not answer.
    pub(super) fn confirm(&self) -> io::Result<()> {
        let object = self.object.clone();
        match self
            .place
            .wait(|store| async move { object.renew(&*store).await })?
        {
            true => Ok(()),
            false => Err(io::ErrorKind::ResourceBusy.into()),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Stores have no conditional deletion that all of them share, so it is renewed: while it lasts nobody takes it over. What
        // stays runs out.
        if self.confirm().is_ok() {
            let name = self.object.name.clone();
            let _ = self
                .place
                .wait(|store| async move { store.delete(&name).await });
        }
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease")
            .field("name", &self.object.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_renewed_until_another_has_it() {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let object = Arc::new(Object::new(Name::from(NAME), "a"));
        let taken = object.take(&*store).await.unwrap();
        assert!(matches!(taken, Outcome::Taken(())));
        let (_renewal, ended) = oneshot::channel();
        let kept = (object.clone(), store.clone());
        let kept = tokio::spawn(async move { kept.0.keep(&*kept.1, ended).await });
        let first = store.head(&object.name).await.unwrap().e_tag;
        tokio::time::sleep(RENEWAL + Duration::from_secs(1)).await;
        let second = store.head(&object.name).await.unwrap().e_tag;
        assert_ne!(first, second);

        // What this run has put is its own, also where it has not heard so.
        *object.held.lock().await = Some(UpdateVersion {
            e_tag: Some("0".into()),
            version: None,
        });
        assert!(object.renew(&*store).await.unwrap());

        let theirs = br#"{"holder":"a","run":1,"until":"2999-11-01T00:00:00Z"}"#;
        store
            .put(&object.name, theirs.to_vec().into())
            .await
            .unwrap();
        kept.await.unwrap();
        assert!(!object.renew(&*store).await.unwrap());
        let there = store.get(&object.name).await.unwrap().bytes().await;
        assert_eq!(there.unwrap(), &theirs[..]);
    }

    #[tokio::test]
    async fn who_waits_is_told_how_long() {
        let store = InMemory::new();
        let name = Name::from(NAME);
        let first = Object::new(name.clone(), "a");
        assert!(matches!(
            first.take(&store).await.unwrap(),
            Outcome::Taken(())
        ));
        let second = Object::new(name.clone(), "b");
        let Outcome::Anothers(text) = second.take(&store).await.unwrap() else {
            panic!("it is taken");
        };
        assert!(
            text.starts_with("its lease _graph-pstn.lease runs out in 1")
                && !text.contains("clock"),
            "{text}"
        );
        let ahead = br#"{"holder":"a","run":1,"until":"2999-11-01T00:00:00Z"}"#;
        store.put(&name, ahead.to_vec().into()).await.unwrap();
        let Outcome::Anothers(text) = second.take(&store).await.unwrap() else {
            panic!("it is taken");
        };
        assert!(text.ends_with("remove it if nobody writes there"), "{text}");
    }
}
