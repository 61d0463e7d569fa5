//! Folders of object stores, by their URL.

use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use url::Url;

use crate::disk::{Disk as _, LocalDisk, StoreDisk, without_queries};
use crate::{Error, ErrorKind, Folder};

/// The stores there are, by the scheme of their URLs.
const SCHEMES: [(&str, &[&str]); 3] = [
    ("azure", &["az", "azure", "adl", "abfs", "abfss"]),
    ("s3", &["s3", "s3a"]),
    ("gcp", &["gs"]),
];

impl Folder {
    /// A folder of an object store: `az://container/folder`, `abfss://container@account.dfs.core.windows.net/folder`,
    /// `s3://bucket/folder` or `gs://bucket/folder`, each with the feature of its store.
    ///
    /// `settings` are those of the [object_store] crate, such as `azure_storage_account_name` or `aws_region`. Those
    /// that it does not know are passed over.
    ///
    /// Files are made in the folder `staging` of the machine, which is made if it is missing, and uploaded when they
    /// are whole; an export that was interrupted is gone on with from there. A day's file is in memory while it is
    /// uploaded. The store has to honour conditional requests (`If-Match`, `If-None-Match`), as all three do.
    ///
    /// [object_store]: https://docs.rs/object_store
    ///
    /// # Errors
    ///
    /// The URL is of no store that this build knows, or the settings are not enough to reach it
    /// ([`ErrorKind::NoStore`]); or `staging` cannot be used. The store itself is not asked.
    pub fn at_url(
        url: &str,
        settings: impl IntoIterator<Item = (String, String)>,
        staging: &Path,
    ) -> Result<Self, Error> {
        let parsed =
            Url::parse(url).map_err(|error| no_store(&without_queries(url), &error.to_string()))?;
        if parsed.password().is_some() || parsed.query().is_some() || parsed.fragment().is_some() {
            // What may be secret does not belong in a name that is shown.
            let place = format!(
                "{}://{}",
                parsed.scheme(),
                parsed.host_str().unwrap_or_default()
            );
            let why = "it has more to it than a container and a folder";
            return Err(no_store(&place, why));
        }
        check_scheme(&parsed, url)?;
        let (store, folder) = object_store::parse_url_opts(&parsed, settings)
            .map_err(|error| no_store(url, &without_queries(&error.to_string())))?;
        let url = url.trim_end_matches('/');
        Self::in_store(Arc::from(store), folder, url, staging)
    }

    pub(crate) fn in_store(
        store: Arc<dyn ObjectStore>,
        folder: object_store::path::Path,
        url: &str,
        staging: &Path,
    ) -> Result<Self, Error> {
        let unusable = |error: io::Error| {
            let message = format!("{} cannot be used to make files in", staging.display());
            Error::new(ErrorKind::NotWritable, message)
                .with_path(staging)
                .with_source(error)
        };
        fs::create_dir_all(staging).map_err(unusable)?;
        LocalDisk.make_folder(staging).map_err(unusable)?;
        let stage = staging.join(format!("{}.partial", name_of(url)));
        let holder = holder(&staging.join("holder")).map_err(unusable)?;
        let root = PathBuf::from(url);
        let local = (Arc::new(LocalDisk) as _, stage);
        let disk = StoreDisk::new(store, folder, root.clone(), local, holder);
        Ok(Self {
            disk: Arc::new(disk.map_err(unusable)?),
            path: root,
        })
    }
}

fn check_scheme(url: &Url, shown: &str) -> Result<(), Error> {
    let store = SCHEMES
        .iter()
        .find(|(_, schemes)| schemes.contains(&url.scheme()));
    let Some((feature, _)) = store else {
        return Err(no_store(
            shown,
            "az://, abfss://, s3:// and gs:// are the stores there are",
        ));
    };
    let is_built = match *feature {
        "azure" => cfg!(feature = "azure"),
        "s3" => cfg!(feature = "s3"),
        _ => cfg!(feature = "gcp"),
    };
    match is_built {
        true => Ok(()),
        false => Err(no_store(
            shown,
            &format!("this build has not got the feature {feature}"),
        )),
    }
}

fn no_store(url: &str, why: &str) -> Error {
    Error::new(
        ErrorKind::NoStore,
        format!("{url} is no folder that can be written to: {why}"),
    )
}

/// A name for a URL's folder on the machine: its letters and digits, to be known by, and a sum, since others may have the same.
fn name_of(url: &str) -> String {
    let readable: String = url
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(80)
        .collect();
    format!("{readable}-{:08x}", crc32fast::hash(url.as_bytes()))
}

/// Who holds leases here: a number that is drawn once.
fn holder(file: &Path) -> io::Result<String> {
    match fs::read_to_string(file) {
        Ok(there) if !there.trim().is_empty() => return Ok(there.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let draw = || RandomState::new().hash_one(file);
    let drawn = format!("{:016x}{:016x}", draw(), draw());
    let mut next = tempfile::NamedTempFile::new_in(file.parent().unwrap_or(file))?;
    next.write_all(drawn.as_bytes())?;
    next.as_file().sync_all()?;
    match next.persist_noclobber(file) {
        Ok(_) => return Ok(drawn),
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(error.error);
        }
        Err(error) => next = error.file,
    }
    // Another run was quicker, or a power cut has left nothing in it.
    match fs::read_to_string(file)?.trim() {
        "" => next
            .persist(file)
            .map(|_| drawn)
            .map_err(|error| error.error),
        there => Ok(there.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_url_has_a_folder_of_its_own_on_the_machine() {
        let name = name_of("s3://calls/pstn");
        assert!(name.starts_with("s3---calls-pstn-"), "{name}");
        assert_ne!(name, name_of("s3://calls-pstn"));
    }

    #[test]
    fn what_is_no_store_of_this_build_is_refused_without_its_secrets() {
        let staging = tempfile::tempdir().unwrap();
        for url in [
            "ftp://host/calls",
            "calls",
            "file:///calls",
            "az://container/calls?sig=secret",
            "az://user:secret@container/calls",
            "s3://bucket/calls#secret",
        ] {
            let error = Folder::at_url(url, [], staging.path()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NoStore, "{url}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_file_is_no_place_to_make_files_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        for staging in [&file, &file.join("within")] {
            let store = Arc::new(object_store::memory::InMemory::new());
            let error = Folder::in_store(store, "calls".into(), "s3://a/calls", staging);
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotWritable, "{error}");
            assert!(error.to_string().contains("cannot be used"), "{error}");
        }
    }

    #[test]
    fn the_holder_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("holder");
        let first = holder(&file).unwrap();
        assert_eq!(first.len(), 32);
        assert_eq!(holder(&file).unwrap(), first);
        fs::write(&file, "").unwrap();
        let second = holder(&file).unwrap();
        assert_eq!(second.len(), 32);
        assert_eq!(holder(&file).unwrap(), second);
    }
}
