//! Bindings of `optim`.

use super::options::Options;
use super::value;
use crate::error::{Error, Kind, Result};
use crate::optim::AdamOptions;
use rhai::Map;

fn adam(map: Map) -> Result<AdamOptions> {
    let operation = "optim::adam";
    let options = Options::new(operation, map, &["lr", "betas", "eps", "weight_decay"])?;
    let mut own = AdamOptions::default();
    options.number("lr", &mut own.lr)?;
    options.number("eps", &mut own.eps)?;
    options.number("weight_decay", &mut own.weight_decay)?;
    if let Some(betas) = options.list("betas", value::number_of)? {
        own.betas = <[f64; 2]>::try_from(betas).map_err(|betas| {
            Error::new(Kind::Type, operation, "'betas' has the wrong length")
                .expected("two numbers")
                .received(format!("{betas:?}"))
        })?;
    }
    own.check()?;
    Ok(own)
}

#[rhai::export_module]
pub(super) mod bindings {
    use crate::optim::AdamOptions;
    use crate::script::raise::{Raw, placed};
    use rhai::{Map, NativeCallContext};

    /// Adam, with L2 in the gradient as `torch.optim.Adam` has it.
    ///
    /// Options: `lr` (0.001), `betas` ([0.9, 0.999]), `eps` (1e-8), `weight_decay` (0).
    ///
    /// ```rhai
    /// optim::adam(#{ lr: 1e-4, betas: [0.95, 0.999] }).lr == 1e-4
    /// ```
    #[rhai_fn(return_raw)]
    pub fn adam(call: NativeCallContext, options: Map) -> Raw<AdamOptions> {
        placed(&call, super::adam(options))
    }

    /// The base learning rate.
    #[rhai_fn(get = "lr", pure)]
    pub fn lr(options: &mut AdamOptions) -> f64 {
        options.lr
    }
}
