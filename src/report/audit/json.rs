//! The audit for programs.

use serde::Serialize;

use crate::audit::{Host, Sum};

/// Bumped when a field changes its meaning or goes away.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    sum: &'a Sum,
    hosts: &'a [Host],
}

/// `{ "version": 1, "sum": ..., "hosts": [...] }`, fields as in `audit`.
///
/// # Errors
/// None in practice: everything is plain data.
pub fn json(hosts: &[Host], sum: &Sum) -> serde_json::Result<Vec<u8>> {
    crate::report::indented(&Document { version: VERSION, sum, hosts })
}
