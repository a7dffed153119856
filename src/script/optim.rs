//! Bindings of `optim`.

#[rhai::export_module]
pub(super) mod bindings {
    use crate::error::{Error, Kind};
    use crate::optim::AdamOptions;
    use crate::script::options::Options;
    use crate::script::raise::{Raw, raise, raw};
    use crate::script::value;
    use rhai::Map;

    /// Adam, with L2 in the gradient as `torch.optim.Adam` has it.
    ///
    /// Options: `lr` (0.001), `betas` ([0.9, 0.999]), `eps` (1e-8), `weight_decay` (0).
    ///
    /// ```rhai
    /// optim::adam(#{ lr: 1e-4, betas: [0.95, 0.999] }).lr == 1e-4
    /// ```
    #[rhai_fn(return_raw)]
    pub fn adam(options: Map) -> Raw<AdamOptions> {
        let operation = "optim::adam";
        let known = ["lr", "betas", "eps", "weight_decay"];
        let options = raw(Options::new(operation, options, &known))?;
        let mut own = AdamOptions::default();
        raw(options.number("lr", &mut own.lr))?;
        raw(options.number("eps", &mut own.eps))?;
        raw(options.number("weight_decay", &mut own.weight_decay))?;
        if let Some(betas) = raw(options.list("betas", value::number_of))? {
            own.betas = <[f64; 2]>::try_from(betas).map_err(|betas| {
                let error = Error::new(Kind::Type, operation, "'betas' has the wrong length");
                raise(error.expected("two numbers").received(format!("{betas:?}")))
            })?;
        }
        raw(own.check())?;
        Ok(own)
    }

    /// The base learning rate.
    #[rhai_fn(get = "lr", pure)]
    pub fn lr(options: &mut AdamOptions) -> f64 {
        options.lr
    }
}
