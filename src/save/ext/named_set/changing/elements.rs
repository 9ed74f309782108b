//! The elements that a set begins with, each a single value, as the kernel holds them.

use indexmap::IndexSet;

use super::Changing;
use crate::ir::{Row, SetRow};
use crate::packet::Family;
use crate::save::ext::lowering::Refusal;
use crate::save::ext::named_set::columns::{self, Variant};
use crate::save::ext::named_set::row;
use crate::save::ipset::{Element, Ipset, Part};

/// Elements that ranges are written out to.
const MOST_ELEMENTS: u128 = 1 << 16;

impl Changing<'_> {
    /// The elements of a variant, each a single value.
    pub(super) fn rows(&self, variant: Variant, family: Family) -> Result<Vec<SetRow>, Refusal> {
        let plain = Ipset { netmask: None, counters: self.ipset.counters, ..self.ipset.without_elements() };
        let mut seen: IndexSet<Row> = IndexSet::new();
        let mut out = Vec::new();
        let elements = self.ipset.elements.iter().filter(|element| columns::variant_of(element) == variant);
        for element in elements {
            for parts in self.single(element)? {
                let row_of = |part| columns::components(part, &plain, variant, family);
                let Some(key) = parts.iter().map(row_of).collect::<Option<Vec<Row>>>() else { continue };
                let key: Row = key.into_iter().flatten().collect();
                if seen.insert(key.clone()) {
                    out.push(row(key, element, self.ipset));
                }
            }
        }
        Ok(out)
    }

    /// An element written out, as the kernel holds it.
    fn single(&self, element: &Element) -> Result<Vec<Vec<Part>>, Refusal> {
        let mut all: Vec<Vec<Part>> = vec![Vec::new()];
        for part in &element.parts {
            let values = self.values(part);
            if values.saturating_mul(all.len() as u128) > MOST_ELEMENTS {
                let reason = "an element stands for more than 65,536, which a set that rules write to holds one by one";
                return Err(Refusal::new("ipset-range", reason, "keep ranges in a set that no rule writes to"));
            }
            let each = |so_far: &Vec<Part>| -> Vec<Vec<Part>> {
                self.each(part).map(|value| so_far.iter().cloned().chain([value]).collect()).collect()
            };
            all = all.iter().flat_map(each).collect();
        }
        Ok(all)
    }

    fn values(&self, part: &Part) -> u128 {
        match part {
            Part::Addresses(lo, hi) => (hi - lo).saturating_add(1),
            Part::Port(_, lo, hi) => u128::from(hi.saturating_sub(*lo)) + 1,
            _ => 1,
        }
    }

    fn each<'p>(&self, part: &'p Part) -> Box<dyn Iterator<Item = Part> + 'p> {
        let (mask, marks) = (self.ipset.netmask.unwrap_or(u128::MAX), self.ipset.markmask.unwrap_or(u32::MAX));
        match part {
            Part::Addresses(lo, hi) => {
                Box::new((*lo..=*hi).map(move |address| Part::Addresses(address & mask, address & mask)))
            }
            Part::Net(net) => Box::new(std::iter::once(Part::Addresses(net.address, net.address))),
            &Part::Port(protocol, lo, hi) => Box::new((lo..=hi).map(move |port| Part::Port(protocol, port, port))),
            Part::Mark(mark) => Box::new(std::iter::once(Part::Mark(mark & marks))),
            other => Box::new(std::iter::once(other.clone())),
        }
    }
}
