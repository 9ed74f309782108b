//! The JSON form means what the text form means: both loaded, nft lists the same.

mod support;
#[path = "nft/tree.rs"]
mod tree;

use bstr::ByteSlice;
use ipt2nft::nft::ast::*;
use ipt2nft::nft::json::json;
use ipt2nft::nft::print::{Style, print};
use ipt2nft::nft::version::{Feature, Version};
use support::nft;

/// What the JSON reader of the program would lose or refuse, taken out of the tree.
fn speakable(mut ruleset: Ruleset, nft: Version) -> Ruleset {
    for item in &mut ruleset.items {
        let Item::Table(table) = item else { continue };
        table.entries.retain(|entry| match entry {
            Entry::Set(set) => !matches!(set.name.to_str(), Ok("pools")) && (nft >= COMPLETE || !is_new(set)),
            Entry::Object(object) => {
                nft >= COMPLETE || !matches!(object.body, ObjectBody::Synproxy { .. } | ObjectBody::CtTimeout { .. })
            }
            _ => true,
        });
        for entry in &mut table.entries {
            match entry {
                Entry::Set(set) => set.comment = None,
                Entry::Chain(chain) => {
                    chain.rules.retain(|rule| !needs(&format!("{rule:?}"), nft));
                    chain.comment = chain.comment.take().filter(|_| nft >= COMPLETE);
                }
                Entry::Object(object) => {
                    object.comment = object.comment.take().filter(|_| nft >= Version::new(1, 0, 6))
                }
                _ => {}
            }
        }
    }
    ruleset
}

fn is_new(set: &Set) -> bool {
    let several = matches!(&set.data, Some(DataKind::Value(parts)) if parts.len() > 1);
    several || set.flags.dynamic || set.auto_merge || matches!(set.key.as_slice(), [KeyType::Typeof(_)])
}

/// Whether a rule refers to something taken out.
fn needs(rule: &str, nft: Version) -> bool {
    let gone = ["\"pools\""].iter().chain(if nft >= COMPLETE {
        [].iter()
    } else {
        ["\"seen\"", "\"backends\"", "\"shield\"", "\"short\"", "\"nets\"", "kind: 30,"].iter()
    });
    gone.into_iter().any(|name| rule.contains(name))
}

const COMPLETE: Version = Version::new(1, 1, 3);

#[test]
fn both_forms_list_alike() {
    for program in nft::programs() {
        // 0.9.8 drops the statements of sets.
        let lost = |feature| feature == Feature::StatementsInSet && program.version < Version::new(1, 0, 6);
        let has = |feature: Feature| program.version >= feature.need().nft && !lost(feature);
        let ruleset = speakable(tree::ruleset(has), program.version);
        let text = program.run("-f FILE\n-T list ruleset", &print(&ruleset, &Style::default()).unwrap());
        assert!(text.ok, "nft {}: {}", program.version, text.stderr);
        let form = serde_json::to_vec_pretty(&json(&ruleset, program.version).unwrap()).unwrap();
        let form = program.run("-j -f FILE\n-j -f FILE\n-T list ruleset", &form);
        assert!(form.ok, "nft {}: {}", program.version, form.stderr);
        let (text, form) = (text.stdout.as_bstr().to_string(), form.stdout.as_bstr().to_string());
        let pairs = text.lines().zip(form.lines());
        let different: Vec<_> = pairs.filter(|(a, b)| !a.contains("expires") && words(a) != words(b)).collect();
        assert!(different.is_empty(), "nft {}: {different:#?}", program.version);
        assert_eq!(text.lines().count(), form.lines().count());
    }
}

/// What a reader would lose is refused, not dropped.
#[test]
fn what_changes_the_meaning_is_refused() {
    let all = tree::ruleset(|_| true);
    assert!(json(&all, COMPLETE).is_err(), "a named map to ranges");
    for item in &all.items {
        let Item::Table(table) = item else { continue };
        for entry in &table.entries {
            let Entry::Set(set) = entry else { continue };
            let alone = tree::one_table(table.name.family, vec![Entry::Set(set.clone())]);
            let old = json(&alone, Version::new(0, 9, 8)).is_err();
            let new = json(&alone, COMPLETE).is_err();
            assert_eq!(new, set.name == "pools", "{}", set.name);
            let lost = (is_new(set) && !set.auto_merge) || !set.statements.is_empty();
            assert_eq!(old, new || lost, "{}", set.name);
        }
    }
}

/// The words of a line, sorted: the kernel lists elements of a hash in any order.
fn words(line: &str) -> Vec<&str> {
    let mut words: Vec<&str> = line.split([' ', ',']).collect();
    words.sort_unstable();
    words
}
