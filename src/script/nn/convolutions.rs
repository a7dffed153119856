//! Convolution layers and their transposes.

use super::drawn;
use crate::error::Result;
use crate::nn::{Conv, ConvOptions, ConvTranspose, ConvTransposeLayerOptions, Net};
use crate::script::convolution::{moves, moves_back, pair_of};
use crate::script::options::Options;
use crate::script::register::namespaced;
use crate::script::value::count_of;
use rhai::{Dynamic, Map, Module};

/// Channels in and out, and the kernel.
type Sizes<'a> = [&'a Dynamic; 3];

/// Both numbers of channels, and the kernel's sides.
fn sizes_of(operation: &str, sizes: Sizes, line: bool) -> Result<([usize; 2], [usize; 2])> {
    let [inputs, outputs, kernel] = sizes;
    let inputs = count_of(operation, "the input's number of channels", inputs)?;
    let outputs = count_of(operation, "the output's number of channels", outputs)?;
    let kernel = match line {
        true => [count_of(operation, "the kernel", kernel)?; 2],
        false => pair_of(operation, "the kernel", kernel)?,
    };
    Ok(([inputs, outputs], kernel))
}

fn convolution(kind: &str, sizes: Sizes, map: Map, line: bool) -> Result<Net> {
    let operation = format!("nn::{kind}");
    let options = Options::new(&operation, map)?;
    let ([inputs, outputs], kernel) = sizes_of(&operation, sizes, line)?;
    let moves = moves(&operation, &options, line)?;
    let mut own = ConvOptions { inputs, outputs, kernel, moves, bias: true };
    options.flag("bias", &mut own.bias)?;
    drawn(kind, own, if line { Conv::line } else { Conv::picture })
}

fn depthwise(channels: &Dynamic, kernel: &Dynamic, map: Map) -> Result<Net> {
    let operation = "nn::depthwise";
    let options = Options::new(operation, map)?;
    let (count, kernel) = sizes_of(operation, [channels, channels, kernel], false)?;
    let mut moves = moves(operation, &options, false)?;
    moves.groups = count[0];
    let mut own = ConvOptions { inputs: count[0], outputs: count[0], kernel, moves, bias: true };
    options.flag("bias", &mut own.bias)?;
    own.check(operation)?;
    drawn("depthwise", own, Conv::picture)
}

fn transpose(kind: &str, sizes: Sizes, map: Map, line: bool) -> Result<Net> {
    let operation = format!("nn::{kind}");
    let options = Options::new(&operation, map)?;
    let ([inputs, outputs], kernel) = sizes_of(&operation, sizes, line)?;
    let moves = moves_back(&operation, &options, line)?;
    let mut own = ConvTransposeLayerOptions { inputs, outputs, kernel, moves, bias: true };
    options.flag("bias", &mut own.bias)?;
    drawn(kind, own, if line { ConvTranspose::line } else { ConvTranspose::picture })
}

pub(super) fn layers(module: &mut Module) {
    namespaced! { module;
        /// A convolution along a line, as `torch.nn.Conv1d`.
        ///
        /// Shapes: `[batch, inputs, length]` to `[batch, outputs, …]`. Parameters: `weight`
        /// `[outputs, inputs / groups, kernel]`, `bias` `[outputs]`.
        ///
        /// ```rhai
        /// nn::conv1d(2, 4, 3).forward(tensor::ones([1, 2, 9])).shape == [1, 4, 7]
        /// ```
        fn "conv1d"(inputs: Dynamic, outputs: Dynamic, kernel: Dynamic) -> Net {
            convolution("conv1d", [&inputs, &outputs, &kernel], Map::new(), true)
        }

        /// As `nn::conv1d(inputs, outputs, kernel)`, with the options `stride` (1), `padding` (0, or "same"),
        /// `dilation` (1), `groups` (1), `bias` (true).
        ///
        /// ```rhai
        /// nn::conv1d(2, 4, 3, #{ padding: "same" }).forward(tensor::ones([1, 2, 9])).shape == [1, 4, 9]
        /// ```
        fn "conv1d"(inputs: Dynamic, outputs: Dynamic, kernel: Dynamic, options: Map) -> Net {
            convolution("conv1d", [&inputs, &outputs, &kernel], options, true)
        }

        /// A convolution in a picture, as `torch.nn.Conv2d`; the kernel is a number or `[vertical, horizontal]`.
        ///
        /// Shapes: `[batch, inputs, height, width]` to `[batch, outputs, …]`. Parameters: `weight`
        /// `[outputs, inputs / groups, …kernel]`, `bias` `[outputs]`.
        ///
        /// ```rhai
        /// nn::conv2d(1, 4, [3, 5]).forward(tensor::ones([1, 1, 9, 9])).shape == [1, 4, 7, 5]
        /// ```
        fn "conv2d"(inputs: Dynamic, outputs: Dynamic, kernel: Dynamic) -> Net {
            convolution("conv2d", [&inputs, &outputs, &kernel], Map::new(), false)
        }

        /// As `nn::conv2d(inputs, outputs, kernel)`, with the options `stride` (1), `padding` (0, or "same"),
        /// `dilation` (1), `groups` (1), `bias` (true); the first three are numbers or
        /// `[vertical, horizontal]`.
        ///
        /// ```rhai
        /// let conv = nn::conv2d(1, 4, 3, #{ stride: [2, 1], padding: 1, bias: false });
        /// conv.forward(tensor::ones([1, 1, 8, 8])).shape == [1, 4, 4, 8]
        /// ```
        fn "conv2d"(inputs: Dynamic, outputs: Dynamic, kernel: Dynamic, options: Map) -> Net {
            convolution("conv2d", [&inputs, &outputs, &kernel], options, false)
        }

        /// A convolution in a picture that keeps channels apart: `nn::conv2d` with as many groups as channels.
        ///
        /// ```rhai
        /// nn::depthwise(8, 3).weight("weight").shape == [8, 1, 3, 3]
        /// ```
        fn "depthwise"(channels: Dynamic, kernel: Dynamic) -> Net {
            depthwise(&channels, &kernel, Map::new())
        }

        /// As `nn::depthwise(channels, kernel)`, with the options `stride` (1), `padding` (0, or "same"),
        /// `dilation` (1), `bias` (true).
        ///
        /// ```rhai
        /// let x = tensor::ones([1, 8, 5, 5]);
        /// nn::depthwise(8, 3, #{ padding: "same", bias: false }).forward(x).shape == [1, 8, 5, 5]
        /// ```
        fn "depthwise"(channels: Dynamic, kernel: Dynamic, options: Map) -> Net {
            depthwise(&channels, &kernel, options)
        }

        /// The transpose of a convolution along a line, as `torch.nn.ConvTranspose1d`.
        ///
        /// Shapes: `[batch, inputs, length]` to `[batch, outputs, …]`. Parameters: `weight`
        /// `[inputs, outputs / groups, kernel]`, `bias` `[outputs]`.
        ///
        /// ```rhai
        /// nn::conv_transpose1d(2, 4, 3).forward(tensor::ones([1, 2, 7])).shape == [1, 4, 9]
        /// ```
        fn "conv_transpose1d"(inputs: Dynamic, outputs: Dynamic, kernel: Dynamic) -> Net {
            transpose("conv_transpose1d", [&inputs, &outputs, &kernel], Map::new(), true)
        }

        /// As `nn::conv_transpose1d(inputs, outputs, kernel)`, with the options `stride` (1), `padding` (0),
        /// `output_padding` (0), `dilation` (1), `groups` (1), `bias` (true).
        ///
        /// ```rhai
        /// let up = nn::conv_transpose1d(2, 2, 4, #{ stride: 2, padding: 1 });
        /// up.forward(tensor::ones([1, 2, 7])).shape == [1, 2, 14]
        /// ```
        fn "conv_transpose1d"(inputs: Dynamic, outputs: Dynamic, kernel: Dynamic, options: Map) -> Net {
            transpose("conv_transpose1d", [&inputs, &outputs, &kernel], options, true)
        }

        /// The transpose of a convolution in a picture, as `torch.nn.ConvTranspose2d`.
        ///
        /// Shapes: `[batch, inputs, height, width]` to `[batch, outputs, …]`. Parameters: `weight`
        /// `[inputs, outputs / groups, …kernel]`, `bias` `[outputs]`.
        ///
        /// ```rhai
        /// nn::conv_transpose2d(1, 3, 2).forward(tensor::ones([1, 1, 4, 4])).shape == [1, 3, 5, 5]
        /// ```
        fn "conv_transpose2d"(inputs: Dynamic, outputs: Dynamic, kernel: Dynamic) -> Net {
            transpose("conv_transpose2d", [&inputs, &outputs, &kernel], Map::new(), false)
        }

        /// As `nn::conv_transpose2d(inputs, outputs, kernel)`, with the options of `nn::conv_transpose1d`, each
        /// side a number or `[vertical, horizontal]`.
        ///
        /// ```rhai
        /// let up = nn::conv_transpose2d(1, 1, 2, #{ stride: [2, 1] });
        /// up.forward(tensor::ones([1, 1, 4, 4])).shape == [1, 1, 8, 5]
        /// ```
        fn "conv_transpose2d"(inputs: Dynamic, outputs: Dynamic, kernel: Dynamic, options: Map) -> Net {
            transpose("conv_transpose2d", [&inputs, &outputs, &kernel], options, false)
        }
    }
}
