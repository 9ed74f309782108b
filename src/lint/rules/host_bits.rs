//! A network whose address has bits that its mask throws away.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::diag::Severity;
use crate::lint::ruleset::Ruleset;
use crate::lint::{Edit, Finding, Fix, Lint, Run, Safety};
use crate::packet::Family;
use crate::save::ast::Opt;
use crate::save::option::{Net, Value};
use crate::save::words;

pub static LINT: Lint = Lint {
    code: "IPT305",
    name: "host-bits",
    severity: Severity::Warning,
    summary: "a network is written with host bits that its mask throws away",
    page: include_str!("../../../docs/lints/IPT305.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    for (_, rule) in ruleset.rules() {
        for option in rule.parts().flat_map(|part| &part.options) {
            let Value::Nets(nets) = &option.value else { continue };
            if let Some(net) = nets.iter().find(|net| net.mask != 0 && net.address & !net.mask != 0) {
                findings.push(finding(ruleset, option, net));
            }
        }
    }
}

fn finding(ruleset: &Ruleset<'_>, option: &Opt, net: &Net) -> Finding {
    let (written, meant) = (show(net.address, ruleset.family()), show(net.address & net.mask, ruleset.family()));
    let message = format!("the mask throws away part of {written}: the rule is about the network {meant}");
    Finding::new(&LINT, ruleset.place(option.span), message)
        .label("host bits set")
        .note("a reader takes it for one host, or for another network")
        .help(format!("write {meant} with the same mask, or the host with none"))
        .fix(fix(ruleset, option, net))
}

/// The one word of the option that starts with the address as written.
fn fix(ruleset: &Ruleset<'_>, option: &Opt, net: &Net) -> Option<Fix> {
    let text = ruleset.source.slice(option.span);
    let mut found = Vec::new();
    words::split(text, option.span.start as usize, &mut found).ok()?;
    let written = show(net.address, ruleset.family());
    let word = found.iter().find(|word| {
        word.text.strip_prefix(written.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'/')) && !word.quoted
    })?;
    let span = crate::diag::Span::new(word.span.start as usize, word.span.start as usize + written.len());
    let text = show(net.address & net.mask, ruleset.family()).into();
    let title = "writes the network's own address".to_owned();
    Some(Fix { title, safety: Safety::Safe, edits: vec![Edit { span, text }] })
}

fn show(address: u128, family: Family) -> String {
    match family {
        Family::Ip6 => Ipv6Addr::from(address).to_string(),
        _ => Ipv4Addr::from(address as u32).to_string(),
    }
}
