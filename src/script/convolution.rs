//! Bindings of convolutions and their transposes.

use super::options::Options;
use super::value::{count_of, list_of, text_of};
use crate::error::{Error, Kind, Result};
use crate::tensor::{Conv2dOptions, ConvPadding, ConvTransposeOptions, Tensor};
use rhai::{Dynamic, Map};

/// One number for both directions, or `[vertical, horizontal]`.
pub(super) fn pair_of(operation: &str, what: &str, value: &Dynamic) -> Result<[usize; 2]> {
    if !value.is_array() {
        return count_of(operation, what, value).map(|both| [both, both]);
    }
    let numbers = list_of(operation, what, value, count_of)?;
    <[usize; 2]>::try_from(numbers).map_err(|numbers| {
        Error::new(Kind::Shape, operation, format!("{what} has the wrong length"))
            .expected("a whole number, or two of them: [vertical, horizontal]")
            .received(format!("{numbers:?}"))
    })
}

/// Replaces `into` by one number (along a line) or a pair (in a picture) under `key`, if it is there.
pub(super) fn steps(
    operation: &str,
    options: &Options,
    key: &str,
    line: bool,
    into: &mut [usize; 2],
) -> Result<()> {
    let what = format!("'{key}'");
    match options.get(key) {
        None => {}
        Some(value) if line => *into = [count_of(operation, &what, value)?; 2],
        Some(value) => *into = pair_of(operation, &what, value)?,
    }
    Ok(())
}

const TENSOR: &str = "a tensor";

/// How a convolution moves: the options `stride`, `padding`, `dilation`, `groups`.
pub(super) fn moves(operation: &str, options: &Options, line: bool) -> Result<Conv2dOptions> {
    let mut made = Conv2dOptions::default();
    steps(operation, options, "stride", line, &mut made.stride)?;
    steps(operation, options, "dilation", line, &mut made.dilation)?;
    options.count("groups", &mut made.groups)?;
    match options.get("padding") {
        Some(value) if value.is_string() => {
            let word = text_of(operation, "'padding'", value)?;
            if word != "same" {
                return Err(Error::new(Kind::Name, operation, "unknown padding")
                    .expected("numbers, or \"same\"")
                    .received(format!("\"{word}\"")));
            }
            made.padding = ConvPadding::Same;
        }
        _ => {
            let mut zeros = [0, 0];
            steps(operation, options, "padding", line, &mut zeros)?;
            made.padding = ConvPadding::Zeros(zeros);
        }
    }
    Ok(made)
}

/// How a transposed convolution moves: as [`moves`], without "same", and with `output_padding`.
pub(super) fn moves_back(
    operation: &str,
    options: &Options,
    line: bool,
) -> Result<ConvTransposeOptions> {
    let mut made = ConvTransposeOptions::default();
    steps(operation, options, "stride", line, &mut made.stride)?;
    steps(operation, options, "padding", line, &mut made.padding)?;
    steps(operation, options, "output_padding", line, &mut made.output_padding)?;
    steps(operation, options, "dilation", line, &mut made.dilation)?;
    options.count("groups", &mut made.groups)?;
    Ok(made)
}

/// The options of a convolution, and its bias.
fn convolution(operation: &str, map: Map, line: bool) -> Result<(Conv2dOptions, Option<Tensor>)> {
    let options = Options::new(operation, map)?;
    Ok((moves(operation, &options, line)?, options.native("bias", TENSOR)?))
}

fn transpose(
    operation: &str,
    map: Map,
    line: bool,
) -> Result<(ConvTransposeOptions, Option<Tensor>)> {
    let options = Options::new(operation, map)?;
    Ok((moves_back(operation, &options, line)?, options.native("bias", TENSOR)?))
}

fn conv1d(input: &Tensor, kernel: &Tensor, map: Map) -> Result<Tensor> {
    let (options, bias) = convolution("conv1d", map, true)?;
    input.conv1d(kernel, bias.as_ref(), options)
}

fn conv2d(input: &Tensor, kernel: &Tensor, map: Map) -> Result<Tensor> {
    let (options, bias) = convolution("conv2d", map, false)?;
    input.conv2d(kernel, bias.as_ref(), options)
}

fn conv_transpose1d(input: &Tensor, kernel: &Tensor, map: Map) -> Result<Tensor> {
    let (options, bias) = transpose("conv_transpose1d", map, true)?;
    input.conv_transpose1d(kernel, bias.as_ref(), options)
}

fn conv_transpose2d(input: &Tensor, kernel: &Tensor, map: Map) -> Result<Tensor> {
    let (options, bias) = transpose("conv_transpose2d", map, false)?;
    input.conv_transpose2d(kernel, bias.as_ref(), options)
}

#[rhai::export_module]
pub(super) mod bindings {
    use crate::script::raise::{Raw, raw};
    use crate::tensor::Tensor;
    use rhai::Map;

    /// Convolves rows with a kernel.
    ///
    /// Shapes: `[batch, in, length]` and `[out, in / groups, k]`; the batch may be left out.
    ///
    /// ```rhai
    /// conv1d(tensor([[[1.0, 2.0, 3.0]]]), tensor([[[1.0, 1.0]]])).shape == [1, 1, 2]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn conv1d(x: Tensor, w: Tensor) -> Raw<Tensor> {
        raw(super::conv1d(&x, &w, Map::new()))
    }

    /// As `conv1d(x, w)`, with the options `bias` (a tensor `[out]`), `stride` (1), `padding` (0; "same"
    /// keeps the length, an odd zero comes at the end), `dilation` (1), `groups` (1).
    ///
    /// ```rhai
    /// let x = tensor([[[1.0, 2.0, 3.0]]]);
    /// conv1d(x, tensor([[[1.0, 1.0]]]), #{ padding: "same" }).sum().item() == 11.0
    /// ```
    #[rhai_fn(name = "conv1d", return_raw)]
    pub fn conv1d_options(x: Tensor, w: Tensor, options: Map) -> Raw<Tensor> {
        raw(super::conv1d(&x, &w, options))
    }

    /// Convolves pictures with a kernel.
    ///
    /// Shapes: `[batch, in, height, width]` and `[out, in / groups, kh, kw]`; the batch may be left out.
    ///
    /// ```rhai
    /// conv2d(tensor::ones([1, 2, 5, 6]), tensor::ones([4, 2, 3, 3])).shape == [1, 4, 3, 4]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn conv2d(x: Tensor, w: Tensor) -> Raw<Tensor> {
        raw(super::conv2d(&x, &w, Map::new()))
    }

    /// As `conv2d(x, w)`, with the options `bias` (a tensor `[out]`), `stride` (1), `padding` (0; "same"
    /// keeps the size, an odd zero comes at the end), `dilation` (1), `groups` (1). Numbers stand for both
    /// directions, or are given as `[vertical, horizontal]`.
    ///
    /// ```rhai
    /// let x = tensor::ones([1, 2, 8, 8]);
    /// conv2d(x, tensor::ones([2, 1, 3, 3]), #{ stride: [2, 1], padding: 1, groups: 2 }).shape == [1, 2, 4, 8]
    /// ```
    #[rhai_fn(name = "conv2d", return_raw)]
    pub fn conv2d_options(x: Tensor, w: Tensor, options: Map) -> Raw<Tensor> {
        raw(super::conv2d(&x, &w, options))
    }

    /// Spreads rows with a kernel: the transpose of `conv1d`.
    ///
    /// Shapes: `[batch, in, length]` and `[in, out / groups, k]`; the batch may be left out.
    ///
    /// ```rhai
    /// conv_transpose1d(tensor::ones([1, 1, 3]), tensor::ones([1, 2, 2])).shape == [1, 2, 4]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn conv_transpose1d(x: Tensor, w: Tensor) -> Raw<Tensor> {
        raw(super::conv_transpose1d(&x, &w, Map::new()))
    }

    /// As `conv_transpose1d(x, w)`, with the options `bias` (a tensor `[out]`), `stride` (1), `padding` (0:
    /// what is cut off on each side), `output_padding` (0: what is added at the end), `dilation` (1),
    /// `groups` (1).
    ///
    /// ```rhai
    /// conv_transpose1d(tensor::ones([1, 1, 3]), tensor::ones([1, 1, 2]), #{ stride: 2 }).shape == [1, 1, 6]
    /// ```
    #[rhai_fn(name = "conv_transpose1d", return_raw)]
    pub fn conv_transpose1d_options(x: Tensor, w: Tensor, options: Map) -> Raw<Tensor> {
        raw(super::conv_transpose1d(&x, &w, options))
    }

    /// Spreads pictures with a kernel: the transpose of `conv2d`.
    ///
    /// Shapes: `[batch, in, height, width]` and `[in, out / groups, kh, kw]`; the batch may be left out.
    ///
    /// ```rhai
    /// conv_transpose2d(tensor::ones([1, 1, 2, 2]), tensor::ones([1, 3, 2, 2])).shape == [1, 3, 3, 3]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn conv_transpose2d(x: Tensor, w: Tensor) -> Raw<Tensor> {
        raw(super::conv_transpose2d(&x, &w, Map::new()))
    }

    /// As `conv_transpose2d(x, w)`, with the options `bias` (a tensor `[out]`), `stride` (1), `padding` (0:
    /// what is cut off on each side), `output_padding` (0: what is added at the end), `dilation` (1),
    /// `groups` (1). Numbers stand for both directions, or are given as `[vertical, horizontal]`.
    ///
    /// ```rhai
    /// let x = tensor::ones([1, 1, 2, 2]);
    /// conv_transpose2d(x, tensor::ones([1, 1, 2, 2]), #{ stride: 2, padding: [0, 1] }).shape == [1, 1, 4, 2]
    /// ```
    #[rhai_fn(name = "conv_transpose2d", return_raw)]
    pub fn conv_transpose2d_options(x: Tensor, w: Tensor, options: Map) -> Raw<Tensor> {
        raw(super::conv_transpose2d(&x, &w, options))
    }
}
