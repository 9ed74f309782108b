//! No text breaks the reader.

use proptest::prelude::*;

use super::*;
use crate::nft::read::resolve;

const RULESET: &str = include_str!("../../../../tests/nft_read/ruleset.nft");

fn survive(text: &[u8]) {
    if let Ok(ruleset) = read("any", text) {
        let _ = resolve(ruleset);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_bytes(text in prop::collection::vec(any::<u8>(), 0..300)) {
        survive(&text);
    }

    #[test]
    fn arbitrary_words(words in prop::collection::vec(0_usize..4000, 0..60)) {
        let all: Vec<&str> = RULESET.split_inclusive([' ', '\n']).collect();
        let text: String = words.iter().filter_map(|index| all.get(index % all.len())).copied().collect();
        survive(text.as_bytes());
        survive(format!("table ip t {{ chain c {{ {text} }} }}").as_bytes());
    }

    #[test]
    fn mutated_rulesets(line in 0_usize..400, at in 0_usize..80, byte in any::<u8>(), cut in 0_usize..8) {
        let mut text = RULESET.lines().cycle().skip(line).take(5).collect::<Vec<_>>().join("\n").into_bytes();
        let at = at.min(text.len());
        let end = (at + cut).min(text.len());
        text.splice(at..end, [byte]);
        survive(&text);
    }
}

#[test]
fn the_whole_ruleset_is_understood() {
    let ruleset = read("ruleset", RULESET.as_bytes()).unwrap();
    assert!(!format!("{ruleset:?}").contains("Opaque"));
    let resolved = resolve(ruleset).unwrap();
    assert_eq!(resolved.tables.len(), 4);
}
