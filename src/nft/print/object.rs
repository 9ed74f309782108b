//! Named objects: counters, quotas, limits, helpers, timeouts.

use super::amount::{limit_words, quota_words};
use super::{Printer, Why};
use crate::nft::ast::{EntryKind, Object, ObjectBody, ObjectKind};
use crate::nft::names::name_of;
use crate::nft::quoted::{HELPER_MAX, nft_string};
use crate::packet::{DataType, Family};

impl Printer<'_> {
    pub(super) fn object(&mut self, object: &Object) -> Result<(), Why> {
        self.out.start_line();
        self.out.put(object_words(kind_of(&object.body)));
        self.out.put(" ");
        self.name(&object.name)?;
        self.out.put(" {");
        self.out.end_line();
        self.out.indent();
        self.comment_line(object.comment.as_ref())?;
        self.body(&object.body)?;
        self.out.outdent();
        self.out.line("}");
        Ok(())
    }

    fn body(&mut self, body: &ObjectBody) -> Result<(), Why> {
        match body {
            ObjectBody::Counter { packets, bytes } => self.out.line(format!("packets {packets} bytes {bytes}")),
            ObjectBody::Quota { over, bytes, used } => self.out.line(quota_words(*over, *bytes, *used)),
            ObjectBody::Limit(limit) => self.out.line(limit_words(limit)?),
            ObjectBody::CtHelper { helper, protocol, l3proto } => {
                let fail = |why| Why::Text { text: helper.clone(), why };
                let helper = nft_string(helper, HELPER_MAX).map_err(fail)?;
                self.out.line(format!("type {helper} protocol {}", transport(*protocol)?));
                self.l3proto(*l3proto);
            }
            ObjectBody::CtTimeout { protocol, l3proto, policy } => {
                self.out.line(format!("protocol {}", transport(*protocol)?));
                self.l3proto(*l3proto);
                self.policy(policy)?;
            }
            ObjectBody::Synproxy { mss, wscale, timestamp, sack_perm } => {
                self.out.line(format!("mss {mss}"));
                self.out.line(format!("wscale {wscale}"));
                let words = [(*timestamp, "timestamp"), (*sack_perm, "sack-perm")];
                let words: Vec<&str> = words.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
                if !words.is_empty() {
                    self.out.line(words.join(" "));
                }
            }
            ObjectBody::Secmark(context) => {
                let fail = |why| Why::Text { text: context.clone(), why };
                self.out.line(nft_string(context, SECMARK_MAX).map_err(fail)?);
            }
        }
        Ok(())
    }

    fn l3proto(&mut self, family: Option<Family>) {
        if let Some(family) = family {
            self.out.line(format!("l3proto {}", family.name()));
        }
    }

    /// Numbers of seconds: units are newer than 1.0.6.
    fn policy(&mut self, policy: &[(String, u32)]) -> Result<(), Why> {
        if policy.is_empty() {
            return Ok(());
        }
        let plain = |state: &str| !state.is_empty() && state.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !policy.iter().all(|(state, _)| plain(state)) {
            return Err(Why::Shape("a timeout for a state that is no word"));
        }
        let states: Vec<String> = policy.iter().map(|(state, seconds)| format!("{state} : {seconds}")).collect();
        self.out.line(format!("policy = {{ {} }}", states.join(", ")));
        Ok(())
    }

    /// `delete kind name` inside a command.
    pub(super) fn entry_words(kind: EntryKind) -> &'static str {
        match kind {
            EntryKind::Chain => "chain",
            EntryKind::Set => "set",
            EntryKind::Object(kind) => object_words(kind),
        }
    }
}

/// NFT_SECMARK_CTX_MAXLEN less the final zero.
const SECMARK_MAX: usize = 255;

/// Helpers and timeouts are for protocols with a name.
fn transport(protocol: u8) -> Result<&'static str, Why> {
    let data = DataType::InetProto;
    name_of(data, protocol.into()).ok_or(Why::Number { value: protocol.into(), data })
}

const fn kind_of(body: &ObjectBody) -> ObjectKind {
    match body {
        ObjectBody::Counter { .. } => ObjectKind::Counter,
        ObjectBody::Quota { .. } => ObjectKind::Quota,
        ObjectBody::Limit(_) => ObjectKind::Limit,
        ObjectBody::CtHelper { .. } => ObjectKind::CtHelper,
        ObjectBody::CtTimeout { .. } => ObjectKind::CtTimeout,
        ObjectBody::Synproxy { .. } => ObjectKind::Synproxy,
        ObjectBody::Secmark(_) => ObjectKind::Secmark,
    }
}

/// The words that declare an object, and that a map of such objects has for its data.
pub(super) const fn object_words(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Counter => "counter",
        ObjectKind::Quota => "quota",
        ObjectKind::Limit => "limit",
        ObjectKind::CtHelper => "ct helper",
        ObjectKind::CtTimeout => "ct timeout",
        ObjectKind::CtExpectation => "ct expectation",
        ObjectKind::Synproxy => "synproxy",
        ObjectKind::Secmark => "secmark",
    }
}
