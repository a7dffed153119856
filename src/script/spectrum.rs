//! Bindings of Fourier transforms, norms with given weights, and looking up rows.

use super::options::Options;
use super::value::{count_of, number_of};
use crate::error::Result;
use crate::tensor::{Complex, StftOptions, Tensor};
use rhai::{Dynamic, Map};

/// `#{ real, imag }`.
fn parts(complex: Complex) -> Map {
    [("real", complex.real), ("imag", complex.imag)]
        .map(|(name, part)| (name.into(), Dynamic::from(part)))
        .into_iter()
        .collect()
}

fn rfft(input: &Tensor) -> Result<Map> {
    input.rfft().map(parts)
}

fn stft(input: &Tensor, map: Map) -> Result<Map> {
    let options = Options::new("stft", map)?;
    if options.get("n_fft").is_none() {
        return Err(options.missing("n_fft", "the samples of a frame"));
    }
    let (mut n_fft, center) = (0, options.native("center", "true or false")?);
    options.count("n_fft", &mut n_fft)?;
    let mut hop = n_fft / 4;
    options.count("hop", &mut hop)?;
    let window = options.native("window", "a tensor")?;
    input.stft(&StftOptions { n_fft, hop, window, center: center.unwrap_or(true) }).map(parts)
}

fn layer_norm(input: &Tensor, scale: &Tensor, shift: &Tensor, eps: &Dynamic) -> Result<Tensor> {
    input.layer_norm(scale, shift, number_of("layer_norm", "eps", eps)?)
}

fn group_norm(
    input: &Tensor,
    groups: &Dynamic,
    [scale, shift]: [&Tensor; 2],
    eps: &Dynamic,
) -> Result<Tensor> {
    let groups = count_of("group_norm", "the groups", groups)?;
    let eps = number_of("group_norm", "eps", eps)?;
    input.group_norm(groups, Some(scale), Some(shift), eps)
}

fn rms_norm(input: &Tensor, scale: &Tensor, eps: &Dynamic) -> Result<Tensor> {
    input.rms_norm(Some(scale), number_of("rms_norm", "eps", eps)?)
}

#[rhai::export_module]
pub(super) mod bindings {
    use crate::script::raise::{Raw, raw};
    use crate::tensor::Tensor;
    use rhai::{Dynamic, Map};

    /// The Fourier transform of real numbers along the last dimension, of any length n, not normalised: a
    /// map with `real` and `imag`, each `[…, n / 2 + 1]`.
    ///
    /// ```rhai
    /// rfft(tensor([1.0, 0.0, 0.0, 0.0])).real.sum().item() == 3.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn rfft(x: Tensor) -> Raw<Map> {
        raw(super::rfft(&x))
    }

    /// The short-time Fourier transform along the last dimension, as `torch.stft`: a map with `real` and
    /// `imag`, each `[…, n_fft / 2 + 1, frame]`, not normalised.
    ///
    /// Options: `n_fft` (must be given), `hop` (`n_fft` / 4), `window` (a tensor of at most `n_fft` weights; all
    /// ones), `center` (true: the first frame is centred at the first sample, both ends are reflected).
    ///
    /// ```rhai
    /// stft(tensor::ones([2, 100]), #{ n_fft: 16, hop: 10 }).imag.shape == [2, 9, 11]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn stft(x: Tensor, options: Map) -> Raw<Map> {
        raw(super::stft(&x, options))
    }

    /// Normalises the last dimension to mean 0 and variance 1, then scales and shifts it.
    ///
    /// Shapes: `[…, width]`, `[width]` and `[width]`. `eps` is added to the variance.
    ///
    /// ```rhai
    /// let y = layer_norm(tensor([[1.0, 3.0]]), tensor([1.0, 1.0]), tensor([5.0, 5.0]), 1e-5);
    /// (y.mean().item() - 5.0).abs() < 1e-5
    /// ```
    #[rhai_fn(return_raw)]
    pub fn layer_norm(x: Tensor, scale: Tensor, shift: Tensor, eps: Dynamic) -> Raw<Tensor> {
        raw(super::layer_norm(&x, &scale, &shift, &eps))
    }

    /// Normalises each group of channels to mean 0 and variance 1, then scales and shifts each channel.
    ///
    /// Shapes: `[batch, channel, …]`, `[channel]` and `[channel]`. `eps` is added to the variance.
    ///
    /// ```rhai
    /// let y = group_norm(tensor([[1.0, 3.0, 5.0, 9.0]]), 2, tensor::ones([4]), tensor::zeros([4]), 0);
    /// y.sum().item().abs() < 1e-5
    /// ```
    #[rhai_fn(return_raw)]
    pub fn group_norm(
        x: Tensor,
        groups: Dynamic,
        scale: Tensor,
        shift: Tensor,
        eps: Dynamic,
    ) -> Raw<Tensor> {
        raw(super::group_norm(&x, &groups, [&scale, &shift], &eps))
    }

    /// Divides the last dimension by the root of its mean square, then scales it.
    ///
    /// Shapes: `[…, width]` and `[width]`. `eps` is added to the mean square.
    ///
    /// ```rhai
    /// (rms_norm(tensor([3.0, 3.0]), tensor([1.0, 1.0]), 0).sum().item() - 2.0).abs() < 1e-6
    /// ```
    #[rhai_fn(return_raw)]
    pub fn rms_norm(x: Tensor, scale: Tensor, eps: Dynamic) -> Raw<Tensor> {
        raw(super::rms_norm(&x, &scale, &eps))
    }

    /// The rows of a table that `index` (i64, any shape) names.
    ///
    /// Shapes: `[row, width]` gives `[…index, width]`. A row's gradient is the sum over its places.
    ///
    /// ```rhai
    /// embedding(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1, 1, 0])).shape == [3, 2]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn embedding(table: Tensor, index: Tensor) -> Raw<Tensor> {
        raw(table.embedding(&index))
    }
}
