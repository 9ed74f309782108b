//! The examples that the prover names, as packets to send.

use ipt2nft::kernel::Packet;
use ipt2nft::prove::compare::Report;
use ipt2nft::report::proof::{Sides, json};

/// As `ipt2nft replay --witness` takes them from `ipt2nft diff --json`.
pub fn examples(report: &Report) -> Vec<Packet> {
    let text = json(report, Sides { old: "", new: "", rule: &|_, _, _| None }).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let chains = document["chains"].as_array().cloned().unwrap_or_default();
    let all = chains.iter().flat_map(|chain| chain["differences"].as_array().cloned().unwrap_or_default());
    all.map(|difference| serde_json::from_value(difference["packet"].clone()).expect("a packet to send")).collect()
}
