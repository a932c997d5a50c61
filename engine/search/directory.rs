//! The index's files, written without a sync.
//!
//! tantivy's own directory syncs every file of a commit, about sixteen times. What is here is
//! derived from the store, so a commit only has to survive the process: a power cut is found by
//! checksums at the next start and answered with a rebuild. Files are read into memory rather than
//! mapped, so that a file cut short by someone else is an error and not the end of the process;
//! the stored texts, which are large and rarely read, are read piece by piece.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tantivy::HasLen;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, OwnedBytes, TerminatingWrite,
    WatchCallback, WatchHandle, WritePtr,
};

/// Extension of the stored texts.
const STORE_EXTENSION: &str = "store";

/// A folder of index files.
#[derive(Clone)]
pub(super) struct NoSyncDirectory {
    root: Arc<PathBuf>,
    /// Contents in use, so that opening a file again costs nothing.
    contents: Arc<Mutex<HashMap<PathBuf, Weak<[u8]>>>>,
}

impl NoSyncDirectory {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: Arc::new(root.to_path_buf()),
            contents: Arc::default(),
        }
    }

    fn full(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    fn read_whole(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        let mut contents = self.contents.lock();
        if let Some(bytes) = contents.get(path).and_then(Weak::upgrade) {
            return Ok(bytes);
        }
        let bytes: Arc<[u8]> = fs::read(self.full(path))?.into();
        contents.retain(|_, bytes| bytes.strong_count() > 0);
        contents.insert(path.to_path_buf(), Arc::downgrade(&bytes));
        Ok(bytes)
    }
}

impl fmt::Debug for NoSyncDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoSyncDirectory({})", self.root.display())
    }
}

impl Directory for NoSyncDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        if path.extension().is_some_and(|e| e == STORE_EXTENSION) {
            let file = PiecewiseFile::open(&self.full(path)).map_err(|e| read_error(e, path))?;
            return Ok(Arc::new(file));
        }
        let bytes = self.read_whole(path).map_err(|e| read_error(e, path))?;
        Ok(Arc::new(OwnedBytes::new(bytes)))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        fs::remove_file(self.full(path)).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                DeleteError::FileDoesNotExist(path.to_path_buf())
            } else {
                DeleteError::IoError {
                    io_error: Arc::new(error),
                    filepath: path.to_path_buf(),
                }
            }
        })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.full(path)
            .try_exists()
            .map_err(|e| read_error(e, path))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(self.full(path));
        match opened {
            Ok(file) => Ok(BufWriter::new(Box::new(UnsyncedFile(file)))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(OpenWriteError::FileAlreadyExists(path.to_path_buf()))
            }
            Err(error) => Err(OpenWriteError::wrap_io_error(error, path.to_path_buf())),
        }
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        fs::read(self.full(path)).map_err(|e| read_error(e, path))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        replace_file(&self.full(path), data, false)
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.full(&lock.filepath))
            .map_err(LockError::wrap_io_error)?;
        let locked = if lock.is_blocking {
            file.lock().map_err(LockError::wrap_io_error)
        } else {
            file.try_lock().map_err(|_| LockError::LockBusy)
        };
        // The lock ends with the file that is kept in the guard.
        locked.map(|()| DirectoryLock::from(Box::new(file)))
    }

    fn watch(&self, _callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        // Readers are reloaded by the one who commits.
        Ok(WatchHandle::empty())
    }
}

fn read_error(error: io::Error, path: &Path) -> OpenReadError {
    if error.kind() == io::ErrorKind::NotFound {
        OpenReadError::FileDoesNotExist(path.to_path_buf())
    } else {
        OpenReadError::wrap_io_error(error, path.to_path_buf())
    }
}

/// Writes a file whole or not at all, by a rename; durable only when `sync` is asked for.
pub(super) fn replace_file(path: &Path, data: &[u8], sync: bool) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let fresh = path.with_file_name(name);
    let mut file = File::create(&fresh)?;
    file.write_all(data)?;
    if sync {
        file.sync_data()?;
    }
    drop(file);
    fs::rename(&fresh, path)
}

struct UnsyncedFile(File);

impl Write for UnsyncedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for UnsyncedFile {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        Ok(())
    }
}

/// A file that is read where it is asked to be.
struct PiecewiseFile {
    file: Mutex<File>,
    len: usize,
}

impl PiecewiseFile {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let len = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        Ok(Self {
            file: Mutex::new(file),
            len,
        })
    }
}

impl fmt::Debug for PiecewiseFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PiecewiseFile({} bytes)", self.len)
    }
}

impl HasLen for PiecewiseFile {
    fn len(&self) -> usize {
        self.len
    }
}

impl FileHandle for PiecewiseFile {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        if range.start > range.end || range.end > self.len {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("range {range:?} is outside of a file of {} bytes", self.len),
            ));
        }
        let mut bytes = vec![0; range.len()];
        let mut file = self.file.lock();
        file.seek(SeekFrom::Start(range.start as u64))?;
        file.read_exact(&mut bytes)?;
        Ok(OwnedBytes::new(bytes))
    }
}
