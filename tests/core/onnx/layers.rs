//! Each layer.

use super::{all_work, of_network};
use stillroom::nn::{Attention, AttentionOptions, Gru, Lstm, RecurrentOptions};
use stillroom::tensor::Device;
use stillroom::tensor::random::Stream;

fn stream() -> Stream {
    Stream::new(7, "layers of an export", &[])
}

#[test]
fn attention_and_recurrent_layers() {
    let on = Device::cpu();
    let options =
        AttentionOptions { width: 12, heads: 3, qk_norm: true, ..AttentionOptions::default() };
    let attention = Attention::new(&options, &mut stream(), &on).expect("attention");
    let recurrent = RecurrentOptions { inputs: 6, hidden: 4, ..RecurrentOptions::default() };
    let two = RecurrentOptions { layers: 2, bidirectional: true, ..recurrent.clone() };
    let bare = RecurrentOptions { bias: false, ..recurrent.clone() };
    let gru = |options: &RecurrentOptions| Gru::new(options, &mut stream(), &on).expect("a GRU");
    let lstm =
        |options: &RecurrentOptions| Lstm::new(options, &mut stream(), &on).expect("an LSTM");
    all_work(vec![
        of_network("attention", &[5, 12], true, &attention),
        of_network("gru", &[7, 6], true, &gru(&recurrent)),
        of_network("gru_both_ways", &[7, 6], true, &gru(&two)),
        of_network("gru_without_bias", &[7, 6], true, &gru(&bare)),
        of_network("lstm", &[7, 6], true, &lstm(&recurrent)),
        of_network("lstm_both_ways", &[7, 6], true, &lstm(&two)),
        of_network("lstm_without_bias", &[7, 6], true, &lstm(&bare)),
    ]);
}
