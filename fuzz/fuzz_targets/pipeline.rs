//! See `ipt2nft_fuzz::pipeline`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipt2nft_fuzz::pipeline(data));
