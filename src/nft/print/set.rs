//! Named sets and maps.

use std::borrow::Cow;

use super::expr::Beside;
use super::object::object_words;
use super::{Printer, Why};
use crate::nft::ast::{Data, DataKind, Expr, KeyType, Set, SetFlags};
use crate::nft::names::{Kind, duration, field_words, type_name};

impl<'a> Printer<'a> {
    pub(super) fn set(&mut self, set: &'a Set) -> Result<(), Why> {
        self.open_set(set)?;
        if !set.elements.is_empty() {
            let (kinds, data) = self.kinds_of_set(set);
            self.out.start_line();
            self.out.put("elements = ");
            self.braces(&set.elements, Beside::of(&kinds), data.as_deref())?;
            self.out.end_line();
        }
        self.close_set();
        Ok(())
    }

    /// What stands before the elements.
    pub(super) fn open_set(&mut self, set: &'a Set) -> Result<(), Why> {
        self.out.start_line();
        self.out.put(if set.data.is_some() { "map " } else { "set " });
        self.name(&set.name)?;
        self.out.put(" {");
        self.out.end_line();
        self.out.indent();
        self.comment_line(set.comment.as_ref())?;
        let types = self.types(set)?;
        self.out.line(types);
        self.properties(set);
        for statement in &set.statements {
            self.out.start_line();
            self.statement(statement)?;
            self.out.end_line();
        }
        Ok(())
    }

    pub(super) fn close_set(&mut self) {
        self.out.outdent();
        self.out.line("}");
    }

    /// Kinds of the key's parts, and of the data's when they are values.
    pub(super) fn kinds_of_set(&self, set: &Set) -> (Vec<Kind>, Option<Vec<Kind>>) {
        let kinds = |keys: &[KeyType]| keys.iter().map(|key| Kind::of_key(key, self.family)).collect();
        let data = match &set.data {
            Some(DataKind::Value(parts)) => Some(kinds(parts)),
            Some(DataKind::Verdict | DataKind::Object(_)) | None => None,
        };
        (kinds(&set.key), data)
    }

    fn properties(&mut self, set: &Set) {
        if let Some(size) = set.size {
            self.out.line(format!("size {size}"));
        }
        let SetFlags { constant, interval, dynamic, timeout } = set.flags;
        let flags = [(constant, "constant"), (dynamic, "dynamic"), (interval, "interval"), (timeout, "timeout")];
        let flags: Vec<&str> = flags.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        if !flags.is_empty() {
            self.out.line(format!("flags {}", flags.join(",")));
        }
        if let Some(seconds) = set.timeout {
            self.out.line(format!("timeout {}", duration(seconds)));
        }
        if let Some(seconds) = set.gc_interval {
            self.out.line(format!("gc-interval {}", duration(seconds)));
        }
        if set.auto_merge {
            self.out.line("auto-merge");
        }
    }

    /// The `type` or `typeof` line. `type` wherever every part has a type of its own name, unless the
    /// tree says `typeof` throughout.
    fn types(&self, set: &Set) -> Result<String, Why> {
        let value: &[KeyType] = match &set.data {
            Some(DataKind::Value(parts)) => parts,
            Some(DataKind::Verdict | DataKind::Object(_)) | None => &[],
        };
        if set.key.is_empty() || (value.is_empty() && matches!(set.data, Some(DataKind::Value(_)))) {
            return Err(Why::Shape("a set or map without a type"));
        }
        let all = || set.key.iter().chain(value);
        let by_field = all().all(|key| matches!(key, KeyType::Typeof(_)));
        let name = |key: &KeyType| self.type_words(key, by_field);
        let join =
            |keys: &[KeyType]| keys.iter().map(name).collect::<Result<Vec<_>, _>>().map(|words| words.join(" . "));
        let data = match &set.data {
            None => String::new(),
            Some(DataKind::Verdict) => " : verdict".to_owned(),
            Some(DataKind::Object(kind)) => format!(" : {}", object_words(*kind)),
            Some(DataKind::Value(parts)) if set.elements.iter().any(maps_to_range) => {
                format!(" : interval {}", join(parts)?)
            }
            Some(DataKind::Value(parts)) => format!(" : {}", join(parts)?),
        };
        Ok(format!("{} {}{data}", if by_field { "typeof" } else { "type" }, join(&set.key)?))
    }

    fn type_words(&self, key: &KeyType, by_field: bool) -> Result<String, Why> {
        match key {
            KeyType::Typeof(field) if by_field => {
                field_words(*field, self.family).map(Cow::into_owned).ok_or(Why::Field(*field))
            }
            _ => type_name(Kind::of_key(key, self.family).data)
                .map(str::to_owned)
                .ok_or(Why::Shape("a type that nft can only say by `typeof` and an expression")),
        }
    }
}

/// Whether an element maps to a range, which the map's type has to say.
fn maps_to_range(element: &crate::nft::ast::Element) -> bool {
    let ranges = |expr: &Expr| matches!(expr, Expr::Range(..) | Expr::Prefix { .. });
    match &element.data {
        Some(Data::Value(Expr::Concat(parts))) => parts.iter().any(ranges),
        Some(Data::Value(value)) => ranges(value),
        Some(Data::Verdict(_)) | None => false,
    }
}
