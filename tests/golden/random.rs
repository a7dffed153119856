//! Random streams against ChaCha8 and BLAKE3 outside of Stillroom: a change here would change every run
//! that was ever recorded.

use crate::support::golden_json;
use serde::Deserialize;
use stillroom::tensor::random::Stream;

#[derive(Deserialize)]
struct Golden {
    streams: Vec<Named>,
}

/// Numbers of 64 bits are strings: not every reader of JSON keeps them.
#[derive(Deserialize)]
struct Named {
    seed: String,
    purpose: String,
    indices: Vec<u64>,
    bits: Vec<String>,
}

#[test]
fn streams_are_chacha8_keyed_by_their_names() {
    for Named { seed, purpose, indices, bits } in golden_json::<Golden>("random.json").streams {
        let mut stream = Stream::new(seed.parse().expect("a seed"), &purpose, &indices);
        let found: Vec<String> = bits.iter().map(|_| stream.bits().to_string()).collect();
        assert_eq!(found, bits, "{purpose}");
    }
}
