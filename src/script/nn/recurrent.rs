//! Recurrent layers.

use super::drawn;
use crate::error::Result;
use crate::nn::{Gru, Lstm, Net, RecurrentOptions};
use crate::script::options::Options;
use crate::script::register::namespaced;
use crate::script::value::count_of;
use rhai::{Dynamic, Map, Module};

fn own_of(
    operation: &str,
    inputs: &Dynamic,
    hidden: &Dynamic,
    map: Map,
) -> Result<RecurrentOptions> {
    let options = Options::new(operation, map)?;
    let mut own = RecurrentOptions {
        inputs: count_of(operation, "the width of the input", inputs)?,
        hidden: count_of(operation, "the width of the state", hidden)?,
        ..RecurrentOptions::default()
    };
    options.count("layers", &mut own.layers)?;
    options.flag("bidirectional", &mut own.bidirectional)?;
    options.flag("bias", &mut own.bias)?;
    options.number("dropout", &mut own.dropout)?;
    Ok(own)
}

fn gru(inputs: &Dynamic, hidden: &Dynamic, map: Map) -> Result<Net> {
    let own = own_of("nn::gru", inputs, hidden, map)?;
    drawn("gru", own, Gru::new)
}

fn lstm(inputs: &Dynamic, hidden: &Dynamic, map: Map) -> Result<Net> {
    let own = own_of("nn::lstm", inputs, hidden, map)?;
    drawn("lstm", own, Lstm::new)
}

pub(super) fn layers(module: &mut Module) {
    namespaced! { module;
        /// Gated recurrent units over `[batch, time, inputs]`, as `torch.nn.GRU` with `batch_first`: the outputs
        /// `[batch, time, hidden]`. `net.run(…)` gives the state too.
        ///
        /// Parameters: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, …
        ///
        /// ```rhai
        /// nn::gru(3, 4).forward(tensor::ones([2, 7, 3])).shape == [2, 7, 4]
        /// ```
        fn "gru"(inputs: Dynamic, hidden: Dynamic) -> Net { gru(&inputs, &hidden, Map::new()) }

        /// As `nn::gru(inputs, hidden)`, with the options `layers` (1), `bidirectional` (false; true: the output
        /// is `[batch, time, 2 · hidden]`), `bias` (true), `dropout` (0, between layers).
        ///
        /// ```rhai
        /// let net = nn::gru(3, 4, #{ layers: 2, bidirectional: true });
        /// net.forward(tensor::ones([2, 7, 3])).shape == [2, 7, 8]
        /// ```
        fn "gru"(inputs: Dynamic, hidden: Dynamic, options: Map) -> Net { gru(&inputs, &hidden, options) }

        /// Long short-term memory over `[batch, time, inputs]`, as `torch.nn.LSTM` with `batch_first`: the
        /// outputs `[batch, time, hidden]`. `net.run(…)` gives the state too.
        ///
        /// Parameters: as those of `nn::gru`.
        ///
        /// ```rhai
        /// nn::lstm(3, 4).forward(tensor::ones([2, 7, 3])).shape == [2, 7, 4]
        /// ```
        fn "lstm"(inputs: Dynamic, hidden: Dynamic) -> Net { lstm(&inputs, &hidden, Map::new()) }

        /// As `nn::lstm(inputs, hidden)`, with the options of `nn::gru`.
        ///
        /// ```rhai
        /// nn::lstm(3, 4, #{ bias: false }).names() == ["weight_ih_l0", "weight_hh_l0"]
        /// ```
        fn "lstm"(inputs: Dynamic, hidden: Dynamic, options: Map) -> Net { lstm(&inputs, &hidden, options) }
    }
}
