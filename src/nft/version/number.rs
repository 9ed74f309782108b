//! Version numbers.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A released version; what is missing in `6.1` is 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Version {
    pub major: u16,
    pub minor: u16,
    pub patch: u16,
}

impl Version {
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Version { major, minor, patch }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The text is not two or three numbers with dots between them.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("`{0}` is no version, such as 1.0.6")]
pub struct BadVersion(pub String);

impl FromStr for Version {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let bad = || BadVersion(text.to_owned());
        let parts = text.split('.').map(str::parse).collect::<Result<Vec<u16>, _>>().map_err(|_| bad())?;
        match parts.as_slice() {
            [major, minor] => Ok(Version::new(*major, *minor, 0)),
            [major, minor, patch] => Ok(Version::new(*major, *minor, *patch)),
            _ => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!("1.0.6".parse(), Ok(Version::new(1, 0, 6)));
        assert_eq!("6.1".parse(), Ok(Version::new(6, 1, 0)));
        for bad in ["", "1", "1.0.6.2", "1.x", "v1.0", "1.-1", "1.70000"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
        assert!(Version::new(0, 9, 8) < Version::new(1, 0, 6) && Version::new(6, 2, 0) < Version::new(6, 11, 0));
    }
}
