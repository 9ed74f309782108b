//! What a ruleset is written for.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{BadVersion, Feature, Version};

/// The nft that will load the ruleset and the kernel that will run it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Target {
    pub nft: Version,
    /// `None`: not judged, as for vendors who carry new features back to an old number.
    pub kernel: Option<Version>,
}

/// A distribution by name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Distribution {
    pub name: &'static str,
    pub target: Target,
}

/// The named distributions, with what their last point release ships.
pub const DISTRIBUTIONS: [Distribution; 11] = [
    // 3.20 and newer; 3.20 itself ships this nft.
    distribution("alpine", (1, 0, 9), Some((6, 6))),
    distribution("debian11", (0, 9, 8), Some((5, 10))),
    distribution("debian12", (1, 0, 6), Some((6, 1))),
    distribution("debian13", (1, 1, 3), Some((6, 12))),
    // 23.05 and newer.
    distribution("openwrt", (1, 0, 8), Some((5, 15))),
    // 9.4 and newer of 9, 8.10 of 8; their kernels are called 4.18, 5.14 and 6.12.
    distribution("rhel10", (1, 1, 1), None),
    distribution("rhel8", (1, 0, 4), None),
    distribution("rhel9", (1, 0, 9), None),
    distribution("ubuntu20.04", (0, 9, 3), Some((5, 4))),
    distribution("ubuntu22.04", (1, 0, 2), Some((5, 15))),
    distribution("ubuntu24.04", (1, 0, 9), Some((6, 8))),
];

const fn distribution(name: &'static str, nft: (u16, u16, u16), kernel: Option<(u16, u16)>) -> Distribution {
    let kernel = match kernel {
        Some((major, minor)) => Some(Version::new(major, minor, 0)),
        None => None,
    };
    Distribution { name, target: Target { nft: Version::new(nft.0, nft.1, nft.2), kernel } }
}

impl Default for Target {
    /// Debian 12.
    fn default() -> Self {
        Target { nft: Version::new(1, 0, 6), kernel: Some(Version::new(6, 1, 0)) }
    }
}

impl Target {
    /// Whether a ruleset for this target may use `feature`.
    pub fn supports(self, feature: Feature) -> bool {
        let need = feature.need();
        let kernel = match (self.kernel, need.kernel) {
            (Some(have), Some(need)) => have >= need,
            (None, _) | (_, None) => true,
        };
        self.nft >= need.nft && kernel
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nft={}", self.nft)?;
        match self.kernel {
            Some(kernel) => write!(f, ",kernel={}.{}", kernel.major, kernel.minor),
            None => Ok(()),
        }
    }
}

/// The text names no target.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum BadTarget {
    #[error("`{0}` is no target; write one of {names}, or nft=1.0.6,kernel=6.1", names = names())]
    Unknown(String),
    #[error("a target needs the version of nft: nft=1.0.6")]
    NoNft,
    #[error(transparent)]
    Version(#[from] BadVersion),
}

fn names() -> String {
    DISTRIBUTIONS.map(|distribution| distribution.name).join(", ")
}

impl FromStr for Target {
    type Err = BadTarget;

    /// A distribution's name, or `nft=1.0.6`, or `nft=1.0.6,kernel=6.1`.
    fn from_str(text: &str) -> Result<Self, BadTarget> {
        if let Some(known) = DISTRIBUTIONS.iter().find(|distribution| distribution.name == text) {
            return Ok(known.target);
        }
        let (mut nft, mut kernel) = (None, None);
        for part in text.split(',') {
            match part.split_once('=') {
                Some(("nft", version)) if nft.is_none() => nft = Some(version.parse()?),
                Some(("kernel", version)) if kernel.is_none() => kernel = Some(version.parse()?),
                _ => return Err(BadTarget::Unknown(text.to_owned())),
            }
        }
        Ok(Target { nft: nft.ok_or(BadTarget::NoNft)?, kernel })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let parse = |text: &str| text.parse::<Target>();
        assert_eq!(parse("debian12"), Ok(Target::default()));
        assert_eq!(parse("nft=1.0.6,kernel=6.1"), Ok(Target::default()));
        assert_eq!(parse("nft=1.0.6").unwrap().kernel, None);
        assert_eq!(parse("kernel=6.1"), Err(BadTarget::NoNft));
        assert_eq!(parse("nft=x"), Err(BadTarget::Version(BadVersion("x".into()))));
        for bad in ["", "debian", "nft=1.0.6,nft=1.0.6", "nft=1.0.6,", "rhel=8"] {
            assert!(matches!(parse(bad), Err(BadTarget::Unknown(_))), "{bad}");
        }
        for distribution in DISTRIBUTIONS {
            assert_eq!(parse(distribution.name), Ok(distribution.target));
            assert_eq!(parse(&distribution.target.to_string()), Ok(distribution.target));
        }
    }

    #[test]
    fn distributions_are_sorted() {
        assert!(DISTRIBUTIONS.is_sorted_by_key(|distribution| distribution.name));
    }

    #[test]
    fn support_needs_both_versions() {
        let target = |text: &str| text.parse::<Target>().unwrap();
        assert!(target("debian12").supports(Feature::WildcardInSet));
        assert!(!target("debian11").supports(Feature::WildcardInSet));
        assert!(!target("ubuntu22.04").supports(Feature::WildcardInSet));
        assert!(!target("debian13").supports(Feature::BitwiseOfTwoFields));
        assert!(target("nft=1.1.3,kernel=6.13").supports(Feature::BitwiseOfTwoFields));
        assert!(target("nft=1.1.3").supports(Feature::BitwiseOfTwoFields));
        assert!(target("rhel8").supports(Feature::CatchAllElement));
        assert!(!target("ubuntu20.04").supports(Feature::RangeInConcat));
    }
}
