//! Names that stand for kinds of TCP options and SCTP chunks (nft(8), *EXTENSION HEADER EXPRESSIONS*).

/// IANA's number of a TCP option.
pub fn tcp_option(word: &str) -> Option<u8> {
    Some(match word {
        "eol" => 0,
        "nop" | "noop" => 1,
        "maxseg" | "mss" => 2,
        "window" => 3,
        "sack-perm" | "sack-permitted" => 4,
        "sack" | "sack0" | "sack1" | "sack2" | "sack3" => 5,
        "timestamp" => 8,
        "md5sig" => 19,
        "mptcp" => 30,
        "fastopen" => 34,
        _ => return None,
    })
}

/// IANA's number of an SCTP chunk type.
pub fn sctp_chunk(word: &str) -> Option<u8> {
    Some(match word {
        "data" => 0,
        "init" => 1,
        "init-ack" => 2,
        "sack" => 3,
        "heartbeat" => 4,
        "heartbeat-ack" => 5,
        "abort" => 6,
        "shutdown" => 7,
        "shutdown-ack" => 8,
        "error" => 9,
        "cookie-echo" => 10,
        "cookie-ack" => 11,
        "ecne" => 12,
        "cwr" => 13,
        "shutdown-complete" => 14,
        "asconf-ack" => 128,
        "forward-tsn" => 192,
        "asconf" => 193,
        _ => return None,
    })
}
