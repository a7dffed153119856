//! Attention and the transformer block.

use super::{activation, drawn};
use crate::error::Result;
use crate::nn::{Attention, AttentionOptions, Block, BlockOptions, Net};
use crate::script::options::Options;
use crate::script::register::namespaced;
use crate::script::value::count_of;
use rhai::{Dynamic, Map, Module};

fn sizes_of(operation: &str, width: &Dynamic, heads: &Dynamic) -> Result<[usize; 2]> {
    let width = count_of(operation, "the width", width)?;
    Ok([width, count_of(operation, "the number of heads", heads)?])
}

fn attention(width: &Dynamic, heads: &Dynamic, map: Map) -> Result<Net> {
    let operation = "nn::attention";
    let options = Options::new(operation, map)?;
    let [width, heads] = sizes_of(operation, width, heads)?;
    let mut own = AttentionOptions { width, heads, ..AttentionOptions::default() };
    options.flag("qkv_bias", &mut own.qkv_bias)?;
    options.flag("proj_bias", &mut own.proj_bias)?;
    options.flag("qk_norm", &mut own.qk_norm)?;
    options.number("eps", &mut own.eps)?;
    options.number("attn_drop", &mut own.attn_drop)?;
    options.number("proj_drop", &mut own.proj_drop)?;
    drawn("attention", own, Attention::new)
}

fn block(width: &Dynamic, heads: &Dynamic, map: Map) -> Result<Net> {
    let operation = "nn::transformer_block";
    let options = Options::new(operation, map)?;
    let [width, heads] = sizes_of(operation, width, heads)?;
    let mut own = BlockOptions { width, heads, ..BlockOptions::default() };
    options.number("mlp_ratio", &mut own.mlp_ratio)?;
    options.flag("qkv_bias", &mut own.qkv_bias)?;
    options.flag("qk_norm", &mut own.qk_norm)?;
    activation(operation, &options, "activation", &mut own.activation)?;
    options.number("eps", &mut own.eps)?;
    options.number("attn_drop", &mut own.attn_drop)?;
    options.number("drop", &mut own.drop)?;
    options.number("drop_path", &mut own.drop_path)?;
    if options.get("init_values").is_some() {
        let mut start = 0.0;
        options.number("init_values", &mut start)?;
        own.init_values = Some(start);
    }
    drawn("transformer_block", own, Block::new)
}

pub(super) fn layers(module: &mut Module) {
    namespaced! { module;
        /// Attention of `heads` heads over `[batch, token, width]`; see also `net.attend(…)`.
        ///
        /// Parameters, as timm's: `qkv.*` (rows in the order queries, keys, values), `proj.*`.
        /// Errors: a number of heads that does not divide the width.
        ///
        /// ```rhai
        /// nn::attention(8, 2).forward(tensor::ones([1, 5, 8])).shape == [1, 5, 8]
        /// ```
        fn "attention"(width: Dynamic, heads: Dynamic) -> Net { attention(&width, &heads, Map::new()) }

        /// As `nn::attention(width, heads)`, with the options `qkv_bias` (true), `proj_bias` (true), `qk_norm`
        /// (false: whether each head's queries and keys are normalised), `eps` (1e-6, of those norms),
        /// `attn_drop` (0: dropout of the weights), `proj_drop` (0: of the output).
        ///
        /// ```rhai
        /// nn::attention(8, 2, #{ qkv_bias: false }).names() == ["qkv.weight", "proj.weight", "proj.bias"]
        /// ```
        fn "attention"(width: Dynamic, heads: Dynamic, options: Map) -> Net {
            attention(&width, &heads, options)
        }

        /// A pre-norm transformer block over `[batch, token, width]`: attention and an MLP, each beside a short
        /// cut.
        ///
        /// Parameters, as timm's: `norm1.*`, `attn.*`, `norm2.*`, `mlp.fc1.*`, `mlp.fc2.*`.
        ///
        /// ```rhai
        /// nn::transformer_block(8, 2).forward(tensor::ones([1, 5, 8])).shape == [1, 5, 8]
        /// ```
        fn "transformer_block"(width: Dynamic, heads: Dynamic) -> Net { block(&width, &heads, Map::new()) }

        /// As `nn::transformer_block(width, heads)`, with the options `mlp_ratio` (4), `qkv_bias` (true), `qk_norm`
        /// (false), `activation` ("gelu"), `eps` (1e-6, of all norms), `attn_drop` (0: dropout of the
        /// attention's weights), `drop` (0: dropout after every other linear layer), `drop_path` (0), and
        /// `init_values`, where each branch's scale starts (`ls1.gamma`, `ls2.gamma`; else there is none).
        ///
        /// ```rhai
        /// nn::transformer_block(8, 2, #{ mlp_ratio: 2 }).weight("mlp.fc1.weight").shape == [16, 8]
        /// ```
        fn "transformer_block"(width: Dynamic, heads: Dynamic, options: Map) -> Net {
            block(&width, &heads, options)
        }
    }
}
