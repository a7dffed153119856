//! Activations that follow a normalisation at once.

/// What is done with a normalised number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Nothing,
    /// max(z, 0).
    Relu,
    /// z · σ(z).
    Silu,
    /// z · min(max(z + 3, 0), 6) / 6.
    Hardswish,
}
