//! The audit for people and programs: one file per format.
//!
//! Invariant: renderers only show what `audit` found; text of dumps reaches them without control characters, and
//! the HTML escapes the rest.

pub mod html;
pub mod json;
pub mod text;
