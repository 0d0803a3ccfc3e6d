//! The engine that this program was built with, under a disk that can be cut.

use std::collections::BTreeMap;
use std::io;

use redb::{
    Database, Error, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition, TableError,
};

use crate::simulated::Attached;

/// What the one table holds.
pub(crate) type Table = BTreeMap<u64, Vec<u8>>;
/// The changes of one commit: a value, or none to take the key away.
pub(crate) type Changes = Vec<(u64, Option<Vec<u8>>)>;

const TABLE: TableDefinition<u64, &[u8]> = TableDefinition::new("table");

/// How commits are made durable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) two_phase: bool,
    pub(crate) quick_repair: bool,
}

#[derive(Debug)]
struct Disk(Attached);

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.0.length()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write(offset, bytes)
    }
}

/// Opens the database, or makes an empty one.
pub(crate) fn open(disk: Attached) -> Result<Database, Error> {
    Ok(Database::builder().create_with_backend(Disk(disk))?)
}

/// Makes the changes durable, all or none.
pub(crate) fn commit(
    database: &Database,
    changes: &Changes,
    settings: Settings,
) -> Result<(), Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(settings.two_phase);
    transaction.set_quick_repair(settings.quick_repair);
    {
        let mut table = transaction.open_table(TABLE)?;
        for (key, value) in changes {
            match value {
                Some(value) => table.insert(key, &value[..])?,
                None => table.remove(key)?,
            };
        }
    }
    Ok(transaction.commit()?)
}

/// Everything in the table.
pub(crate) fn read(database: &Database) -> Result<Table, Error> {
    let table = match database.begin_read()?.open_table(TABLE) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(Table::new()),
        table => table?,
    };
    let mut found = Table::new();
    for entry in table.iter()? {
        let (key, value) = entry?;
        found.insert(key.value(), value.value().to_vec());
    }
    Ok(found)
}
