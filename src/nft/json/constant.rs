//! Constants: names and addresses are strings, the rest are numbers.

use bstr::{BString, ByteSlice};
use serde_json::{Value, json};

use super::Json;
use crate::nft::names::{Kind, Place, Span, Spelling, bit_names, spell};
use crate::nft::print::Why;
use crate::nft::quoted::{WhyNot, nft_ifname};
use crate::packet::DataType;

impl Json<'_> {
    /// A number; several bits are joined by `|`.
    pub(super) fn number(&self, value: u128, kind: Kind, place: Place) -> Result<Value, Why> {
        if place != Place::Bound
            && let Some(names) = bit_names(kind.data, value)
        {
            let bit = |name: String| if kind.data == DataType::CtLabel { number_or_word(&name) } else { json!(name) };
            let joined = names.into_iter().map(bit).reduce(|left, right| json!({ "|": [left, right] }));
            return joined.ok_or(Why::Number { value, data: kind.data });
        }
        let codes = matches!(kind.data, DataType::IcmpCode | DataType::Icmp6Code);
        let place = if codes && !self.unreachable { Place::Bound } else { place };
        let spelling = spell(kind, value, place).ok_or(Why::Number { value, data: kind.data })?;
        Ok(match spelling {
            Spelling::Word("exists") if kind.data == DataType::Boolean => json!(true),
            Spelling::Word("missing") if kind.data == DataType::Boolean => json!(false),
            Spelling::Word(word) | Spelling::Quoted(word) => json!(word),
            Spelling::Decimal(value) | Spelling::Hex(value, _) => match u64::try_from(value) {
                Ok(value) => json!(value),
                Err(_) => json!(spelling.to_string()),
            },
            Spelling::V4(_) | Spelling::V6(_) | Spelling::Ether(_) | Spelling::Class(..) | Spelling::Duration(_) => {
                json!(spelling.to_string())
            }
        })
    }

    /// Several bits, any of which will do.
    pub(super) fn any_bit(&self, value: u128, kind: Kind) -> Result<Value, Why> {
        match bit_names(kind.data, value) {
            Some(names) if names.len() > 1 && kind.data == DataType::CtLabel => {
                Ok(names.iter().map(|name| number_or_word(name)).collect())
            }
            Some(names) if names.len() > 1 => Ok(json!(names)),
            _ => self.number(value, kind, Place::Alone),
        }
    }

    pub(super) fn span(&self, span: Span, kind: Kind) -> Result<Value, Why> {
        Ok(match span {
            Span::One(value) => self.number(value, kind, Place::Alone)?,
            Span::Prefix { address, len } => {
                json!({ "prefix": { "addr": self.number(address, kind, Place::Alone)?, "len": len } })
            }
            Span::Bounds(low, high) => {
                json!({ "range": [self.number(low, kind, Place::Bound)?, self.number(high, kind, Place::Bound)?] })
            }
        })
    }
}

fn number_or_word(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number))
}

/// A string value. nft takes `@x` for a set and `*` for everything, and JSON is UTF-8.
pub(super) fn text(text: &BString, wildcard: bool) -> Result<Value, Why> {
    let fail = |why| Why::Text { text: text.clone(), why };
    let quoted = nft_ifname(text, wildcard).map_err(fail)?;
    let plain =
        utf8(quoted.as_slice().strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or_default())?;
    if plain.starts_with('@') {
        return Err(Why::Shape("a string that JSON takes for the name of a set"));
    }
    Ok(json!(plain))
}

/// Text that JSON can hold.
pub(super) fn utf8(text: &[u8]) -> Result<&str, Why> {
    text.to_str().map_err(|_| Why::Text { text: text.into(), why: WhyNot::NotUtf8 })
}
