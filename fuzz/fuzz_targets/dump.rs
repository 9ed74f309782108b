//! See `ipt2nft_fuzz::dump`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipt2nft_fuzz::dump(data));
