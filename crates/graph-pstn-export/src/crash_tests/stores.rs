//! Folders of object stores: nothing is lost or overwritten there either.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::path::Path as Name;
use object_store::{ObjectStore, ObjectStoreExt as _};
use tokio::runtime::{Builder, Runtime};

use super::case::{CASES, Case, files};
use crate::disk::{Disk, Locked, SimulatedDisk, StoreDisk};
use crate::{ErrorKind, Existing, Folder};

/// A bucket of a server that outlives whoever writes there.
struct Bucket {
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
}

const LEASE: &str = "bucket/_graph-pstn.lease";

impl Bucket {
    fn new() -> Self {
        Self {
            store: Arc::new(InMemory::new()),
            runtime: Builder::new_current_thread().build().unwrap(),
        }
    }

    fn put(&self, name: &str, content: &[u8]) {
        let name = Name::from(name);
        let put = self.store.put(&name, content.to_vec().into());
        self.runtime.block_on(put).unwrap();
    }

    fn content(&self, name: &str) -> Option<Vec<u8>> {
        let got = async {
            let got = self.store.get(&Name::from(name)).await.ok()?;
            Some(got.bytes().await.unwrap().to_vec())
        };
        self.runtime.block_on(got)
    }

    fn delete(&self, name: &str) {
        self.runtime
            .block_on(self.store.delete(&Name::from(name)))
            .unwrap();
    }

    /// The folder `out/calls` of a machine with this disk.
    fn disk(&self, local: &SimulatedDisk, holder: &str) -> Arc<dyn Disk> {
        let (root, stage) = (PathBuf::from("out/calls"), PathBuf::from("staging/calls"));
        let local = (Arc::new(local.clone()) as _, stage);
        let folder = Name::from("bucket");
        Arc::new(StoreDisk::new(self.store.clone(), folder, root, local, holder.into()).unwrap())
    }

    /// What a local folder would hold.
    fn fill(&self, disk: &SimulatedDisk) {
        for (path, content) in files(disk) {
            self.put(&name(&path), &content);
        }
    }
}

fn name(path: &Path) -> String {
    let below = path.strip_prefix("out/calls").unwrap();
    format!("bucket/{}", below.to_str().unwrap().replace('\\', "/"))
}

fn by_day() -> impl Iterator<Item = Case> {
    CASES.iter().copied().filter(|case| case.by_day)
}

#[test]
fn whatever_a_power_cut_leaves_the_store_has_all_in_the_end() {
    let mut random = fastrand::Rng::with_seed(11);
    for case in by_day() {
        let (whole, _) = case.whole();
        let local = SimulatedDisk::default();
        let bucket = Bucket::new();
        bucket.fill(&case.disk());
        case.run_on(&bucket.disk(&local, "a")).unwrap();
        let steps = local.steps();
        assert_eq!(local.all_names(), [] as [PathBuf; 0], "{case:?}");
        let first = random.usize(0..5);
        for step in (first..steps).step_by(5 + case.stride() / 2) {
            let bucket = Bucket::new();
            bucket.fill(&case.disk());
            let local = SimulatedDisk::default();
            local.fail_after(step);
            let _ = case.run_on(&bucket.disk(&local, "a"));
            let local = local.after_power_cut(&mut random);
            match case.run_on(&bucket.disk(&local, "a")) {
                Ok(_) => {}
                // It had come to its end.
                Err(error) => assert_eq!(error.kind(), ErrorKind::TargetExists, "{case:?} {step}"),
            }
            for (path, expected) in &whole {
                let content = bucket.content(&name(path)).unwrap();
                let is_same = content == *expected
                    || path
                        .extension()
                        .is_none_or(|extension| extension != "ndjson")
                        && case.has_same_rows(&content, expected);
                assert!(is_same, "{case:?} {step}: {} differs", path.display());
            }
            assert_eq!(bucket.content(LEASE), None);
        }
    }
}

#[test]
fn a_lease_keeps_others_out_until_it_runs_out() {
    let bucket = Bucket::new();
    let take = |holder: &str| {
        let disk = bucket.disk(&SimulatedDisk::default(), holder);
        match disk.lock(Path::new("staging/calls/lock")).unwrap() {
            Locked::Here(lock) => Some(lock),
            Locked::Elsewhere { .. } => None,
        }
    };
    let held = take("a").unwrap();
    assert!(take("b").is_none());
    // One that was killed comes back.
    assert!(take("a").is_some());
    drop(held);
    bucket.delete(LEASE);
    let held = take("b").unwrap();
    assert!(take("a").is_none());
    drop(held);
    assert_eq!(bucket.content(LEASE), None);
    // It ran out while nobody could renew it, and is another's now.
    let held = take("a").unwrap();
    let of_another = br#"{"holder":"b","until":"2999-11-01T00:00:00Z"}"#;
    bucket.put(LEASE, of_another);
    drop(held);
    assert_eq!(bucket.content(LEASE).unwrap(), of_another);
    bucket.delete(LEASE);
    for left in [r#"{"holder":"c","until":"2019-11-01T00:00:00Z"}"#, "", "{}"] {
        bucket.put(LEASE, left.as_bytes());
        assert!(take("a").is_some(), "{left}");
    }
    bucket.put(LEASE, br#"{"holder":"c","until":"2999-11-01T00:00:00Z"}"#);
    assert!(take("a").is_none());
    let case = by_day().next().unwrap();
    let disk = bucket.disk(&SimulatedDisk::default(), "a");
    let error = case.run_on(&disk).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    let text = error.to_string();
    assert!(
        text.starts_with("out/calls is being written by another run; its lease _graph-pstn.lease"),
        "{text}"
    );
}

#[test]
fn a_run_that_has_lost_the_lease_removes_and_overwrites_nothing() {
    let bucket = Bucket::new();
    let local = SimulatedDisk::default();
    let disk = bucket.disk(&local, "a");
    let target = Path::new("out/calls/date=2019-11-01/part-00000.csv");
    let held = disk.lock(Path::new("staging/calls/lock")).unwrap();
    bucket.put(&name(target), b"old");
    disk.remove(target).unwrap();
    assert_eq!(bucket.content(&name(target)), None);

    // It stood still for so long that another has taken over, and has written.
    let theirs = br#"{"holder":"b","run":1,"until":"2999-11-01T00:00:00Z"}"#;
    bucket.put(LEASE, theirs);
    bucket.put(&name(target), b"theirs");
    let refused = disk.remove(target).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ResourceBusy);
    let made = Path::new("staging/made");
    local.put(made, b"ours");
    let refused = disk.rename(made, target, Existing::Replace).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ResourceBusy);
    assert_eq!(bucket.content(&name(target)).unwrap(), b"theirs");
    assert!(local.content(made).is_some());
    drop(held);
    assert_eq!(bucket.content(LEASE).unwrap(), theirs);
}

#[test]
fn what_has_changed_since_it_was_read_is_not_replaced() {
    let bucket = Bucket::new();
    let local = SimulatedDisk::default();
    let disk = bucket.disk(&local, "a");
    let target = Path::new("out/calls/date=2019-11-01/part-00000.csv");
    let (made, object) = (Path::new("staging/made"), name(target));
    let rename = |existing| {
        local.put(made, b"ours");
        disk.rename(made, target, existing)
            .map_err(|error| error.kind())
    };
    // It appears after it was looked for.
    assert_eq!(disk.length(target).unwrap(), None);
    bucket.put(&object, b"theirs");
    assert_eq!(
        rename(Existing::Replace),
        Err(std::io::ErrorKind::ResourceBusy)
    );
    assert_eq!(
        rename(Existing::Refuse),
        Err(std::io::ErrorKind::AlreadyExists)
    );
    assert_eq!(bucket.content(&object).unwrap(), b"theirs");
    assert!(local.content(made).is_some(), "it waits for the next run");
    // It changes after it was read.
    disk.read(target).unwrap();
    bucket.put(&object, b"theirs, again");
    assert_eq!(
        rename(Existing::Replace),
        Err(std::io::ErrorKind::ResourceBusy)
    );
    disk.read(target).unwrap();
    assert_eq!(rename(Existing::Replace), Ok(()));
    assert_eq!(bucket.content(&object).unwrap(), b"ours");
    assert!(local.content(made).is_none());
    // Nobody has looked: it is to be replaced, whatever it is.
    bucket.put(&object, b"theirs");
    assert_eq!(rename(Existing::Replace), Ok(()));
    // It changes before it is to go.
    disk.read(target).unwrap();
    bucket.put(&object, b"theirs");
    let removed = disk.remove(target).map_err(|error| error.kind());
    assert_eq!(removed, Err(std::io::ErrorKind::ResourceBusy));
    assert_eq!(bucket.content(&object).unwrap(), b"theirs");
    disk.read(target).unwrap();
    disk.remove(target).unwrap();
    disk.remove(target).unwrap();
    assert_eq!(bucket.content(&object), None);
}

#[test]
fn small_files_are_read_and_replaced_in_both() {
    let bucket = Bucket::new();
    let disk = bucket.disk(&SimulatedDisk::default(), "a");
    let stores = Folder {
        disk,
        path: "out/calls".into(),
    };
    let machines = tempfile::tempdir().unwrap();
    for folder in [stores, Folder::local(machines.path())] {
        assert_eq!(folder.read_text("_sync.json").unwrap(), None);
        for text in ["first", "second"] {
            folder.replace_text("_sync.json", text).unwrap();
            assert_eq!(
                folder.read_text("_sync.json").unwrap().as_deref(),
                Some(text)
            );
        }
    }
    assert_eq!(bucket.content("bucket/_sync.json").unwrap(), b"second");
    let names: Vec<_> = std::fs::read_dir(machines.path()).unwrap().collect();
    assert_eq!(names.len(), 1);
}
