//! The file's tables and its header: format version, salt and key check.

use redb::{
    Database, Durability, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction,
};

use super::place::{Place, Stream};
use super::sealing::{SALT_BYTES, Sealer};

/// The format this program writes.
pub(super) const FORMAT: u32 = 2;

/// `(stream, position)` to the sealed value.
pub(super) const STREAMS: TableDefinition<(u8, u64), &[u8]> = TableDefinition::new("streams");
/// `(view, key)` to the sealed value.
pub(super) const VIEWS: TableDefinition<(u8, &[u8]), &[u8]> = TableDefinition::new("views");
/// The header's fields, and the sealed length of every stream, so that a lost end shows.
pub(super) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");

const FORMAT_NAME: &str = "format";
const SALT_NAME: &str = "salt";
const CHECK_NAME: &str = "check";
/// What is sealed to tell the right key from a wrong one.
const CHECK_VALUE: &[u8] = b"canbao store";

/// What the file says of itself, none of it secret.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// The format version, four bytes big-endian in every format there will be.
    pub(super) format: u32,
    /// Random bytes that separate this store from others under the same key.
    pub(super) salt: [u8; SALT_BYTES],
    check: Vec<u8>,
}

impl Header {
    /// The header of a new store.
    pub(super) fn new(salt: [u8; SALT_BYTES], check: Vec<u8>) -> Self {
        Self {
            format: FORMAT,
            salt,
            check,
        }
    }

    /// Whether the key behind this sealer sealed the store.
    pub(super) fn is_sealed_by(&self, sealer: &Sealer) -> bool {
        sealer.open(Place::Meta(CHECK_NAME), &self.check).is_ok()
    }

    /// The same header in this program's format.
    pub(super) fn stepped_up(self) -> Self {
        Self {
            format: FORMAT,
            ..self
        }
    }

    /// The header of a file; `None` where there is none, so the file is not a store.
    /// Of a newer format only the version is looked at.
    pub(super) fn read(database: &Database) -> Result<Option<Self>, redb::Error> {
        let meta = match database.begin_read()?.open_table(META) {
            Ok(meta) => meta,
            Err(redb::TableError::Storage(error)) => return Err(error.into()),
            Err(_) => return Ok(None),
        };
        let Some(format) = fixed(&meta, FORMAT_NAME)?.map(u32::from_be_bytes) else {
            return Ok(None);
        };
        if format > FORMAT {
            return Ok(Some(Self {
                format,
                salt: [0; SALT_BYTES],
                check: Vec::new(),
            }));
        }
        let salt = fixed(&meta, SALT_NAME)?;
        let check = meta.get(CHECK_NAME)?.map(|value| value.value().to_vec());
        Ok(salt.zip(check).map(|(salt, check)| Self {
            format,
            salt,
            check,
        }))
    }

    /// Writes the header and the empty tables into a new database.
    pub(super) fn initialise(&self, database: &Database) -> Result<(), redb::Error> {
        let transaction = begin_durable(database)?;
        write_version(&transaction)?;
        {
            let mut meta = transaction.open_table(META)?;
            meta.insert(SALT_NAME, &self.salt[..])?;
            meta.insert(CHECK_NAME, &self.check[..])?;
            transaction.open_table(STREAMS)?;
            transaction.open_table(VIEWS)?;
        }
        transaction.commit()?;
        Ok(())
    }
}

/// The sealed value that shows a key to be the right one.
pub(super) fn key_check(sealer: &Sealer) -> Result<Vec<u8>, super::sealing::NoRandomness> {
    sealer.seal(Place::Meta(CHECK_NAME), CHECK_VALUE)
}

/// A write transaction that is on the disk when its commit returns, and that leaves a file
/// which opens quickly after a crash.
pub(super) fn begin_durable(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    transaction.set_two_phase_commit(true);
    transaction.set_quick_repair(true);
    Ok(transaction)
}

/// Writes that the file has this program's format.
pub(super) fn write_version(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    let mut meta = transaction.open_table(META)?;
    meta.insert(FORMAT_NAME, &FORMAT.to_be_bytes()[..])?;
    Ok(())
}

/// The name under which a stream's sealed length is kept.
pub(super) fn length_name(stream: Stream) -> &'static str {
    match stream {
        Stream::Feed => "length/feed",
        Stream::Local => "length/local",
        Stream::Identity => "length/identity",
        Stream::Proof => "length/proof",
    }
}

/// The stream's length as stored: `Ok(None)` where it does not open.
pub(super) fn open_length(sealer: &Sealer, stream: Stream, sealed: Option<&[u8]>) -> Option<u64> {
    let Some(sealed) = sealed else { return Some(0) };
    let bytes = sealer.open(Place::Meta(length_name(stream)), sealed).ok()?;
    bytes.try_into().ok().map(u64::from_be_bytes)
}

fn fixed<const N: usize>(
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
    name: &str,
) -> Result<Option<[u8; N]>, redb::Error> {
    Ok(meta
        .get(name)?
        .and_then(|value| value.value().try_into().ok()))
}
