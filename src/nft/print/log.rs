//! `log` and its options.

use super::{Printer, Why};
use crate::nft::ast::{Log, LogFlags};
use crate::nft::names::log_level;
use crate::nft::quoted::check_prefix;

impl Printer<'_> {
    pub(super) fn log(&mut self, log: &Log) -> Result<(), Why> {
        let Log { prefix, level, flags, group, snaplen, queue_threshold } = log;
        if group.is_some() && (level.is_some() || *flags != LogFlags::default()) {
            return Err(Why::Shape("a log group beside a level or flags"));
        }
        if group.is_none() && (snaplen.is_some() || queue_threshold.is_some()) {
            return Err(Why::Shape("a log snaplen or threshold without a group"));
        }
        self.out.put("log");
        if let Some(prefix) = prefix {
            check_prefix(prefix).map_err(|why| Why::Text { text: prefix.clone(), why })?;
            self.out.put(" prefix ");
            self.out.quoted(prefix);
        }
        if let Some(level) = level {
            let word = log_level(*level).ok_or(Why::Shape("a log level above 8"))?;
            self.out.put(format!(" level {word}"));
        }
        self.out.put(log_flags(*flags));
        let numbers = [
            ("group", group.map(u32::from)),
            ("snaplen", *snaplen),
            ("queue-threshold", queue_threshold.map(u32::from)),
        ];
        for (word, number) in numbers {
            if let Some(number) = number {
                self.out.put(format!(" {word} {number}"));
            }
        }
        Ok(())
    }
}

fn log_flags(flags: LogFlags) -> String {
    let LogFlags { tcp_sequence, tcp_options, ip_options, skuid, ether } = flags;
    if tcp_sequence && tcp_options && ip_options && skuid && ether {
        return " flags all".to_owned();
    }
    let tcp = match (tcp_sequence, tcp_options) {
        (true, true) => " flags tcp sequence,options",
        (true, false) => " flags tcp sequence",
        (false, true) => " flags tcp options",
        (false, false) => "",
    };
    let mut words = tcp.to_owned();
    for (on, word) in [(ip_options, " flags ip options"), (skuid, " flags skuid"), (ether, " flags ether")] {
        if on {
            words.push_str(word);
        }
    }
    words
}
