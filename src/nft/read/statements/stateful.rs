//! Statements that keep state and may stand in sets too: counter, limit, quota, ct count, last.

use crate::nft::ast::{Limit, ObjectKind, ObjectName, Statement};
use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::nft::read::token::Kind;
use crate::nft::read::values::{Want, byte_unit, time_unit};

impl Reader<'_> {
    /// Any of them, with the cursor on the keyword.
    pub fn stateful(&mut self) -> Parsed<Statement> {
        let word = self.word()?;
        match word {
            "counter" if self.eat("name") => self.object_ref(ObjectKind::Counter),
            "counter" => {
                let (packets, bytes) = self.counter_numbers()?;
                Ok(Statement::Counter { packets, bytes })
            }
            "limit" if self.eat("name") => self.object_ref(ObjectKind::Limit),
            "limit" => self.limit_numbers().map(Statement::Limit),
            "quota" if self.eat("name") => self.object_ref(ObjectKind::Quota),
            "quota" => {
                let (over, bytes, used) = self.quota_numbers()?;
                Ok(Statement::Quota { over, bytes, used })
            }
            "ct" => self.connlimit(),
            "last" => self.last(),
            _ => Err(Unread),
        }
    }

    /// The name of an object, or a map that yields one.
    pub fn object_ref(&mut self, kind: ObjectKind) -> Parsed<Statement> {
        if let Some(name) = self.attempt(Self::object_name) {
            return Ok(Statement::ObjectRef { kind, name: ObjectName::Literal(name) });
        }
        let key = self.left_key()?;
        self.need("map")?;
        let map = self.lookup(&key, &Want::Object)?;
        Ok(Statement::ObjectRef { kind, name: ObjectName::Map { key, map } })
    }

    /// A quoted name, or a word that no map follows.
    fn object_name(&mut self) -> Parsed<bstr::BString> {
        if self.peek().kind == Kind::Text {
            return self.quoted();
        }
        if self.attempt(|reader| reader.left_key().and_then(|_| reader.need("map"))).is_some() {
            return Err(Unread);
        }
        self.name()
    }

    /// `count [over|until] N`, with `ct` already read.
    fn connlimit(&mut self) -> Parsed<Statement> {
        self.need("count")?;
        let over = self.over();
        Ok(Statement::ConnLimit { over, count: self.number()? })
    }

    /// `used never` or `used 5s`, with `last` already read; the time of use is no part of the rule.
    fn last(&mut self) -> Parsed<Statement> {
        if self.eat("used") && !self.eat("never") {
            self.duration()?;
        }
        Ok(Statement::Last)
    }

    fn over(&mut self) -> bool {
        let over = self.eat("over");
        if !over {
            self.eat("until");
        }
        over
    }

    /// `packets N bytes N`, both or none.
    pub fn counter_numbers(&mut self) -> Parsed<(u64, u64)> {
        if !self.eat("packets") {
            return Ok((0, 0));
        }
        let packets = self.number()?;
        self.need("bytes")?;
        Ok((packets, self.number()?))
    }

    /// `[over|until] N unit [used N unit]`
    pub fn quota_numbers(&mut self) -> Parsed<(bool, u64, u64)> {
        let over = self.over();
        let bytes = self.byte_count()?;
        let used = if self.eat("used") { self.byte_count()? } else { 0 };
        Ok((over, bytes, used))
    }

    fn byte_count(&mut self) -> Parsed<u64> {
        let number: u64 = self.number()?;
        let unit = byte_unit(self.word()?).ok_or(Unread)?;
        number.checked_mul(unit).ok_or(Unread)
    }

    /// `rate [over|until] N[ unit]/time [burst N unit]`
    pub fn limit_numbers(&mut self) -> Parsed<Limit> {
        self.need("rate")?;
        let over = self.over();
        let number: u64 = self.number()?;
        let (factor, unit) = match self.peek_word().map(str::to_owned) {
            None => (None, None),
            Some(word) => {
                self.advance();
                match word.split_once('/') {
                    Some((bytes, time)) => (Some(byte_unit(bytes).ok_or(Unread)?), Some(time.to_owned())),
                    None => (Some(byte_unit(&word).ok_or(Unread)?), None),
                }
            }
        };
        let unit = match unit {
            Some(unit) if !unit.is_empty() => time_unit(&unit).ok_or(Unread)?,
            Some(_) => time_unit(self.word()?).ok_or(Unread)?,
            None => {
                self.need("/")?;
                time_unit(self.word()?).ok_or(Unread)?
            }
        };
        let rate = number.checked_mul(factor.unwrap_or(1)).ok_or(Unread)?;
        let burst = self.burst(factor.is_some())?;
        Ok(Limit { over, rate, bytes: factor.is_some(), unit, burst })
    }

    fn burst(&mut self, bytes: bool) -> Parsed<Option<u64>> {
        if !self.eat("burst") {
            return Ok(None);
        }
        let number: u64 = self.number()?;
        let unit = match self.word()? {
            "packets" if !bytes => 1,
            word if bytes => byte_unit(word).ok_or(Unread)?,
            _ => return Err(Unread),
        };
        number.checked_mul(unit).map(Some).ok_or(Unread)
    }
}
