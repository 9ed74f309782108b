//! `TCPMSS` (`xt_TCPMSS.c`): lowers the MSS option of a SYN, or adds one where there is none.

use crate::packet::{Field, TcpOptionPart};
use crate::prove::block::{Effect, Step};
use crate::prove::dd::Bounded;
use crate::prove::save_meaning::{Reading, options};
use crate::prove::vocabulary;
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;

/// What the last option asks for; the kernel never raises the value, and leaves later fragments alone.
pub fn tcpmss(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let Some((clamp, add)) = part.options.last().and_then(effects) else { return Ok(options::not_understood(part)) };
    let there = reading.space.present(Field::TcpOption { kind: 2, part: TcpOptionPart::MaxsegSize })?;
    let missing = reading.space.dd.not(there)?;
    Ok(vec![
        Step::Test(reading.space.first_fragment()?),
        Step::EffectOn { packets: there, effect: Effect::Other(clamp) },
        Step::EffectOn { packets: missing, effect: Effect::Other(add) },
    ])
}

/// What is done to packets with the option, and to packets without.
fn effects(option: &Opt) -> Option<(String, String)> {
    match (option.spec.name, &option.value) {
        ("set-mss", &Value::Number(size)) => {
            let size = size as u16;
            Some((vocabulary::clamp_mss(size), vocabulary::add_mss(Some(size))))
        }
        ("clamp-mss-to-pmtu", _) => Some((vocabulary::clamp_mss_to_route(), vocabulary::add_mss(None))),
        _ => None,
    }
}
