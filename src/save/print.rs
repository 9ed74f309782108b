//! The tree back to iptables-save text.
//!
//! Options are written in full and typed values in one spelling each, so that what is printed
//! is canonical: printing, reading and printing again gives the same bytes.

use bstr::BString;

use super::ast::{ChainLine, Comment, Counters, Document, Dump, Item, Part, Placement, Policy, Rule, Table, Target};
use super::option::OptionSpec;
use super::value;
use crate::packet::Family;

/// The whole dump.
pub fn print(dump: &Dump) -> Vec<u8> {
    let mut out = Vec::new();
    for document in &dump.documents {
        print_document(document, &mut out);
    }
    out
}

fn print_document(document: &Document, out: &mut Vec<u8>) {
    for table in &document.tables {
        print_table(table, document.family, out);
    }
    document.trailing.iter().for_each(|c| comment(c, out));
}

fn print_table(table: &Table, family: Family, out: &mut Vec<u8>) {
    table.leading.iter().for_each(|c| comment(c, out));
    out.push(b'*');
    out.extend_from_slice(table.kind.name().as_bytes());
    out.push(b'\n');
    for item in &table.items {
        match item {
            Item::Chain(line) => chain(line, out),
            Item::Rule(r) => {
                rule(r, family, out);
                out.push(b'\n');
            }
            Item::Comment(c) => comment(c, out),
        }
    }
    out.extend_from_slice(b"COMMIT\n");
}

fn comment(comment: &Comment, out: &mut Vec<u8>) {
    out.push(b'#');
    out.extend_from_slice(&comment.text);
    out.push(b'\n');
}

fn chain(line: &ChainLine, out: &mut Vec<u8>) {
    let policy = match line.policy {
        Some(Policy::Accept) => "ACCEPT",
        Some(Policy::Drop) => "DROP",
        None => "-",
    };
    out.push(b':');
    out.extend_from_slice(&line.name);
    out.extend_from_slice(format!(" {policy} ").as_bytes());
    counters(line.counters.unwrap_or_default(), out);
    out.push(b'\n');
}

fn counters(c: Counters, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("[{}:{}]", c.packets, c.bytes).as_bytes());
}

/// One rule without a line break.
pub fn rule(rule: &Rule, family: Family, out: &mut Vec<u8>) {
    if let Some(c) = rule.counters.as_deref().copied() {
        counters(c, out);
        out.push(b' ');
    }
    match rule.placement {
        Placement::Append => {
            out.extend_from_slice(b"-A ");
            quoted(&rule.chain, out);
        }
        Placement::Insert(n) => {
            out.extend_from_slice(b"-I ");
            quoted(&rule.chain, out);
            out.extend_from_slice(format!(" {n}").as_bytes());
        }
    }
    match rule.only {
        Some(Family::Ip6) => out.extend_from_slice(b" -6"),
        Some(_) => out.extend_from_slice(b" -4"),
        None => {}
    }
    options(&rule.head, family, out);
    for part in &rule.matches {
        out.extend_from_slice(b" -m ");
        out.extend_from_slice(part.extension.name.as_bytes());
        options(part, family, out);
    }
    match &rule.target {
        Target::None => {}
        Target::Chain { name, goto, .. } => {
            out.extend_from_slice(if *goto { b" -g " } else { b" -j " });
            quoted(name, out);
        }
        Target::Extension(part) => {
            out.extend_from_slice(b" -j ");
            out.extend_from_slice(part.extension.name.as_bytes());
            options(part, family, out);
        }
    }
}

fn options(part: &Part, family: Family, out: &mut Vec<u8>) {
    for opt in &part.options {
        if opt.negated {
            out.extend_from_slice(b" !");
        }
        out.push(b' ');
        out.extend_from_slice(&option_name(opt.spec));
        for word in value::show(&opt.spec.arg, &opt.value, family) {
            out.push(b' ');
            quoted(&word, out);
        }
    }
}

/// The short form that iptables-save prefers, where there is one.
fn option_name(spec: &OptionSpec) -> BString {
    match spec.aliases.iter().find(|a| a.len() == 1) {
        Some(letter) => format!("-{letter}").into(),
        None => format!("--{}", spec.name).into(),
    }
}

/// A word in quotes where the reader needs them.
fn quoted(word: &[u8], out: &mut Vec<u8>) {
    let plain = |b: &u8| !matches!(b, b' ' | b'\t' | b'"' | b'\\' | b'\'');
    if !word.is_empty() && word.iter().all(plain) && word != b"!" {
        out.extend_from_slice(word);
        return;
    }
    out.push(b'"');
    for &b in word {
        if matches!(b, b'"' | b'\\' | b'\'') {
            out.push(b'\\');
        }
        out.push(b);
    }
    out.push(b'"');
}
