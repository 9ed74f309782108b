//! The audit as one HTML file that needs nothing else: a sortable table of dumps, and a part for each.
//!
//! Invariant: every text from outside goes through the template's escaping; styles and script are our own files,
//! put in whole; nothing is fetched.

mod host;
mod picture;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::audit::{Host, Sum, Verdict};
use crate::report::audit::text::how;
use crate::report::summary::{count, grouped};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The whole page.
pub fn html(hosts: &[Host], sum: &Sum) -> Vec<u8> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";
                link rel="icon" href="data:,";
                title { "Firewall audit: " (count(hosts.len(), "dump")) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "From iptables to nftables" }
                    p { (count(sum.dumps, "dump")) ", " (count(sum.rules, "rule")) }
                }
                main {
                    (totals(sum))
                    (reasons(sum))
                    (table(hosts))
                    @for (at, host) in hosts.iter().enumerate() { (host::part(at, host)) }
                }
                footer { "Made by ipt2nft " (env!("CARGO_PKG_VERSION")) "; every judgement is what `ipt2nft translate` does with the dump" }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string().into_bytes()
}

fn totals(sum: &Sum) -> Markup {
    let cards = [
        ("ready", "ready", sum.ready),
        ("changes", "ready with changes", sum.ready_with_changes),
        ("blocked", "blocked", sum.blocked),
    ];
    html! {
        section class="totals" aria-label="Totals" {
            @for (class, label, n) in cards {
                div class={ "card " (class) } { b { (grouped(n)) } span { (label) } }
            }
            div class="card" { b { (grouped(sum.exact)) } span { "rules exact" } }
            div class="card" { b { (grouped(sum.approximate)) } span { "with --approximate" } }
            div class="card" { b { (grouped(sum.refused)) } span { "refused" } }
            div class="card" { b { (grouped(sum.translated_rules)) " → " (grouped(sum.rules_after)) } span { "rules after merging" } }
        }
        @if !sum.owners.is_empty() {
            section {
                h2 { "Other software's chains" }
                p class="targets" { @for (name, dumps) in &sum.owners { span { (name) " " b { (grouped(*dumps)) } } } }
            }
        }
        section {
            h2 { "Targets" }
            p class="targets" {
                @for (name, dumps) in &sum.targets {
                    span class=[(*dumps == sum.dumps).then_some("all")] { (name) " " b { (grouped(*dumps)) } }
                }
            }
            p class="hint" { "How many dumps lose nothing when the output is written for that distribution's nft and kernel." }
        }
    }
}

fn reasons(sum: &Sum) -> Markup {
    html! {
        @if !sum.reasons.is_empty() {
            section {
                h2 { "What stands in the way" }
                table {
                    thead { tr { th { "what" } th { "for example" } th class="n" { "lines" } th class="n" { "dumps" } } }
                    tbody {
                        @for reason in &sum.reasons {
                            tr {
                                td { (how(reason.how)) }
                                td { (reason.example) }
                                td class="n" { (grouped(reason.lines)) }
                                td class="n" { (grouped(reason.dumps)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

const COLUMNS: [(&str, bool); 10] = [
    ("dump", false),
    ("families", false),
    ("rules", true),
    ("exact", true),
    ("approximate", true),
    ("refused", true),
    ("nft rules", true),
    ("findings", true),
    ("proof", false),
    ("verdict", false),
];

fn table(hosts: &[Host]) -> Markup {
    html! {
        section {
            h2 id="dumps" { "Dumps" }
            label class="filter" { "Filter " input id="filter" type="search" placeholder="name or verdict"; }
            table id="hosts" {
                thead {
                    tr {
                        @for (name, number) in COLUMNS {
                            th class=[number.then_some("n")] aria-sort="none" { button type="button" { (name) } }
                        }
                    }
                }
                tbody { @for (at, host) in hosts.iter().enumerate() { (row(at, host)) } }
            }
        }
    }
}

fn row(at: usize, host: &Host) -> Markup {
    let families: Vec<&str> = host.families.iter().map(|f| f.name()).collect();
    let findings = Some(host.findings.list.len());
    let numbers =
        [Some(host.rules), Some(host.exact), Some(host.approximate), Some(host.refused), host.rules_after, findings];
    html! {
        tr {
            td { a href={ "#host-" (at) } { (host.name) } }
            td { (families.join(" ")) }
            @for number in numbers {
                @let shown = number.map_or_else(|| "–".to_owned(), grouped);
                td class="n" data-value=[number] { (shown) }
            }
            td { (host::proof_word(&host.proof)) }
            td data-value=(host.verdict as u8) { (badge(host.verdict)) }
        }
    }
}

fn badge(verdict: Verdict) -> Markup {
    let class = match verdict {
        Verdict::Ready => "ready",
        Verdict::ReadyWithChanges => "changes",
        Verdict::Blocked => "blocked",
    };
    html! { span class={ "badge " (class) } { (verdict.text()) } }
}
