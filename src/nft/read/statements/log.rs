//! `log` and its options (nft(8), *LOG STATEMENT*).

use crate::nft::ast::{Log, LogFlags, Statement};
use crate::nft::read::cursor::{Parsed, Reader, Unread};

impl Reader<'_> {
    /// The statement, with the cursor on `log`.
    pub fn log(&mut self) -> Parsed<Statement> {
        self.need("log")?;
        let mut log = Log::default();
        loop {
            match self.peek_word() {
                Some("prefix") => {
                    self.advance();
                    log.prefix = Some(self.name()?);
                }
                Some("level") => {
                    self.advance();
                    log.level = Some(level(self.word()?).ok_or(Unread)?);
                }
                Some("group") => {
                    self.advance();
                    log.group = Some(self.number()?);
                }
                Some("snaplen") => {
                    self.advance();
                    log.snaplen = Some(self.number()?);
                }
                Some("queue-threshold") => {
                    self.advance();
                    log.queue_threshold = Some(self.number()?);
                }
                Some("flags") => {
                    self.advance();
                    self.log_flags(&mut log.flags)?;
                }
                _ => return Ok(Statement::Log(log)),
            }
        }
    }

    fn log_flags(&mut self, flags: &mut LogFlags) -> Parsed<()> {
        match self.word()? {
            "all" => {
                *flags = LogFlags { tcp_sequence: true, tcp_options: true, ip_options: true, skuid: true, ether: true };
            }
            "ether" => flags.ether = true,
            "ip" => {
                self.need("options")?;
                flags.ip_options = true;
            }
            "skuid" => flags.skuid = true,
            "tcp" => loop {
                match self.word()? {
                    "options" => flags.tcp_options = true,
                    "sequence" => flags.tcp_sequence = true,
                    _ => return Err(Unread),
                }
                if !self.eat(",") {
                    break;
                }
            },
            _ => return Err(Unread),
        }
        Ok(())
    }
}

/// Numbers of syslog(3); `audit` is nft's own.
fn level(word: &str) -> Option<u8> {
    let names = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"];
    names.iter().position(|name| *name == word).and_then(|level| u8::try_from(level).ok())
}
