//! Linear layers and tables of vectors; layers that drop something, and those that only change shapes.

use super::{drawn, plain};
use crate::error::Result;
use crate::nn::{
    AsPicture, DropOptions, DropPath, Dropout, Embedding, EmbeddingOptions, Flatten,
    FlattenOptions, Identity, Linear, LinearOptions, Net,
};
use crate::script::options::Options;
use crate::script::register::namespaced;
use crate::script::value::{count_of, integer_of, number_of};
use rhai::{Dynamic, Map, Module};

fn linear(inputs: &Dynamic, outputs: &Dynamic, map: Map) -> Result<Net> {
    let operation = "nn::linear";
    let options = Options::new(operation, map)?;
    let mut own = LinearOptions {
        inputs: count_of(operation, "the width of the input", inputs)?,
        outputs: count_of(operation, "the width of the output", outputs)?,
        ..LinearOptions::default()
    };
    options.flag("bias", &mut own.bias)?;
    drawn("linear", own, Linear::new)
}

fn embedding(count: &Dynamic, width: &Dynamic, map: Map) -> Result<Net> {
    let operation = "nn::embedding";
    let options = Options::new(operation, map)?;
    let count = count_of(operation, "the number of vectors", count)?;
    let width = count_of(operation, "the width", width)?;
    let padding = match options.get("padding_idx") {
        None => None,
        Some(given) => {
            let row = integer_of(operation, "'padding_idx'", given)?;
            let counted = if row < 0 { row.saturating_add(count as i64) } else { row };
            Some(usize::try_from(counted).unwrap_or(count))
        }
    };
    drawn("embedding", EmbeddingOptions { count, width, padding }, Embedding::new)
}

fn flatten(start: i64, end: i64) -> Result<Net> {
    plain("flatten", Flatten::new(&FlattenOptions { start, end }))
}

pub(super) fn layers(module: &mut Module) {
    namespaced! { module;
        /// A linear layer, as `torch.nn.Linear`: `[…, inputs]` to `[…, outputs]`.
        ///
        /// Parameters: `weight` `[outputs, inputs]`, `bias` `[outputs]`, both uniform within ±1/√inputs.
        ///
        /// ```rhai
        /// nn::linear(3, 5).forward(tensor::ones([2, 3])).shape == [2, 5]
        /// ```
        fn "linear"(inputs: Dynamic, outputs: Dynamic) -> Net { linear(&inputs, &outputs, Map::new()) }

        /// As `nn::linear(inputs, outputs)`, with the option `bias` (true).
        ///
        /// ```rhai
        /// nn::linear(3, 5, #{ bias: false }).names() == ["weight"]
        /// ```
        fn "linear"(inputs: Dynamic, outputs: Dynamic, options: Map) -> Net {
            linear(&inputs, &outputs, options)
        }

        /// A table of `count` vectors: integers of any shape in, `[…, width]` out.
        ///
        /// Parameter: `weight` `[count, width]`, normal with deviation 1.
        ///
        /// ```rhai
        /// nn::embedding(10, 4).forward(tensor([[1, 2, 9]])).shape == [1, 3, 4]
        /// ```
        fn "embedding"(count: Dynamic, width: Dynamic) -> Net {
            embedding(&count, &width, Map::new())
        }

        /// As `nn::embedding(count, width)`, with the option `padding_idx`: a row that begins at 0 and gets no
        /// gradient, counted from the end where negative.
        ///
        /// ```rhai
        /// nn::embedding(10, 4, #{ padding_idx: 0 }).forward(tensor([0])).abs().sum().item() == 0.0
        /// ```
        fn "embedding"(count: Dynamic, width: Dynamic, options: Map) -> Net {
            embedding(&count, &width, options)
        }

        /// Sets each element to 0 with probability `p` and divides the others by 1 − p; in training only.
        ///
        /// ```rhai
        /// let kept = nn::dropout(0.25).forward(tensor::ones([1000]));
        /// kept.max().item() > 1.33 && kept.min().item() == 0.0
        /// ```
        fn "dropout"(p: Dynamic) -> Net {
            let p = number_of("nn::dropout", "the share", &p)?;
            plain("dropout", Dropout::new(&DropOptions { p })?)
        }

        /// Sets whole samples to 0 with probability `p` and divides the others by 1 − p, in training only:
        /// stochastic depth, at the end of a residual branch.
        ///
        /// ```rhai
        /// let x = tensor::ones([2, 3]);
        /// nn::residual(nn::drop_path(1)).forward(x).sum().item() == 6.0
        /// ```
        fn "drop_path"(p: Dynamic) -> Net {
            let p = number_of("nn::drop_path", "the share", &p)?;
            plain("drop_path", DropPath::new(&DropOptions { p })?)
        }

        /// Hands its input on.
        ///
        /// ```rhai
        /// nn::identity().forward(tensor([1, 2])).to_array() == [1, 2]
        /// ```
        fn "identity"() -> Net { plain("identity", Identity) }

        /// Puts all dimensions but the first together.
        ///
        /// ```rhai
        /// nn::flatten().forward(tensor::ones([2, 3, 4])).shape == [2, 12]
        /// ```
        fn "flatten"() -> Net { flatten(1, -1) }

        /// As `nn::flatten()`, from the dimension `start` on.
        ///
        /// ```rhai
        /// nn::flatten(2).forward(tensor::ones([2, 3, 4, 5])).shape == [2, 3, 20]
        /// ```
        fn "flatten"(start: Dynamic) -> Net {
            flatten(integer_of("nn::flatten", "the first dimension", &start)?, -1)
        }

        /// As `nn::flatten(start)`, up to the dimension `end`, which is included.
        ///
        /// ```rhai
        /// nn::flatten(0, 1).forward(tensor::ones([2, 3, 4])).shape == [6, 4]
        /// ```
        fn "flatten"(start: Dynamic, end: Dynamic) -> Net {
            let operation = "nn::flatten";
            let start = integer_of(operation, "the first dimension", &start)?;
            flatten(start, integer_of(operation, "the last dimension", &end)?)
        }

        /// Makes pictures with one channel of log-mel features: `[batch, frames, mels]` to
        /// `[batch, 1, mels, frames]`, what a 2-D network on spectrograms begins with.
        ///
        /// ```rhai
        /// nn::as_picture().forward(tensor::ones([2, 100, 64])).shape == [2, 1, 64, 100]
        /// ```
        fn "as_picture"() -> Net { plain("as_picture", AsPicture) }
    }
}
