//! One dump's part of the page: obstacles, targets, pictures of its chains, and the diff side by side.

use maud::{Markup, html};

use super::{badge, picture};
use crate::audit::{Host, Proof};
use crate::report::audit::text::how;
use crate::report::diff::{ChainDiff, Group};
use crate::report::summary::{count, grouped};

/// The part with the anchor `host-N`; closed until somebody opens it or follows a link to it.
pub fn part(at: usize, host: &Host) -> Markup {
    html! {
        details class="host" id={ "host-" (at) } {
            summary { span class="name" { (host.name) } " " (badge(host.verdict)) " " span class="hint" { (count(host.rules, "rule")) } }
            (proof(&host.proof))
            (obstacles(host))
            (targets(host))
            (owners(host))
            (findings(host))
            @if !host.before.is_empty() {
                h3 { "Chains" }
                div class="sides" {
                    div { h4 { "iptables" } @for graph in &host.before { (picture::svg(graph)) } }
                    div { h4 { "nftables" } @for graph in &host.after { (picture::svg(graph)) } }
                }
            }
            @if !host.diff.is_empty() {
                h3 { "Line by line" }
                @for chain in &host.diff { (chain_diff(chain)) }
            }
            p { a href="#dumps" { "back to the table" } }
        }
    }
}

/// In one word.
pub const fn proof_word(proof: &Proof) -> &'static str {
    match proof {
        Proof::Equivalent => "equivalent",
        Proof::Different(_) => "different",
        Proof::Undecided(_) => "undecided",
        Proof::NotDone => "not done",
    }
}

fn proof(proof: &Proof) -> Markup {
    html! {
        p { "Proof: " b { (proof_word(proof)) } }
        @if let Proof::Different(why) | Proof::Undecided(why) = proof { pre { (why) } }
    }
}

fn obstacles(host: &Host) -> Markup {
    html! {
        @if !host.obstacles.is_empty() {
            h3 { "Lines that do not translate exactly" }
            table {
                thead { tr { th class="n" { "line" } th { "what" } th { "why, and what to do" } } }
                tbody {
                    @for obstacle in &host.obstacles {
                        tr {
                            td class="n" { (obstacle.line) }
                            td { (how(obstacle.how)) br; code { (obstacle.code) } }
                            td {
                                code class="line" { (obstacle.text) }
                                p { (obstacle.why) }
                                @for help in &obstacle.help { p class="hint" { (help) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn targets(host: &Host) -> Markup {
    html! {
        h3 { "Targets" }
        p class="targets" {
            @for target in &host.targets {
                span class=[(target.refused == 0).then_some("all")] title=[target.why.as_deref()] {
                    (target.name)
                    @if target.refused > 0 { " " b { "−" (grouped(target.refused)) } }
                }
            }
        }
    }
}

fn owners(host: &Host) -> Markup {
    html! {
        @if !host.owners.is_empty() {
            h3 { "Chains of other software" }
            table {
                thead { tr { th { "software" } th { "chains" } th { "what to do" } } }
                tbody {
                    @for owned in &host.owners {
                        tr { td { (owned.software) } td { (some(&owned.chains)) } td { (owned.advice) } }
                    }
                }
            }
        }
    }
}

/// The first names, and how many there are besides.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {} more", grouped(more)) }
}

fn findings(host: &Host) -> Markup {
    html! {
        @if !host.findings.list.is_empty() {
            h3 { "Findings" }
            table {
                thead { tr { th class="n" { "line" } th { "finding" } th { "what, and what to do" } } }
                tbody {
                    @for finding in host.findings.list.iter().take(MOST_FINDINGS) {
                        tr {
                            td class="n" { (finding.line) }
                            td { code { (finding.code) } }
                            td { (finding.message) @for help in &finding.help { p class="hint" { (help) } } }
                        }
                    }
                }
            }
            @if host.findings.list.len() > MOST_FINDINGS {
                p class="hint" { "and " (grouped(host.findings.list.len() - MOST_FINDINGS)) " more; `ipt2nft lint` shows them all" }
            }
        }
    }
}

/// Longer lists help nobody on a page about many hosts.
const MOST_FINDINGS: usize = 100;

fn chain_diff(chain: &ChainDiff) -> Markup {
    html! {
        table class="diff" {
            caption { "table " (chain.family.name()) " " (chain.table) ", chain " b { (chain.chain) } }
            thead { tr { th class="n" { "line" } th { "iptables" } th { "nftables" } } }
            tbody { @for group in &chain.groups { (group_row(group)) } }
        }
    }
}

/// Long groups, such as a merged blocklist, are cut: the file has them.
const MOST: usize = 40;

fn group_row(group: &Group) -> Markup {
    let more = group.lines.len().saturating_sub(MOST);
    html! {
        @for why in &group.why { tr { td {} td colspan="2" class="why" { (why) } } }
        tr {
            td class="n" { @for line in group.lines.iter().take(MOST) { div { (line.line) } } }
            td {
                @for line in group.lines.iter().take(MOST) { code class="line" { (line.text) } }
                @if more > 0 { p class="hint" { "and " (count(more, "line")) " more" } }
            }
            td { @for rule in &group.rules { code class="line" { (cut(rule)) } } }
        }
    }
}

/// A rule that holds thousands of elements, shortened.
fn cut(rule: &str) -> String {
    const LONGEST: usize = 2000;
    match rule.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{} …", &rule[..at]),
        None => rule.to_owned(),
    }
}
