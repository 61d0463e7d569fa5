//! What can go wrong on the way to a disk or a pipe.

use std::path::{Path, PathBuf};
use std::{error, fmt, io};

/// What went wrong, as far as a caller may want to act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file of that name is there already, or appeared meanwhile.
    TargetExists,
    /// The name is that of a folder, a device, a pipe, or of no file at all.
    NotAFile,
    /// The rows and the rejects are to go to the same file.
    SameFile,
    /// The output is complete and has its name, but the file of rejects has not: the message says
    /// where its rows are. Or an old one of that name could not be removed.
    OnlyRejects,
    /// The folder that the file is to go to does not exist.
    FolderMissing,
    /// The folder or the file may not be written, or what is there already not be read.
    NotWritable,
    /// The disk, or the owner's share of it, is full.
    StorageFull,
    /// Whoever read the rows has gone: nobody wants more.
    ClosedPipe,
    /// A row cannot be written in this format. Nothing of it was written, and others may follow.
    Unwritable,
    /// A column that is asked for is none of the rows', or is asked for twice; or one that is needed is not asked for.
    NoColumn,
    /// The export was given up before it was finished.
    Abandoned,
    /// There is an unfinished export of the same output: it can be resumed, or replaced.
    Unfinished,
    /// The unfinished export is of another job, and its rows would not go together with these.
    OtherJob,
    /// What there is of the unfinished export is damaged or not all there, or a file that is there already is not what
    /// it should be.
    Damaged,
    /// An export in this format cannot be resumed.
    NotResumable,
    /// Another run is writing the same output.
    Busy,
    /// The URL is of no object store that this build knows, or the settings do not lead to it.
    NoStore,
    /// The log has no days by which its rows could be put.
    NoDays,
    /// Any other failure of the operating system.
    Io,
}

/// An error of an output. One line in `Display`; what caused it is its `source`.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    path: Option<PathBuf>,
    source: Option<Box<dyn error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            path: None,
            source: None,
        }
    }

    /// A failure while the file `path` was being made or written.
    pub(crate) fn at(path: &Path, source: io::Error) -> Self {
        let kind = kind_of(&source);
        let folder = folder_of(path).display();
        let file = path.display();
        let message = match kind {
            ErrorKind::TargetExists => format!("{file} is there already"),
            ErrorKind::FolderMissing => format!("the folder {folder} does not exist"),
            ErrorKind::NotAFile => format!("{file} is no name for a file"),
            ErrorKind::NotWritable => format!("{file} cannot be written"),
            ErrorKind::StorageFull => format!("there is no space left to write {file}"),
            ErrorKind::Busy => format!("{file} was changed by another run meanwhile"),
            _ => format!("writing {file} failed"),
        };
        let error = Self::new(kind, message).with_path(path);
        match kind {
            // The system has nothing to add.
            ErrorKind::TargetExists | ErrorKind::FolderMissing | ErrorKind::Busy => error,
            _ => error.with_source(without_path(source)),
        }
    }

    /// A failure while the file `path` was being read: of the system, or because of what the file holds.
    pub(crate) fn reading(path: &Path, source: io::Error) -> Self {
        let is_told = source.get_ref().is_some_and(|inner| inner.is::<Told>());
        let kind = match source.kind() {
            io::ErrorKind::PermissionDenied => ErrorKind::NotWritable,
            // Whoever reads a format has no better kinds. What a store tells is no matter of the file.
            io::ErrorKind::Other | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                if !is_told =>
            {
                ErrorKind::Damaged
            }
            _ => ErrorKind::Io,
        };
        Self::new(kind, format!("{} cannot be read", path.display()))
            .with_path(path)
            .with_source(source)
    }

    /// A failure of an output without a name, such as standard output.
    pub(crate) fn write(source: io::Error) -> Self {
        let kind = kind_of(&source);
        let message = match kind {
            ErrorKind::ClosedPipe => "the reader of the rows has closed its end",
            ErrorKind::StorageFull => "there is no space left to write rows to",
            _ => "writing rows failed",
        };
        Self::new(kind, message).with_source(source)
    }

    /// Names the file that a writer without a name wrote to.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        if self.path.is_some() {
            return self;
        }
        let Self {
            kind,
            message,
            source,
            ..
        } = self;
        match source.map(|source| source.downcast::<io::Error>()) {
            Some(Ok(source)) => Self::at(path, *source),
            Some(Err(source)) => Self::new(kind, message).with_path(path).with_source(source),
            None => Self::new(kind, message).with_path(path),
        }
    }

    /// This failure of the rejects' last step, when the output has its name already.
    pub(crate) fn after_output(self, output: &Path) -> Self {
        let message = format!("{} is complete, but {}", output.display(), self.message);
        Self {
            kind: ErrorKind::OnlyRejects,
            message,
            ..self
        }
    }

    /// As what the system would have said, for those who go by that.
    pub(crate) fn into_io(self) -> io::Error {
        let kind = match self.kind {
            ErrorKind::TargetExists => io::ErrorKind::AlreadyExists,
            ErrorKind::FolderMissing => io::ErrorKind::NotFound,
            ErrorKind::NotWritable => io::ErrorKind::PermissionDenied,
            ErrorKind::StorageFull => io::ErrorKind::StorageFull,
            ErrorKind::NotAFile => io::ErrorKind::IsADirectory,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, self)
    }

    pub(crate) fn with_message(self, message: String) -> Self {
        Self { message, ..self }
    }

    pub(crate) fn with_path(mut self, path: &Path) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The file that could not be made or written, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

/// The folder of a file; `.` for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// What a server has told, of which nothing is to be left out.
#[derive(Debug)]
pub(crate) struct Told(pub(crate) String);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Told {}

/// The error without the path of the temporary file that the tempfile crate wraps around it: that is
/// not the path which the caller knows.
fn without_path(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::Other => error,
        _ if error.get_ref().is_some_and(|inner| inner.is::<Told>()) => error,
        kind if error.get_ref().is_some() => kind.into(),
        _ => error,
    }
}

fn kind_of(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::AlreadyExists => ErrorKind::TargetExists,
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ErrorKind::FolderMissing,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ErrorKind::NotWritable
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::StorageFull,
        io::ErrorKind::IsADirectory | io::ErrorKind::InvalidFilename => ErrorKind::NotAFile,
        io::ErrorKind::BrokenPipe => ErrorKind::ClosedPipe,
        io::ErrorKind::ResourceBusy => ErrorKind::Busy,
        _ => ErrorKind::Io,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
