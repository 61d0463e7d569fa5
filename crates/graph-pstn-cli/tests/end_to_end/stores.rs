//! Folders of days in object stores, against real servers.
//!
//! `GRAPH_PSTN_TEST_STORES='az://calls/test s3://calls/test' cargo test -p graph-pstn-cli --features object-stores
//! --test end_to_end -- --ignored stores`, with the variables of the stores set: CONTRIBUTING.md has servers for that.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::process::{Command, Stdio};

use object_store::path::Path as Name;
use object_store::{ObjectStore, ObjectStoreExt as _};
use tokio::runtime::Runtime;

use crate::program::{Ended, Workplace};
use crate::resumed::{ended, killed_after_checkpoint};
use crate::sync::{changes, days_ago};

const SOURCE: [&str; 3] = ["--emulator", "--emulator-rows-per-day", "1000"];

/// A folder of a store that nothing is in yet.
struct Place {
    url: String,
    store: Box<dyn ObjectStore>,
    folder: Name,
    runtime: Runtime,
}

impl Place {
    /// One in each of the stores that there are.
    fn all() -> Vec<Self> {
        let stores = std::env::var("GRAPH_PSTN_TEST_STORES").unwrap();
        let draw = RandomState::new().hash_one(0);
        let urls = stores.split_whitespace();
        let places: Vec<Self> = urls
            .map(|url| Self::at(format!("{url}/{draw:016x}")))
            .collect();
        assert!(!places.is_empty());
        places
    }

    fn at(url: String) -> Self {
        let settings = std::env::vars().map(|(name, value)| (name.to_lowercase(), value));
        let settings = settings.filter(|(name, _)| {
            ["aws_", "azure_storage_", "google_"]
                .iter()
                .any(|own| name.starts_with(own))
        });
        let settings = settings.map(|(name, value)| match name.as_str() {
            "azure_storage_allow_http" => ("azure_allow_http".to_owned(), value),
            _ => (name, value),
        });
        let (store, folder) =
            object_store::parse_url_opts(&url.parse().unwrap(), settings).unwrap();
        Self {
            url,
            store,
            folder,
            runtime: Runtime::new().unwrap(),
        }
    }

    /// All that is there.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.runtime.block_on(self.read(self.folder.clone()))
    }

    async fn read(&self, folder: Name) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            let listed = self.store.list_with_delimiter(Some(&folder)).await.unwrap();
            folders.extend(listed.common_prefixes);
            for object in listed.objects {
                let got = self.store.get(&object.location).await.unwrap();
                let below = object.location.as_ref().strip_prefix(self.folder.as_ref());
                let name = below.unwrap().trim_start_matches('/').to_owned();
                files.insert(name, got.bytes().await.unwrap().to_vec());
            }
        }
        files
    }

    fn put(&self, name: &str, content: &[u8]) {
        let object = Name::from(format!("{}/{name}", self.folder));
        let put = self.store.put(&object, content.to_vec().into());
        self.runtime.block_on(put).unwrap();
    }
}

/// All that is in a folder of the machine.
fn local_files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let inner = local_files(&path).into_iter();
            files.extend(inner.map(|(below, content)| (format!("{name}/{below}"), content)));
        } else {
            files.insert(name, fs::read(&path).unwrap());
        }
    }
    files
}

fn command(workplace: &Workplace, arguments: &[&str]) -> Command {
    let mut command = workplace.command([arguments, &SOURCE].concat());
    // The program is run without the caller's variables.
    command.envs(std::env::vars().filter(|(name, _)| {
        ["AWS_", "AZURE_STORAGE_", "GOOGLE_"]
            .iter()
            .any(|own| name.starts_with(own))
    }));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
#[ignore = "needs object stores"]
fn stores_hold_what_folders_do_also_after_a_kill() {
    for place in Place::all() {
        let workplace = Workplace::new();
        let export = |output: &str, more: &[&str]| {
            let options = ["export", "-o", output, "--partition-by", "day"];
            let range = ["--from", "2019-08-01", "--to", "2019-12-01"];
            command(&workplace, &[&options[..], &range, more].concat())
        };
        let whole = ended(export("whole", &[]));
        assert_eq!(whole.code, Some(0), "{}", whole.stderr);
        let staging = ["--staging", "staging"];
        let mut child = export(&place.url, &staging);
        child.stderr(Stdio::null());
        let mut checkpoint = None;
        let mut running = child.spawn().unwrap();
        while checkpoint.is_none() {
            assert_eq!(running.try_wait().unwrap(), None);
            let staging = fs::read_dir(workplace.path("staging")).ok();
            let stages = staging
                .into_iter()
                .flatten()
                .map(|entry| entry.unwrap().path());
            checkpoint = stages
                .map(|stage| stage.join("checkpoint.json"))
                .find(|checkpoint| checkpoint.exists());
        }
        running.kill().unwrap();
        running.wait().unwrap();
        let resume = [&staging[..], &["--resume"]].concat();
        killed_after_checkpoint(export(&place.url, &resume), &checkpoint.unwrap());
        assert!(place.files().keys().all(|name| !name.starts_with("date=")));
        let done = ended(export(&place.url, &resume));
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert!(done.stderr.contains("going on with"), "{}", done.stderr);
        assert!(
            place.files() == local_files(&workplace.path("whole")),
            "{}",
            place.url
        );
        assert_eq!(local_files(&workplace.path("staging")).len(), 1);
        let again = ended(export(&place.url, &staging));
        assert_eq!(again.code, Some(1));
        assert!(again.error().contains("is there already"), "{again:?}");
    }
}

#[test]
#[ignore = "needs object stores"]
fn stores_are_kept_up_to_date_by_one_at_a_time() {
    for place in Place::all() {
        let workplace = Workplace::new();
        let since = days_ago(5);
        let sync = |staging: &str| {
            let options = ["sync", "--output", &place.url, "--staging", staging];
            let more = ["--since", &since, "--summary", "json"];
            command(&workplace, &[&options[..], &more].concat())
        };
        let first = ended(sync("one"));
        let [days, ..] = changes(&first);
        assert_eq!(days, 6, "{first:?}");
        let name = format!("date={}/part-00000.csv", days_ago(2));
        let whole = place.files()[&name].clone();
        let half = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        place.put(&name, &whole[..half]);
        let [days, added, changed, ..] = changes(&ended(sync("two")));
        assert!((1..=2).contains(&days) && added > 0 && changed == 0);
        let lines = |content: &[u8]| {
            let mut lines: Vec<&[u8]> = content.split(|byte| *byte == b'\n').collect();
            lines.sort_unstable();
            lines.concat()
        };
        assert!(lines(&place.files()[&name]) == lines(&whole));

        let at_once = [sync("one").spawn().unwrap(), sync("two").spawn().unwrap()];
        let at_once = at_once.map(|child| Ended::of(&child.wait_with_output().unwrap()));
        assert!(
            at_once.iter().any(|ended| ended.code == Some(0)),
            "{at_once:?}"
        );
        for ended in &at_once {
            assert!(
                ended.code == Some(0) || ended.error().contains("by another run"),
                "{at_once:?}"
            );
        }
        assert!(lines(&place.files()[&name]) == lines(&whole));
        assert!(!place.files().contains_key("_graph-pstn.lease"));
    }
}
