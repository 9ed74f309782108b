//! How long elements that rules add stay, and what stands for `--exist`.
//!
//! An ipset that knows times gives each element one; 0 is for ever (include/linux/netfilter/ipset/ip_set.h,
//! `ip_set_timeout_set`). `--timeout` says nothing to a set that knows none. An element that is there already keeps its
//! time unless `--exist` is given, which is the difference between `add` and `update`; but `update` of nft leaves
//! elements alone that have no time (net/netfilter/nft_dynset.c, `nft_dynset_eval`).

use super::{Change, Changing};
use crate::nft::ast::SetOp;
use crate::save::ext::lowering::Refusal;
use crate::save::ipset::Element;

/// Seconds that an element can last (`IPSET_MAX_TIMEOUT`); more is cut off.
const LONGEST: u64 = (u32::MAX as u64 >> 1) / 1000;

impl Changing<'_> {
    /// The time of an element that is added; `None` where the set knows no times.
    fn time(&self, timeout: Option<u64>) -> Option<u64> {
        self.ipset.timeout.map(|own| timeout.unwrap_or(own).min(LONGEST))
    }

    /// Whether some elements stay for ever in a set that knows times.
    fn some_last(&self) -> bool {
        let adds = self.uses.writes.iter().filter(|write| write.adds);
        let left = |element: &Element| element.timeout.or(self.ipset.timeout);
        self.ipset.elements.iter().any(|element| left(element) == Some(0))
            || adds.into_iter().any(|write| self.time(write.timeout) == Some(0))
    }

    /// The timeout in the set's declaration: what elements get where nothing is said, 0 for none.
    pub(super) fn declared(&self) -> Option<u64> {
        let own = self.time(None)?;
        Some(if self.some_last() { 0 } else { own })
    }

    /// What nft's statement does, and the time that it says.
    pub(super) fn operation(&self, change: Change) -> Result<(SetOp, Option<u64>), Refusal> {
        let Change::Add { anew, timeout } = change else { return Ok((SetOp::Delete, None)) };
        let time = self.time(timeout);
        let said = time.filter(|&time| time > 0 && Some(time) != self.declared());
        if !anew || time.is_none() {
            return Ok((SetOp::Add, said));
        }
        let adds = self.uses.writes.iter().filter(|write| write.adds);
        let times = adds.map(|write| self.time(write.timeout));
        let elements = self.ipset.elements.iter().map(|element| element.timeout.or(self.ipset.timeout));
        let mut lasting = times.chain(elements).map(|time| time == Some(0));
        match (lasting.clone().any(|lasts| lasts), lasting.all(|lasts| lasts)) {
            (false, _) => Ok((SetOp::Update, said)),
            (true, true) => Ok((SetOp::Add, None)),
            (true, false) => {
                let reason =
                    "some elements of the set last for ever, and an element of nft that does gets no time later";
                Err(Refusal::new("ipset-lasting", reason, "keep what lasts for ever in a set of its own").at("exist"))
            }
        }
    }
}
