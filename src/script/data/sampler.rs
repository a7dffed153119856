//! The option `sampler`.

use crate::data::Sampler;
use crate::error::{Error, Kind, Result, unknown};
use crate::script::options::Options;
use crate::script::value;
use crate::tensor::Tensor;

const KEY: &str = "sampler";
const NAMES: [(&str, Sampler); 3] = [
    ("shuffled", Sampler::Shuffled),
    ("sequential", Sampler::Sequential),
    ("balanced", Sampler::Balanced),
];

/// The sampler that options name, or the weights that they give.
pub(in crate::script) fn sampler_of(operation: &str, options: &Options) -> Result<Option<Sampler>> {
    let Some(given) = options.get(KEY) else { return Ok(None) };
    if let Some(weights) = given.read_lock::<Tensor>() {
        if weights.shape().len() != 1 {
            return Err(Error::new(Kind::Shape, operation, "the weights have the wrong shape")
                .expected("[clips], one for each clip that trains")
                .received(weights.describe()));
        }
        let values = weights.to_values()?.into_iter().map(f64::from).collect::<Vec<_>>();
        return Ok(Some(Sampler::Weights(values.into())));
    }
    if given.is_array() {
        let weights = options.list(KEY, value::number_of)?.unwrap_or_default();
        return Ok(Some(Sampler::Weights(weights.into())));
    }
    let name = value::text_of(operation, "'sampler'", given)?;
    let names = NAMES.map(|(name, _)| name);
    match NAMES.into_iter().find(|(own, _)| *own == name) {
        Some((_, sampler)) => Ok(Some(sampler)),
        None => Err(unknown(operation, "sampler", &name, &names)),
    }
}
