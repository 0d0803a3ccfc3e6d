//! A change written byte by byte: what an honest device would send, until it is altered.

use canbao_core::document::{Chunk, DocumentId, genesis_hash};

/// The parts of a change of one operation, its first.
pub(super) struct RawChange {
    pub(super) dependencies: Vec<[u8; 32]>,
    pub(super) actor: Vec<u8>,
    pub(super) seq: u8,
    /// A signed number.
    pub(super) time: Vec<u8>,
    /// An unsigned number, and as many bytes would follow.
    pub(super) message_length: Vec<u8>,
    pub(super) others: Vec<Vec<u8>>,
    /// Numbers and bytes: what the operation's key is, and that it is a put.
    pub(super) columns: Vec<(u64, Vec<u8>)>,
    pub(super) extra: Vec<u8>,
}

impl RawChange {
    /// The first change of an actor in a document.
    pub(super) fn first(document: &DocumentId, actor: Vec<u8>) -> Self {
        Self {
            dependencies: vec![genesis_hash(document).0],
            actor,
            seq: 1,
            time: vec![1],
            message_length: vec![0],
            others: Vec::new(),
            columns: vec![(21, vec![0x7f, 1, b'k']), (66, vec![1, 1])],
            extra: Vec::new(),
        }
    }

    /// The chunk with its right checksum.
    pub(super) fn chunk(&self) -> Chunk {
        let mut body = number(self.dependencies.len() as u64);
        body.extend(self.dependencies.concat());
        body.extend(prefixed(&self.actor));
        body.extend([self.seq, 10]);
        body.extend(&self.time);
        body.extend(&self.message_length);
        body.extend(number(self.others.len() as u64));
        body.extend(self.others.iter().flat_map(|it| prefixed(it)));
        body.extend(number(self.columns.len() as u64));
        for (column, bytes) in &self.columns {
            body.extend(number(*column));
            body.extend(number(bytes.len() as u64));
        }
        body.extend(self.columns.iter().flat_map(|(_, bytes)| bytes));
        body.extend(&self.extra);
        let hashed = [vec![1], prefixed(&body)].concat();
        let digest = ring::digest::digest(&ring::digest::SHA256, &hashed);
        let magic = [0x85, 0x6f, 0x4a, 0x83];
        Chunk([&magic[..], &digest.as_ref()[..4], &hashed].concat())
    }
}

fn prefixed(bytes: &[u8]) -> Vec<u8> {
    [&number(bytes.len() as u64)[..], bytes].concat()
}

/// LEB128, unsigned.
fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
