//! Kernel log lines, led to where they can be read without touching the host.
//!
//! `LOG` and nft's `log` write to the kernel log, and from a namespace of its own only when the global
//! setting `nf_log_all_netns` is on; the per-namespace choice of logger (`nf_log/N`) does not apply to
//! them, since both name the kernel log explicitly (`nf_log.c`, `xt_LOG.c`, `nft_log.c`). So in the text
//! that is loaded (never in the user's files) each of them becomes a log statement to a group of ours,
//! with level and flags in front of the prefix. Both only log and let the rule go on.
//!
//! Invariant: a statement that is not understood whole is left as it stands.

use super::probe::KERNEL_LOG_GROUP;
use crate::save::words;

/// Flags in `NF_LOG_*` order.
const TCP_SEQUENCE: u8 = 1;
const TCP_OPTIONS: u8 = 2;
const IP_OPTIONS: u8 = 4;
const UID: u8 = 8;
const ETHER: u8 = 32;
const ALL: u8 = 0x2f;

#[derive(Default)]
struct Line {
    level: Option<String>,
    flags: u8,
    prefix: String,
}

impl Line {
    fn set_level(&mut self, word: &str) {
        let name = match word {
            "emerg" | "panic" => "0",
            "alert" => "1",
            "crit" => "2",
            "err" | "error" => "3",
            "warn" | "warning" => "4",
            "notice" => "5",
            "info" => "6",
            "debug" => "7",
            number => number,
        };
        self.level = Some(name.to_owned());
    }

    /// The prefix that tells all three; at most 63 bytes, as NFLOG takes.
    fn tag(&self) -> String {
        let mut tag = format!("level {} flags {:#x}|{}", self.level.as_deref().unwrap_or("4"), self.flags, self.prefix);
        while tag.len() > 63 {
            tag.pop();
        }
        tag
    }
}

/// Level, flags and prefix of a tag, for people.
pub fn untag(tag: &str) -> String {
    match tag.split_once('|') {
        Some((head, prefix)) => format!("kernel log, {head}, prefix \"{prefix}\""),
        None => format!("kernel log, \"{tag}\""),
    }
}

/// An iptables-save text in which each `-j LOG` is an `-j NFLOG`.
pub fn divert_save(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        out.push_str(&divert_save_line(line).unwrap_or_else(|| line.to_owned()));
        out.push('\n');
    }
    out
}

fn divert_save_line(line: &str) -> Option<String> {
    if !line.contains("LOG") || line.trim_start().starts_with('#') {
        return None;
    }
    let mut words = Vec::new();
    words::split(line.as_bytes(), 0, &mut words).ok()?;
    let at = words.windows(2).position(
        |w| matches!(w, [jump, target] if matches!(&*jump.text, b"-j" | b"--jump") && *target.text == *b"LOG"),
    )?;
    let place = |at: usize| words.get(at).map(|word| word.span.start as usize..word.span.end as usize);
    let mut found = Line::default();
    // Matches may stand behind the target, and options of the target behind them.
    let mut others = String::new();
    let mut options = words.iter().enumerate().skip(at + 2);
    while let Some((here, option)) = options.next() {
        let mut value = || options.next().map(|(_, word)| String::from_utf8_lossy(&word.text));
        let is_comment = words.get(here.wrapping_sub(1)).is_some_and(|word| *word.text == *b"--comment");
        match &*option.text {
            b"--log-prefix" if !is_comment => found.prefix = value()?.into_owned(),
            b"--log-level" if !is_comment => found.set_level(&value()?),
            b"--log-tcp-sequence" if !is_comment => found.flags |= TCP_SEQUENCE,
            b"--log-tcp-options" if !is_comment => found.flags |= TCP_OPTIONS,
            b"--log-ip-options" if !is_comment => found.flags |= IP_OPTIONS,
            b"--log-uid" if !is_comment => found.flags |= UID,
            b"--log-macdecode" if !is_comment => found.flags |= ETHER,
            text if text.starts_with(b"--log") && !is_comment => return None,
            _ => {
                others.push(' ');
                others.push_str(line.get(place(here)?)?);
            }
        }
    }
    let tag = found.tag().replace('\\', "\\\\").replace('"', "\\\"");
    let before = line.get(..place(at)?.start)?;
    Some(format!("{before}-j NFLOG --nflog-group {KERNEL_LOG_GROUP} --nflog-prefix \"{tag}\"{others}"))
}

/// An nft text in which each `log` to the kernel log goes to our group.
pub fn divert_nft(text: &str) -> String {
    let tokens = nft_tokens(text);
    let mut out = String::with_capacity(text.len() + 256);
    let (mut copied, mut at) = (0, 0);
    while let Some(&(start, end)) = tokens.get(at) {
        let before = at.checked_sub(1).and_then(|b| tokens.get(b)).and_then(|(s, e)| text.get(*s..*e));
        let names = matches!(before, Some("jump" | "goto" | "chain" | "set" | "map"));
        if text.get(start..end) == Some("log")
            && !names
            && let Some((statement, after)) = nft_statement(text, &tokens, at + 1)
        {
            let stop = tokens.get(after.saturating_sub(1)).map_or(end, |(_, e)| *e);
            out.push_str(text.get(copied..start).unwrap_or_default());
            out.push_str(&format!("log prefix \"{}\" group {KERNEL_LOG_GROUP}", statement.tag()));
            (copied, at) = (stop, after);
        } else {
            at += 1;
        }
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

/// Reads the options of a `log`; `None` where it has a group, or something else than words and strings.
/// Returns the number of the token behind.
fn nft_statement(text: &str, tokens: &[(usize, usize)], mut at: usize) -> Option<(Line, usize)> {
    let token = |at: usize| tokens.get(at).and_then(|(s, e)| text.get(*s..*e));
    let mut found = Line::default();
    loop {
        match token(at) {
            Some("prefix") => {
                let word = token(at + 1).filter(|w| !w.starts_with('$'))?;
                found.prefix = word.trim_matches('"').to_owned();
                at += 2;
            }
            // The audit log is no kernel log: what goes there stays there, as with AUDIT.
            Some("level") => {
                found.set_level(token(at + 1).filter(|level| *level != "audit")?);
                at += 2;
            }
            Some("flags") => at = nft_flags(&token, at + 1, &mut found.flags)?,
            Some("group" | "snaplen" | "queue-threshold") => return None,
            _ => return Some((found, at)),
        }
    }
}

fn nft_flags<'a>(token: &impl Fn(usize) -> Option<&'a str>, mut at: usize, flags: &mut u8) -> Option<usize> {
    match token(at)? {
        "all" => *flags |= ALL,
        "skuid" => *flags |= UID,
        "ether" => *flags |= ETHER,
        "ip" => {
            at += 1;
            *flags |= if token(at)? == "options" { IP_OPTIONS } else { return None };
        }
        "tcp" => loop {
            at += 1;
            *flags |= match token(at)? {
                "sequence" => TCP_SEQUENCE,
                "options" => TCP_OPTIONS,
                _ => return None,
            };
            if token(at + 1) != Some(",") {
                break;
            }
            at += 1;
        },
        _ => return None,
    }
    Some(at + 1)
}

/// Places of the tokens of an nft text: words, strings, single characters; comments are left out.
fn nft_tokens(text: &str) -> Vec<(usize, usize)> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '$' | '@' | '*' | ':');
    while let Some((start, c)) = chars.next() {
        let mut end = start + c.len_utf8();
        if c.is_whitespace() {
            continue;
        }
        if c == '#' {
            while chars.next_if(|(_, c)| *c != '\n').is_some() {}
            continue;
        }
        if c == '"' {
            for (at, c) in chars.by_ref() {
                end = at + c.len_utf8();
                if c == '"' {
                    break;
                }
            }
        } else if word(c) {
            while let Some((at, c)) = chars.next_if(|(_, c)| word(*c)) {
                end = at + c.len_utf8();
            }
        }
        tokens.push((start, end));
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn save_lines_are_led_over() {
        for (line, want) in [
            ("-A INPUT -j LOG", "-A INPUT -j NFLOG --nflog-group 60002 --nflog-prefix \"level 4 flags 0x0|\""),
            (
                "-A INPUT -p tcp -j LOG --log-prefix \"a b: \" --log-level 7 --log-tcp-options --log-uid",
                "-A INPUT -p tcp -j NFLOG --nflog-group 60002 --nflog-prefix \"level 7 flags 0xa|a b: \"",
            ),
            (
                "-A INPUT -m comment --comment \"x -j LOG\" -j DROP",
                "-A INPUT -m comment --comment \"x -j LOG\" -j DROP",
            ),
            ("-A INPUT -j LOGDROP", "-A INPUT -j LOGDROP"),
            (
                "-A INPUT -j LOG --log-uid -p tcp ! --dport 22 --log-prefix \"a: \" -m comment --comment \"b c\"",
                "-A INPUT -j NFLOG --nflog-group 60002 --nflog-prefix \"level 4 flags 0x8|a: \" -p tcp ! --dport 22 \
                 -m comment --comment \"b c\"",
            ),
            (
                "-A INPUT -j LOG -m comment --comment --log-uid",
                "-A INPUT -j NFLOG --nflog-group 60002 --nflog-prefix \"level 4 flags 0x0|\" \
                 -m comment --comment --log-uid",
            ),
            ("-A INPUT -j LOG --log-new-option", "-A INPUT -j LOG --log-new-option"),
            ("# -j LOG", "# -j LOG"),
        ] {
            assert_eq!(divert_save(line).trim_end(), want);
        }
    }

    #[test]
    fn nft_statements_are_led_over() {
        let ours = |tag: &str| format!("log prefix \"{tag}\" group 60002");
        for (text, want) in [
            ("log drop", format!("{} drop", ours("level 4 flags 0x0|"))),
            (
                "ip saddr 1.2.3.4 log prefix \"a log b\" level debug flags tcp options flags skuid drop",
                format!("ip saddr 1.2.3.4 {} drop", ours("level 7 flags 0xa|a log b")),
            ),
            (
                "log flags tcp sequence,options flags ip options accept",
                format!("{} accept", ours("level 4 flags 0x7|")),
            ),
            ("log flags all;", format!("{};", ours("level 4 flags 0x2f|"))),
            ("log group 3 prefix \"x\" drop", "log group 3 prefix \"x\" drop".into()),
            ("comment \"log drop\" # log", "comment \"log drop\" # log".into()),
            ("log level audit drop", "log level audit drop".into()),
            ("jump log", "jump log".into()),
            ("jump log-it", "jump log-it".into()),
            ("log level info", ours("level 6 flags 0x0|")),
        ] {
            assert_eq!(divert_nft(text), want);
        }
    }
}
