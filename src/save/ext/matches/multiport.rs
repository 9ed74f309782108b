//! `-m multiport` (iptables-extensions(8), *multiport*; net/netfilter/xt_multiport.c).
//!
//! Never holds on a later fragment. `--ports` holds where either port is in the list.

use crate::ir::Test;
use crate::packet::{Field, L4};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal, ranges};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "multiport",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("source-ports", Arg::PortList).alias(&["sports"]).not(),
        OptionSpec::new("destination-ports", Arg::PortList).alias(&["dports"]).not(),
        OptionSpec::new("ports", Arg::PortList).not(),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--source-ports", "-p tcp -m multiport --sports 20,21 -j ACCEPT"),
        Coverage::exact("! --source-ports", "-p udp -m multiport ! --sports 53,123 -j DROP"),
        Coverage::exact("--destination-ports", "-p tcp -m multiport --dports 80,443,8000:8100 -j ACCEPT"),
        Coverage::exact("! --destination-ports", "-p tcp -m multiport ! --dports 22,80 -j DROP"),
        Coverage::exact("--ports", "-p udp -m multiport --ports 53,123 -j ACCEPT").note("two ways to match"),
        Coverage::exact("! --ports", "-p tcp -m multiport ! --ports 22,6000:6063 -j DROP"),
    ],
};

const OPTIONS: [&str; 3] = ["source-ports", "destination-ports", "ports"];

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    if l4(cx.protocol).is_none() {
        return Err("it needs `-p` with tcp, udp, udplite, dccp or sctp before it".into());
    }
    shared::one_of(part, &OPTIONS, true)
}

fn l4(protocol: Option<(u8, bool)>) -> Option<L4> {
    let Some((number, false)) = protocol else { return None };
    [L4::Tcp, L4::Udp, L4::Udplite, L4::Dccp, L4::Sctp].into_iter().find(|l4| l4.protocol() == Some(number))
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let l4 = l4(cx.protocol).unwrap_or(L4::Th);
    let mut out = vec![Cond::NotLaterFragment];
    for opt in &part.options {
        let Value::Ranges(list) = &opt.value else { continue };
        let set = ranges(list);
        let source = Test::within(Field::Sport(l4), set.clone(), opt.negated);
        let destination = Test::within(Field::Dport(l4), set.clone(), opt.negated);
        match opt.spec.name {
            "source-ports" => out.push(source.into()),
            "destination-ports" => out.push(destination.into()),
            _ if opt.negated => out.extend([source.into(), destination.into()]),
            _ => {
                let not_source = Test::within(Field::Sport(l4), set, true);
                out.push(Cond::OneOf(vec![vec![source.into()], vec![not_source.into(), destination.into()]]));
            }
        }
    }
    Ok(out)
}
