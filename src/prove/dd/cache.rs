//! The memory of finished steps: a table that forgets on collision, so its size is bounded.

use super::Dd;
use super::arena::hash;

#[derive(Clone, Copy)]
struct Entry {
    op: u32,
    a: u32,
    b: u32,
    c: u32,
    result: u32,
}

const UNUSED: Entry = Entry { op: u32::MAX, a: 0, b: 0, c: 0, result: 0 };
const LARGEST: usize = 1 << 22;

/// Results by operation and operands.
pub(super) struct Cache {
    entries: Vec<Entry>,
}

impl Cache {
    pub fn new() -> Self {
        Cache { entries: vec![UNUSED; 1 << 12] }
    }

    /// Follows the growth of the arena; what was remembered is moved.
    pub fn fit(&mut self, nodes: usize) {
        let size = nodes.next_power_of_two().min(LARGEST);
        if size <= self.entries.len() {
            return;
        }
        let old = std::mem::replace(&mut self.entries, vec![UNUSED; size]);
        for entry in old {
            if entry.op != UNUSED.op {
                self.put_entry(entry);
            }
        }
    }

    fn at(&self, op: u32, a: u32, b: u32, c: u32) -> usize {
        hash(a, b, c ^ op.wrapping_mul(0x85eb_ca6b)) as usize & (self.entries.len() - 1)
    }

    pub fn get(&self, op: u32, a: Dd, b: Dd, c: Dd) -> Option<Dd> {
        let entry = self.entries.get(self.at(op, a.0, b.0, c.0))?;
        (entry.op == op && entry.a == a.0 && entry.b == b.0 && entry.c == c.0).then_some(Dd(entry.result))
    }

    pub fn put(&mut self, op: u32, a: Dd, b: Dd, c: Dd, result: Dd) {
        self.put_entry(Entry { op, a: a.0, b: b.0, c: c.0, result: result.0 });
    }

    fn put_entry(&mut self, entry: Entry) {
        let at = self.at(entry.op, entry.a, entry.b, entry.c);
        if let Some(cell) = self.entries.get_mut(at) {
            *cell = entry;
        }
    }
}
