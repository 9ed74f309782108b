//! Sockets that would take the packet: `socket` (`xt_socket.c`).

use crate::packet::{Field, SocketKey};
use crate::prove::block::Step;
use crate::prove::dd::Bounded;
use crate::prove::save_meaning::Reading;
use crate::prove::save_meaning::words::Word;
use crate::save::ast::Part;

/// There is one; without `--nowildcard`, one that does not listen on any address.
pub fn socket(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let mut set = reading.space.present(Field::Socket(SocketKey::Transparent))?;
    if !part.has("nowildcard") {
        let bound = reading.space.masked(Field::Socket(SocketKey::Wildcard), 1, 0)?;
        set = reading.space.dd.and(set, bound)?;
    }
    if part.has("transparent") {
        let transparent = reading.space.masked(Field::Socket(SocketKey::Transparent), 1, 1)?;
        set = reading.space.dd.and(set, transparent)?;
    }
    let mut steps = vec![Step::Test(set)];
    if part.has("restore-skmark") {
        // Sockets that wait for their end have none; they are outside the model.
        let mark = Word::of(Field::Socket(SocketKey::Mark), reading)?;
        steps.push(mark.assigned(Field::Mark, reading)?);
    }
    Ok(steps)
}
