//! Named objects.

use serde_json::{Value, json};

use super::constant::utf8;
use super::statement::{limit_members, object_word, synproxy};
use crate::nft::ast::{Object, ObjectBody, ObjectKind};
use crate::nft::names::name_of;
use crate::nft::print::Why;
use crate::packet::{DataType, Family};

/// The object's word and its members, less family, table and name.
pub(super) fn object(object: &Object) -> Result<(&'static str, Value), Why> {
    let (kind, mut members) = match &object.body {
        ObjectBody::Counter { packets, bytes } => (ObjectKind::Counter, json!({ "packets": packets, "bytes": bytes })),
        ObjectBody::Quota { over, bytes, used } => {
            (ObjectKind::Quota, json!({ "bytes": bytes, "used": used, "inv": over }))
        }
        ObjectBody::Limit(limit) => (ObjectKind::Limit, limit_members(limit)),
        ObjectBody::CtHelper { helper, protocol, l3proto } => {
            let members = json!({ "type": utf8(helper)?, "protocol": transport(*protocol)? });
            (ObjectKind::CtHelper, with_l3proto(members, *l3proto))
        }
        ObjectBody::CtTimeout { protocol, l3proto, policy } => {
            let policy: serde_json::Map<String, Value> =
                policy.iter().map(|(state, seconds)| (state.clone(), json!(seconds))).collect();
            let members = json!({ "protocol": transport(*protocol)?, "policy": policy });
            (ObjectKind::CtTimeout, with_l3proto(members, *l3proto))
        }
        ObjectBody::Synproxy { mss, wscale, timestamp, sack_perm } => {
            let mut statement = synproxy(Some(*mss), Some(*wscale), *timestamp, *sack_perm);
            (ObjectKind::Synproxy, statement["synproxy"].take())
        }
        ObjectBody::Secmark(context) => (ObjectKind::Secmark, json!({ "context": utf8(context)? })),
    };
    if let Some(comment) = &object.comment {
        members["comment"] = json!(utf8(comment)?);
    }
    Ok((object_word(kind), members))
}

fn with_l3proto(mut members: Value, family: Option<Family>) -> Value {
    if let Some(family) = family {
        members["l3proto"] = json!(family.name());
    }
    members
}

fn transport(protocol: u8) -> Result<&'static str, Why> {
    let data = DataType::InetProto;
    name_of(data, protocol.into()).ok_or(Why::Number { value: protocol.into(), data })
}
