//! Named sets and maps.

use serde_json::{Value, json};

use super::constant::utf8;
use super::expr::Beside;
use super::field::field;
use super::statement::object_word;
use super::{COMPLETE, Json};
use crate::nft::ast::{Data, DataKind, Element, Expr, KeyType, Set, SetFlags};
use crate::nft::names::{Kind, type_name};
use crate::nft::print::Why;
use crate::nft::version::Version;

impl Json<'_> {
    /// `set` or `map` and the members, less family, table and name.
    pub(super) fn set(&mut self, set: &Set) -> Result<(&'static str, Value), Why> {
        let mut members = json!({ "type": self.types(&set.key)? });
        match &set.data {
            None => {}
            Some(DataKind::Verdict) => members["map"] = json!("verdict"),
            Some(DataKind::Object(kind)) => members["map"] = json!(object_word(*kind)),
            Some(DataKind::Value(parts)) => {
                if parts.len() > 1 {
                    self.needs(COMPLETE, "a map to several parts, which this nft reads as text only")?;
                }
                if set.elements.iter().any(maps_to_range) {
                    return Err(Why::Shape("a named map to ranges, which nft reads as text only"));
                }
                members["map"] = self.types(parts)?;
            }
        }
        if let Some(comment) = &set.comment {
            members["comment"] = json!(utf8(comment)?);
        }
        let numbers = [("size", set.size.map(u64::from)), ("timeout", set.timeout), ("gc-interval", set.gc_interval)];
        for (name, number) in numbers {
            if let Some(number) = number {
                members[name] = json!(number);
            }
        }
        let SetFlags { constant, interval, dynamic, timeout } = set.flags;
        if dynamic {
            self.needs(COMPLETE, "a dynamic set, which this nft reads as text only")?;
        }
        let flags = [(constant, "constant"), (dynamic, "dynamic"), (interval, "interval"), (timeout, "timeout")];
        let flags: Vec<&str> = flags.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        if !flags.is_empty() {
            members["flags"] = json!(flags);
        }
        if set.auto_merge {
            members["auto-merge"] = json!(true);
        }
        if !set.statements.is_empty() {
            self.needs(Version::new(1, 0, 6), "a set with statements, which this nft reads as text only")?;
            members["stmt"] = json!(self.statements(&set.statements)?);
        }
        if !set.elements.is_empty() {
            let (kinds, data) = self.kinds_of_set(set);
            members["elem"] = json!(self.elements(&set.elements, Beside::of(&kinds), data.as_deref())?);
        }
        Ok((if set.data.is_some() { "map" } else { "set" }, members))
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

    /// Names of types; where one has no name, all as fields.
    fn types(&self, keys: &[KeyType]) -> Result<Value, Why> {
        let name = |key: &KeyType| type_name(Kind::of_key(key, self.family).data);
        if let Some(names) = keys.iter().map(name).collect::<Option<Vec<&str>>>() {
            return Ok(if let [only] = names.as_slice() { json!(only) } else { json!(names) });
        }
        self.needs(COMPLETE, "a set of a type without a name, which this nft reads as text only")?;
        let of = |key: &KeyType| match key {
            KeyType::Typeof(of) => field(*of, self.family),
            KeyType::Type(_) => Err(Why::Shape("a type that nft can only say by `typeof` and an expression")),
        };
        let fields = keys.iter().map(of).collect::<Result<Vec<Value>, Why>>()?;
        Ok(match fields.as_slice() {
            [only] => json!({ "typeof": only }),
            _ => json!({ "typeof": { "concat": fields } }),
        })
    }
}

fn maps_to_range(element: &Element) -> bool {
    let ranges = |expr: &Expr| matches!(expr, Expr::Range(..) | Expr::Prefix { .. });
    match &element.data {
        Some(Data::Value(Expr::Concat(parts))) => parts.iter().any(ranges),
        Some(Data::Value(value)) => ranges(value),
        Some(Data::Verdict(_)) | None => false,
    }
}
