//! What rulesets cost: processor time of the kernel per packet, and time to load.
//!
//! Each ruleset has a namespace and a thread of its own, and all of them get the same packets in turn, round after
//! round, so that a busy machine is busy for all. What is measured is the processor time of the thread that hands a
//! packet over, since the kernel handles it within that call.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use nix::time::{ClockId, clock_gettime};
use rustc_hash::FxHashSet;

use super::aim::Pools;
use super::case::Drive;
use super::draw::{Wish, draw};
use super::load::load;
use super::packet::{Packet, Way};
use super::raw::RawSockets;
use super::route::{LOOPBACK, Router, Setup};
use super::side::SideError;
use super::tap::Tap;
use super::{Kind, Loader, Ruleset, conntrack, from_save, netns, wire};
use crate::packet::Family;

/// A ruleset to be measured; no rules at all when `None`.
#[derive(Clone, Copy, Debug)]
pub struct Measured<'a> {
    pub ruleset: Option<&'a Ruleset>,
    /// The nft that loads it.
    pub nft: &'a Path,
}

/// What a ruleset costs.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Cost {
    /// Seconds that loading takes.
    pub load: f64,
    /// Microseconds per packet, each in its best round: what else the machine does can only add to it.
    pub packet: f64,
}

/// How much is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effort {
    pub packets: usize,
    pub rounds: usize,
    pub seed: u64,
}

/// Costs of rulesets, by packets that are aimed at the rules of a dump and beside them.
pub fn costs(dump: &Ruleset, measured: &[Measured], effort: Effort) -> Vec<Result<Cost, SideError>> {
    let (packets, interfaces) = aimed(dump, effort);
    let v6 = dump.kind == Kind::Save(Family::Ip6);
    thread::scope(|scope| {
        let mut sides = Vec::with_capacity(measured.len());
        for one in measured {
            let (go, turns) = channel();
            let (tell, told) = channel();
            let (packets, interfaces) = (&packets, &interfaces);
            let side = scope.spawn(move || run(one, packets, interfaces, v6, &turns, &tell));
            // Loading in turn as well: the time that it takes is told.
            let _ = told.recv();
            sides.push(Running { go, told, side, rounds: Vec::new() });
        }
        // What the one before leaves in the caches differs: each goes first in turn.
        let turns =
            (0..effort.rounds).flat_map(|round| (0..measured.len()).map(move |side| (round + side) % measured.len()));
        for side in turns {
            if let Some(side) = sides.get_mut(side) {
                side.turn();
            }
        }
        sides.into_iter().map(Running::end).collect()
    })
}

/// A side that waits for its next turn.
struct Running<'s> {
    go: Sender<()>,
    told: Receiver<Nanoseconds>,
    side: thread::ScopedJoinHandle<'s, Result<f64, SideError>>,
    rounds: Vec<Nanoseconds>,
}

/// Of each packet, in one round.
type Nanoseconds = Vec<i64>;

impl Running<'_> {
    fn turn(&mut self) {
        if self.go.send(()).is_ok() {
            self.rounds.extend(self.told.recv().ok());
        }
    }

    fn end(self) -> Result<Cost, SideError> {
        drop(self.go);
        let lost = || SideError::System("a side", io::Error::other("ended unexpectedly"));
        let load = self.side.join().unwrap_or_else(|_| Err(lost()))?;
        Ok(Cost { load, packet: best(&self.rounds) })
    }
}

/// Packets for the rules of a dump, and the interfaces that they come and go by.
fn aimed(dump: &Ruleset, effort: Effort) -> (Vec<Packet>, Vec<String>) {
    let family = if dump.kind == Kind::Save(Family::Ip6) { Family::Ip6 } else { Family::Ip };
    let aims = from_save::aims(&dump.text, family);
    let mut pools = Pools::default();
    aims.iter().for_each(|aim| pools.learn(aim));
    pools.learn_text(&dump.text);
    pools.interfaces.insert("eth0".to_owned());
    let v6 = family == Family::Ip6;
    let wish = Wish {
        aims: &aims,
        pools: &pools,
        v6,
        seed: effort.seed,
        count: effort.packets,
        bursting: 0,
        taken: FxHashSet::default(),
    };
    let (cases, _) = draw(wish);
    let packets =
        cases.into_iter().filter(|case| matches!(case.drive, Drive::Once | Drive::Talk)).map(|case| case.packet);
    (packets.collect(), pools.interfaces.into_iter().collect())
}

/// One side: loads, then sends everything at each turn and tells the microseconds per packet.
fn run(
    measured: &Measured,
    packets: &[Packet],
    interfaces: &[String],
    v6: bool,
    turns: &Receiver<()>,
    tell: &Sender<Nanoseconds>,
) -> Result<f64, SideError> {
    let system = |what| move |e| SideError::System(what, e);
    netns::enter().map_err(system("cannot make a network namespace"))?;
    let taps: io::Result<Vec<Tap>> = (0u16..).zip(interfaces).map(|(number, name)| Tap::new(name, number)).collect();
    let taps = taps.map_err(system("cannot make an interface"))?;
    let router = Router::new(v6, &taps).map_err(system("cannot set up routes"))?;
    let begin = Instant::now();
    if let Some(ruleset) = measured.ruleset {
        load(ruleset, Loader::Legacy, measured.nft)?;
    }
    let loaded = begin.elapsed().as_secs_f64();
    let mut side = Side::new(router, taps, packets, v6);
    // The first round fills caches and opens connections.
    side.round().map_err(system("cannot send"))?;
    let _ = tell.send(Vec::new());
    for () in turns {
        let _ = tell.send(side.round().map_err(system("cannot send"))?);
    }
    Ok(loaded)
}

struct Side<'a> {
    router: Router,
    taps: BTreeMap<String, Tap>,
    sockets: RawSockets,
    /// In the order of their routes.
    packets: Vec<(Setup, &'a Packet, Vec<u8>)>,
    v6: bool,
}

impl<'a> Side<'a> {
    fn new(router: Router, taps: Vec<Tap>, packets: &'a [Packet], v6: bool) -> Self {
        let taps: BTreeMap<String, Tap> = taps.into_iter().map(|tap| (tap.name.clone(), tap)).collect();
        let index = |name: &str| taps.get(name).or_else(|| taps.values().next()).map_or(LOOPBACK, |tap| tap.index);
        let setup = |packet: &Packet| Setup {
            out: index(&packet.oif),
            looped: false,
            local: (packet.way == Way::In).then(|| (packet.dst, index(&packet.iif))),
        };
        let mut packets: Vec<_> =
            (1..).zip(packets).map(|(number, packet)| (setup(packet), packet, wire::build(packet, number))).collect();
        packets.sort_by(|a, b| a.0.cmp(&b.0));
        Side { router, taps, sockets: RawSockets::new(v6), packets, v6 }
    }

    /// Each packet opens its connection anew.
    fn round(&mut self) -> io::Result<Nanoseconds> {
        conntrack::flush(self.v6)?;
        let mut nanoseconds = Vec::with_capacity(self.packets.len());
        for (setup, packet, bytes) in &self.packets {
            self.router.prepare(setup)?;
            let tap = if self.taps.contains_key(&packet.iif) {
                self.taps.get_mut(&packet.iif)
            } else {
                self.taps.values_mut().next()
            };
            let begin = processor_time()?;
            match tap.filter(|_| packet.way != Way::Out) {
                Some(tap) => {
                    let ether_type = if packet.is_v6() { 0x86dd } else { 0x0800 };
                    let _ = tap.inject(tap.mac, packet.mac, ether_type, bytes);
                }
                None => _ = self.sockets.send(packet, bytes)?,
            }
            nanoseconds.push(processor_time()? - begin);
        }
        Ok(nanoseconds)
    }
}

/// Of this thread, in nanoseconds.
fn processor_time() -> io::Result<i64> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
    Ok(time.tv_sec() * 1_000_000_000 + time.tv_nsec())
}

/// Microseconds per packet.
fn best(rounds: &[Nanoseconds]) -> f64 {
    let packets = rounds.first().map_or(0, Vec::len);
    let of = |packet: usize| rounds.iter().filter_map(|round| round.get(packet)).min().copied().unwrap_or_default();
    (0..packets).map(of).sum::<i64>() as f64 / 1000.0 / packets.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_round_of_each_packet_counts() {
        assert_eq!(best(&[vec![3000, 1000], vec![1000, 2000]]), 1.0);
        assert_eq!(best(&[]), 0.0);
    }
}
