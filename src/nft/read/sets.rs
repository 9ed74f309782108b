//! Declarations of named sets and maps (nft(8), *SETS* and *MAPS*).

use bstr::BString;
use smallvec::smallvec;

use super::cursor::{Parsed, Reader, Unread};
use super::symbols;
use super::token::Kind;
use super::values::{SetShape, Type, Types, Want};
use crate::nft::ast::{DataKind, KeyType, ObjectKind, Set, SetFlags};

impl Reader<'_> {
    /// `{ type ...; flags ...; elements = { ... } }`, with the cursor on the brace.
    pub fn set_body(&mut self, name: BString, is_map: bool, line: u32) -> Parsed<Set> {
        let mut set = Set {
            name,
            comment: None,
            key: Vec::new(),
            data: None,
            flags: SetFlags::default(),
            timeout: None,
            gc_interval: None,
            size: None,
            auto_merge: false,
            statements: Vec::new(),
            elements: Vec::new(),
            line,
        };
        self.need("{")?;
        loop {
            self.skip_blank();
            if self.eat("}") {
                break;
            }
            if self.peek().kind == Kind::End {
                return Err(self.unclosed());
            }
            self.set_property(&mut set)?;
            if !self.at_end_of_statement() {
                return Err(Unread);
            }
        }
        if set.key.is_empty() || is_map != set.data.is_some() {
            return Err(Unread);
        }
        let shape = self.shape(&set);
        self.shapes.insert((self.table.clone(), set.name.clone()), shape);
        Ok(set)
    }

    fn set_property(&mut self, set: &mut Set) -> Parsed<()> {
        let word = self.peek_word().ok_or(Unread)?;
        if matches!(word, "counter" | "limit" | "quota" | "ct" | "last") {
            let statement = self.stateful()?;
            set.statements.push(statement);
            return Ok(());
        }
        self.advance();
        match word {
            "auto-merge" => set.auto_merge = true,
            "comment" => set.comment = Some(self.name()?),
            "elements" => {
                self.need("=")?;
                if set.key.is_empty() {
                    return Err(Unread);
                }
                let SetShape { key, data } = self.shape(set);
                set.elements.extend(self.elements(&key, &data)?);
            }
            "flags" => self.set_flags(&mut set.flags)?,
            "gc-interval" => set.gc_interval = Some(self.duration()?),
            "policy" => {
                if !matches!(self.word()?, "performance" | "memory") {
                    return Err(Unread);
                }
            }
            "size" => set.size = Some(self.number()?),
            "timeout" => set.timeout = Some(self.duration()?),
            "type" | "typeof" => self.set_types(set, word == "typeof")?,
            _ => return Err(Unread),
        }
        Ok(())
    }

    fn set_flags(&mut self, flags: &mut SetFlags) -> Parsed<()> {
        loop {
            match self.word()? {
                "constant" => flags.constant = true,
                "dynamic" => flags.dynamic = true,
                "interval" => flags.interval = true,
                "timeout" => flags.timeout = true,
                _ => return Err(Unread),
            }
            if !self.eat(",") {
                return Ok(());
            }
        }
    }

    /// `ipv4_addr . inet_service : verdict`, or fields behind `typeof`.
    fn set_types(&mut self, set: &mut Set, by_field: bool) -> Parsed<()> {
        set.key = self.key_types(by_field)?;
        if self.eat(":") {
            // `interval` tells that data are ranges; the elements show it.
            self.eat("interval");
            set.data = Some(match self.object_data() {
                Some(data) => data,
                None => DataKind::Value(self.key_types(by_field)?),
            });
        }
        Ok(())
    }

    fn object_data(&mut self) -> Option<DataKind> {
        let data = match (self.peek_word()?, self.word_ahead(1)) {
            ("verdict", _) => DataKind::Verdict,
            ("counter", _) => DataKind::Object(ObjectKind::Counter),
            ("limit", _) => DataKind::Object(ObjectKind::Limit),
            ("quota", _) => DataKind::Object(ObjectKind::Quota),
            ("secmark", _) => DataKind::Object(ObjectKind::Secmark),
            ("synproxy", _) => DataKind::Object(ObjectKind::Synproxy),
            ("ct", Some("helper")) if !self.is_ahead(2, ".") => DataKind::Object(ObjectKind::CtHelper),
            ("ct", Some("timeout")) => DataKind::Object(ObjectKind::CtTimeout),
            ("ct", Some("expectation")) => DataKind::Object(ObjectKind::CtExpectation),
            _ => return None,
        };
        let words = if self.is("ct") { 2 } else { 1 };
        (0..words).for_each(|_| self.advance());
        Some(data)
    }

    fn key_types(&mut self, by_field: bool) -> Parsed<Vec<KeyType>> {
        let mut types = Vec::new();
        loop {
            types.push(if by_field {
                KeyType::Typeof(self.field()?)
            } else {
                KeyType::Type(symbols::type_named(self.word()?).ok_or(Unread)?)
            });
            if !self.eat(".") {
                return Ok(types);
            }
        }
    }

    /// How the set's elements are to be read.
    fn shape(&self, set: &Set) -> SetShape {
        let types = |keys: &[KeyType]| keys.iter().map(|key| Type::key(key, self.family)).collect::<Types>();
        let data = match &set.data {
            None => Want::Nothing,
            Some(DataKind::Verdict) => Want::Verdict,
            Some(DataKind::Object(_)) => Want::Object,
            Some(DataKind::Value(keys)) => Want::Values(types(keys)),
        };
        let key = if set.key.is_empty() { smallvec![Type::Any] } else { types(&set.key) };
        SetShape { key, data }
    }
}
