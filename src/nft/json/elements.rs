//! Elements of sets and maps.

use serde_json::{Value, json};

use super::Json;
use super::constant::utf8;
use super::expr::Beside;
use crate::nft::ast::{Data, Element, Expr, Lookup};
use crate::nft::names::{Kind, Place, kinds_of};
use crate::nft::print::Why;

impl Json<'_> {
    /// `{"map": {"key": .., "data": ..}}` or `vmap`.
    pub(super) fn map(&mut self, key: &Expr, map: &Lookup, data: Option<&[Kind]>, word: &str) -> Result<Value, Why> {
        let kinds = kinds_of(key, self.family);
        let place = if matches!(key, Expr::Binary { .. }) { Place::Masked } else { Place::Alone };
        let key = self.expr(key, Beside::NOTHING)?;
        let data = match map {
            Lookup::Named(name) => json!(format!("@{name}")),
            Lookup::Anonymous(elements) => self.set_of(elements, Beside { kinds: &kinds, place }, data)?,
        };
        Ok(json!({ word: { "key": key, "data": data } }))
    }

    pub(super) fn set_of(&mut self, all: &[Element], beside: Beside<'_>, data: Option<&[Kind]>) -> Result<Value, Why> {
        Ok(json!({ "set": self.elements(all, beside, data)? }))
    }

    pub(super) fn elements(
        &mut self,
        all: &[Element],
        beside: Beside<'_>,
        data: Option<&[Kind]>,
    ) -> Result<Vec<Value>, Why> {
        all.iter().map(|element| self.element(element, beside, data)).collect()
    }

    fn element(&mut self, element: &Element, beside: Beside<'_>, data: Option<&[Kind]>) -> Result<Value, Why> {
        let key = self.key(element, beside)?;
        let Some(value) = &element.data else { return Ok(key) };
        let value = match (value, data) {
            (Data::Verdict(verdict), _) => Self::verdict(verdict),
            (Data::Value(value), Some(kinds)) => self.expr(value, Beside::of(kinds))?,
            (Data::Value(Expr::Text { text, .. }), None) => json!(utf8(text)?),
            (Data::Value(_), None) => return Err(Why::Shape("a value where the map yields verdicts or objects")),
        };
        Ok(json!([key, value]))
    }

    /// The key, wrapped where it carries something.
    fn key(&mut self, element: &Element, beside: Beside<'_>) -> Result<Value, Why> {
        let Element { key, data: _, comment, timeout, expires, counter, statements } = element;
        let key = match key {
            Some(key) => self.expr(key, beside)?,
            None => json!("*"),
        };
        if !statements.is_empty() {
            return Err(Why::Shape("JSON has no statements in elements, counters apart"));
        }
        let mut wrapped = json!({ "val": key });
        for (name, value) in [("timeout", timeout), ("expires", expires)] {
            if let Some(value) = value {
                wrapped[name] = json!(value);
            }
        }
        if let Some(comment) = comment {
            wrapped["comment"] = json!(utf8(comment)?);
        }
        if let Some((packets, bytes)) = counter {
            wrapped["counter"] = json!({ "packets": packets, "bytes": bytes });
        }
        let bare = wrapped.as_object().is_some_and(|members| members.len() == 1);
        Ok(if bare { wrapped["val"].take() } else { json!({ "elem": wrapped }) })
    }
}
