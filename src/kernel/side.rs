//! One of the two sides: a namespace with a ruleset, through which cases are sent.
//!
//! Packets are handled by the kernel within the system call that hands them over, so what is logged
//! after a call belongs to its packet.
//!
//! Invariant: a side is a thread's; when the thread ends, nothing of it is left.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::case::{Burst, Case, Drive};
use super::dissect::{Ranges, Sent, is_membership, is_number, settle};
use super::event::{Event, Seen, hook_of};
use super::load::{LoadError, load, load_nft};
use super::nflog::{Listener, Record};
use super::packet::{Packet, Way};
use super::probe::{GROUP, KERNEL_LOG_GROUP, PRIORITY};
use super::raw::RawSockets;
use super::route::{LOOPBACK, Router, Setup};
use super::tap::Tap;
use super::{Loader, Ruleset, answer, conntrack, netns, probe, wire};
use crate::packet::Hook;

/// What happened to each case.
pub type Outcome = Vec<Event>;

/// What a side is made of.
pub struct Plan<'a> {
    pub ruleset: &'a Ruleset,
    pub loader: Loader,
    pub nft: &'a Path,
    /// Names of interfaces, sorted; at least one.
    pub interfaces: &'a [String],
    /// Groups that rules log to.
    pub groups: &'a [u16],
    pub ranges: &'a Ranges,
    pub v6: bool,
    /// Cases done, for a progress bar.
    pub done: &'a AtomicUsize,
    /// Set when the run should end early.
    pub stop: &'a AtomicBool,
}

/// Why a side could not be run.
#[derive(Debug, thiserror::Error)]
pub enum SideError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("the marking ruleset does not load: {0}")]
    Probe(LoadError),
    #[error("{0}: {1}")]
    System(&'static str, io::Error),
    #[error("interrupted")]
    Stopped,
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> SideError {
    move |e| SideError::System(what, e)
}

/// Sends the cases, at most 60000, through a namespace made for them; call it on a thread of its own.
pub fn run(plan: &Plan, cases: &[&Case]) -> Result<Vec<Outcome>, SideError> {
    netns::enter().map_err(system("cannot make a network namespace"))?;
    let mut side = Side::new(plan, cases)?;
    let mut outcomes = vec![Outcome::new(); cases.len()];
    let mut order: Vec<usize> = (0..cases.len()).collect();
    order.sort_by_cached_key(|at| cases.get(*at).map(|case| side.setup(&case.packet)));
    for at in order {
        if plan.stop.load(Ordering::Relaxed) {
            return Err(SideError::Stopped);
        }
        if let (Some(case), Some(outcome)) = (cases.get(at), outcomes.get_mut(at)) {
            *outcome = side.drive(case, number_of(at)).map_err(system("cannot send"))?;
            plan.done.fetch_add(1, Ordering::Relaxed);
        }
    }
    // Of bursts only counts are compared, and the kernel looks through the connections of all namespaces.
    if cases.iter().all(|case| case.is_burst()) {
        return Ok(outcomes);
    }
    let table = conntrack::table(plan.v6).map_err(system("cannot read connections"))?;
    for (at, (case, outcome)) in cases.iter().zip(&mut outcomes).enumerate() {
        if let Some(kept) = table.get(&case.packet.flow(number_of(at)))
            && *kept != conntrack::Kept::default()
        {
            outcome.push(Event::Connection(kept.clone()));
        }
    }
    Ok(outcomes)
}

/// The number that a case's packet carries.
fn number_of(at: usize) -> u32 {
    u32::try_from(at % 60000).unwrap_or_default() + 1
}

struct Side<'a> {
    plan: &'a Plan<'a>,
    taps: FxHashMap<String, Tap>,
    router: Router,
    listener: Listener,
    sockets: RawSockets,
}

impl<'a> Side<'a> {
    fn new(plan: &'a Plan<'a>, cases: &[&Case]) -> Result<Self, SideError> {
        let mut taps = Vec::new();
        for (number, name) in (0u16..).zip(plan.interfaces) {
            taps.push(Tap::new(name, number).map_err(system("cannot make an interface"))?);
        }
        let router = Router::new(plan.v6, &taps).map_err(system("cannot set up routes"))?;
        load(plan.ruleset, plan.loader, plan.nft)?;
        let numbered = || cases.iter().enumerate().map(|(at, case)| (&case.packet, number_of(at)));
        let marks: Vec<(u32, u32)> = numbered()
            .filter(|(p, _)| p.mark != 0 && p.way != Way::Out)
            .map(|(packet, number)| (number, packet.mark))
            .collect();
        load_nft(&probe::ruleset(plan.v6, &marks), plan.nft).map_err(SideError::Probe)?;
        conntrack::enter(numbered()).map_err(system("cannot enter connections"))?;
        let groups = plan.groups.iter().copied().chain([GROUP, KERNEL_LOG_GROUP]);
        let mut listener = Listener::new(groups).map_err(system("cannot listen to log groups"))?;
        listener.forget().map_err(system("cannot read log groups"))?;
        let taps = taps.into_iter().map(|tap| (tap.name.clone(), tap)).collect();
        Ok(Side { plan, taps, router, listener, sockets: RawSockets::new(plan.v6) })
    }

    fn setup(&self, packet: &Packet) -> Setup {
        let looped = packet.way == Way::Out && packet.oif == "lo";
        let index = |name: &str| self.taps.get(&self.tap_name(name)).map_or(LOOPBACK, |tap| tap.index);
        Setup {
            out: if looped { LOOPBACK } else { index(&packet.oif) },
            looped,
            local: (packet.way == Way::In).then(|| (packet.dst, index(&packet.iif))),
        }
    }

    /// The name when there is such an interface, or the first.
    fn tap_name(&self, name: &str) -> String {
        if self.taps.contains_key(name) {
            return name.to_owned();
        }
        self.plan.interfaces.first().cloned().unwrap_or_default()
    }

    fn drive(&mut self, case: &Case, number: u32) -> io::Result<Outcome> {
        match case.drive {
            Drive::Once => Ok(self.send(&case.packet, &case.packet, number)?.0),
            Drive::Talk => self.talk(&case.packet, number),
            Drive::Burst(burst) => self.burst(&case.packet, number, burst),
        }
    }

    /// Sends a packet of the case that `opener` began; returns what happened and, as it was on the wire, what got through.
    fn send(&mut self, packet: &Packet, opener: &Packet, number: u32) -> io::Result<(Outcome, Option<Vec<u8>>)> {
        self.router.prepare(&self.setup(packet))?;
        let bytes = wire::build(packet, number);
        let iif = self.tap_name(&packet.iif);
        let mut outcome = Outcome::new();
        if packet.way == Way::Out {
            if let Err(e) = self.sockets.send(packet, &bytes)? {
                outcome.push(Event::Refused(e as i32));
            }
        } else if let Some(tap) = self.taps.get_mut(&iif) {
            let ether_type = if packet.is_v6() { 0x86dd } else { 0x0800 };
            // A tap whose frame the kernel has no use for says so; the missing events tell the same.
            let to = match packet.cast {
                0 => tap.mac,
                1 => [0xff; 6],
                _ => [1, 0, 0x5e, 0, 0, 0x7b],
            };
            let _ = tap.inject(to, packet.mac, ether_type, &bytes);
        }
        let ports = [opener.sport, opener.dport];
        let sent = Sent { number, echo_id: opener.echo_id(number), ports, ranges: self.plan.ranges };
        let last = if packet.way == Way::In { Hook::Input } else { Hook::Postrouting };
        let mut through = None;
        let whole = self.listener.drain(|record| {
            let hook = hook_of(record.hook);
            let ours = record.group == GROUP && record.prefix != PRIORITY && is_number(&record.packet, number);
            if through.is_none() && ours && hook == last {
                through = Some(record.packet.clone());
            }
            if !is_membership(&record.packet, number) {
                outcome.push(event(record, &sent));
            }
        })?;
        if whole {
            return Ok((outcome, through));
        }
        self.calm()?;
        Ok((vec![Event::Endless], None))
    }

    /// Ends what goes round and round by the loopback interface.
    fn calm(&mut self) -> io::Result<()> {
        self.router.cut_loopback()?;
        self.listener.forget()?;
        self.router.join_loopback()
    }

    fn talk(&mut self, packet: &Packet, number: u32) -> io::Result<Outcome> {
        let (mut outcome, through) = self.send(packet, packet, number)?;
        let Some(reply) = through.and_then(|bytes| answer::to(packet, &bytes)) else { return Ok(outcome) };
        let (more, through) = self.send(&reply, packet, number)?;
        outcome.extend(more);
        if through.is_some() {
            outcome.extend(self.send(&answer::goes_on(packet), packet, number)?.0);
        }
        Ok(outcome)
    }

    fn burst(&mut self, packet: &Packet, number: u32, burst: Burst) -> io::Result<Outcome> {
        let mut outcome = self.burst_once(packet, number, burst, "")?;
        if burst.again_after > 0 {
            thread::sleep(Duration::from_millis(burst.again_after.into()));
            outcome.extend(self.burst_once(packet, number, burst, "later, ")?);
        }
        Ok(outcome)
    }

    fn burst_once(&mut self, packet: &Packet, number: u32, burst: Burst, when: &str) -> io::Result<Outcome> {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        let mut packet = packet.clone();
        for _ in 0..burst.count {
            let events = self.send(&packet, &packet, number)?.0;
            // One tells as much as many, and each takes its time.
            if events == [Event::Endless] {
                return Ok(events);
            }
            for event in events {
                *counts.entry(event.place()).or_default() += 1;
            }
            // For ICMP this changes the identifier.
            if burst.vary_port {
                packet.sport = packet.sport.checked_add(1).unwrap_or(1024);
            }
        }
        Ok(counts.into_iter().map(|(place, count)| Event::Count { place: format!("{when}{place}"), count }).collect())
    }
}

fn event(record: Record, sent: &Sent) -> Event {
    let hook = hook_of(record.hook);
    match record.group {
        GROUP if record.prefix == PRIORITY => Event::Priority(record.mark),
        GROUP => {
            let seen = Seen { iif: record.iif, oif: record.oif, bytes: settle(record.packet, sent) };
            Event::Passed { hook, mark: record.mark, seen }
        }
        KERNEL_LOG_GROUP => Event::KernelLog { hook, tag: record.prefix },
        group => Event::GroupLog { hook, group, prefix: record.prefix },
    }
}
