//! ConvNeXt as torchvision and its authors name it, in timm's names.

use super::{Context, Renamed};

/// `features.1.0.block.3.weight`: stages at odd numbers, what halves the picture between them.
pub(super) fn torchvision(name: &str, _: &Context) -> Option<Renamed> {
    let parts: Vec<&str> = name.split('.').collect();
    let own = match parts.as_slice() {
        ["features", "0", place, last] => format!("stem.{place}.{last}"),
        ["classifier", "0", last] => format!("head.norm.{last}"),
        ["classifier", "2", last] => format!("head.fc.{last}"),
        ["features", stage, place, rest @ ..] => {
            let number: usize = stage.parse().ok()?;
            let start = match number.is_multiple_of(2) {
                true => format!("stages.{}.downsample.{place}", number / 2),
                false => format!("stages.{}.blocks.{place}", number / 2),
            };
            match rest {
                ["layer_scale"] => format!("{start}.gamma"),
                ["block", "0", last] => format!("{start}.conv_dw.{last}"),
                ["block", "2", last] => format!("{start}.norm.{last}"),
                ["block", "3", last] => format!("{start}.mlp.fc1.{last}"),
                ["block", "5", last] => format!("{start}.mlp.fc2.{last}"),
                [last] => format!("{start}.{last}"),
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Renamed::Name(own))
}

/// `stages.0.1.pwconv1.weight`, `downsample_layers.1.0.weight`.
pub(super) fn authors(name: &str, _: &Context) -> Option<Renamed> {
    let parts: Vec<&str> = name.split('.').collect();
    let own = match parts.as_slice() {
        ["downsample_layers", "0", place, last] => format!("stem.{place}.{last}"),
        ["downsample_layers", stage, place, last] => {
            format!("stages.{stage}.downsample.{place}.{last}")
        }
        ["norm", last] => format!("head.norm.{last}"),
        ["head", last] => format!("head.fc.{last}"),
        ["stages", stage, place, rest @ ..] => {
            let start = format!("stages.{stage}.blocks.{place}");
            match rest {
                ["gamma"] => format!("{start}.gamma"),
                ["dwconv", last] => format!("{start}.conv_dw.{last}"),
                ["norm", last] => format!("{start}.norm.{last}"),
                ["pwconv1", last] => format!("{start}.mlp.fc1.{last}"),
                ["pwconv2", last] => format!("{start}.mlp.fc2.{last}"),
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Renamed::Name(own))
}
