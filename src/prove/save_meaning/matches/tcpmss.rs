//! `tcpmss` (`xt_tcpmss.c`): the MSS option of a TCP packet. `!` holds where there is none.

use crate::packet::{Field, TcpOptionPart};
use crate::prove::block::Step;
use crate::prove::dd::Bounded;
use crate::prove::save_meaning::{Reading, options};
use crate::save::ast::Part;

const MSS: u8 = 2;

pub fn tcpmss(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, |option, reading| {
        let field = Field::TcpOption { kind: MSS, part: TcpOptionPart::MaxsegSize };
        let Some(sizes) = options::set(&option.value) else { return Ok(None) };
        let (present, size) = (reading.space.present(field)?, reading.space.within(field, &sizes)?);
        reading.space.dd.and(present, size).map(Some)
    })
}
