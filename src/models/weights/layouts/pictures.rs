//! Other networks for pictures whose names differ a little from ours.

use super::{Context, Renamed};

/// torchvision's MobileNetV3 in the names of EfficientAT: the gate is within a list there, and two layers without
/// weights stand before the head.
pub(super) fn mobilenet_v3(name: &str, _: &Context) -> Option<Renamed> {
    let parts: Vec<&str> = name.split('.').collect();
    let own = match parts.as_slice() {
        ["features", block, "block", part, gate @ ("fc1" | "fc2"), last] => {
            format!("features.{block}.block.{part}.conc_se_layers.0.{gate}.{last}")
        }
        ["classifier", "0", last] => format!("classifier.2.{last}"),
        ["classifier", "3", last] => format!("classifier.5.{last}"),
        _ => return None,
    };
    Some(Renamed::Name(own))
}

/// DenseNet's first files have `norm.1` for `norm1`.
pub(super) fn old_densenet(name: &str, _: &Context) -> Option<Renamed> {
    let (start, rest) = name.split_once(".denselayer")?;
    let (number, rest) = rest.split_once('.')?;
    let (layer, rest) = rest.split_once('.')?;
    let (place, last) = rest.split_once('.')?;
    if !["norm", "conv"].contains(&layer) || !["1", "2"].contains(&place) {
        return None;
    }
    Some(Renamed::Name(format!("{start}.denselayer{number}.{layer}{place}.{last}")))
}
