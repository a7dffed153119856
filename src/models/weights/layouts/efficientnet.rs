//! EfficientNet as torchvision and `efficientnet_pytorch` name it, in timm's names.

use super::{Context, Renamed};

/// timm's names of a block's parts, in order, and its gate among them.
const EXPANDED: [[&str; 2]; 3] = [["conv_pw", "bn1"], ["conv_dw", "bn2"], ["conv_pwl", "bn3"]];
const PLAIN: [[&str; 2]; 2] = [["conv_dw", "bn1"], ["conv_pw", "bn2"]];

/// `features.2.0.block.1.0.weight`.
pub(super) fn torchvision(name: &str, context: &Context) -> Option<Renamed> {
    let parts: Vec<&str> = name.split('.').collect();
    let own = match parts.as_slice() {
        ["features", "0", "0", last] => format!("conv_stem.{last}"),
        ["features", "0", "1", last] => format!("bn1.{last}"),
        ["features", "8", "0", last] => format!("conv_head.{last}"),
        ["features", "8", "1", last] => format!("bn2.{last}"),
        ["classifier", "1", last] => format!("classifier.{last}"),
        ["features", stage, place, "block", part, inner, last] => {
            let stage_before = stage.parse::<usize>().ok()?.checked_sub(1)?;
            let part: usize = part.parse().ok()?;
            let start = format!("features.{stage}.{place}.block");
            // Four parts with one that widens, three without.
            let widens = context.names.contains(format!("{start}.3.0.weight").as_str());
            let layer = match (*inner, widens) {
                ("fc1", _) => "se.conv_reduce",
                ("fc2", _) => "se.conv_expand",
                // The gate stands before the last one.
                (_, true) => EXPANDED.get(part - usize::from(part == 3))?
                    [inner.parse::<usize>().ok()?.min(1)],
                (_, false) => {
                    PLAIN.get(part - usize::from(part == 2))?[inner.parse::<usize>().ok()?.min(1)]
                }
            };
            format!("blocks.{stage_before}.{place}.{layer}.{last}")
        }
        _ => return None,
    };
    Some(Renamed::Name(own))
}

/// `_blocks.3._expand_conv.weight`, numbered through; PSLA has it as `effnet`.
pub(super) fn efficientnet_pytorch(name: &str, context: &Context) -> Option<Renamed> {
    let name = name.strip_prefix("effnet.").unwrap_or(name);
    let parts: Vec<&str> = name.split('.').collect();
    let own = match parts.as_slice() {
        ["_conv_stem", last] => format!("conv_stem.{last}"),
        ["_bn0", last] => format!("bn1.{last}"),
        ["_conv_head", last] => format!("conv_head.{last}"),
        ["_bn1", last] => format!("bn2.{last}"),
        ["_fc", last] => format!("classifier.{last}"),
        ["_blocks", number, layer, last] => {
            let (stage, place) = context.blocks.get(number.parse::<usize>().ok()?)?;
            let widens = ["", "effnet."].iter().any(|start| {
                let widening = format!("{start}_blocks.{number}._expand_conv.weight");
                context.names.contains(widening.as_str())
            });
            let layer = match (*layer, widens) {
                ("_se_reduce", _) => "se.conv_reduce",
                ("_se_expand", _) => "se.conv_expand",
                ("_depthwise_conv", _) => "conv_dw",
                ("_expand_conv", _) => "conv_pw",
                ("_project_conv", true) => "conv_pwl",
                ("_project_conv", false) => "conv_pw",
                ("_bn0", _) => "bn1",
                ("_bn1", true) => "bn2",
                ("_bn1", false) => "bn1",
                ("_bn2", true) => "bn3",
                ("_bn2", false) => "bn2",
                _ => return None,
            };
            format!("blocks.{stage}.{place}.{layer}.{last}")
        }
        _ => return None,
    };
    Some(Renamed::Name(own))
}
