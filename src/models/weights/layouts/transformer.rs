//! Hugging Face's transformers (AST, DeiT, ViT) in timm's names: queries, keys and values are three layers there and
//! one here. Its files have had two ways of naming blocks; both are known.

use super::{Context, Renamed};

const PREFIXES: [&str; 3] = ["audio_spectrogram_transformer.", "deit.", "vit."];

/// `encoder.layer.0.attention.attention.query.weight`, or `layers.0.attention.q_proj.weight`.
pub(super) fn hugging_face(name: &str, _: &Context) -> Option<Renamed> {
    let inner = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let parts: Vec<&str> = inner.split('.').collect();
    let own = match parts.as_slice() {
        ["embeddings", "cls_token"] => "cls_token".to_string(),
        ["embeddings", "distillation_token"] => "dist_token".to_string(),
        ["embeddings", "position_embeddings"] => "pos_embed".to_string(),
        ["embeddings", "patch_embeddings", "projection", last] => {
            format!("patch_embed.proj.{last}")
        }
        ["layernorm", last] => format!("norm.{last}"),
        ["classifier", "layernorm", last] => format!("mlp_head.0.{last}"),
        ["classifier", "dense", last] => format!("mlp_head.1.{last}"),
        ["classifier" | "cls_classifier", last] => format!("head.{last}"),
        ["distillation_classifier", last] => format!("head_dist.{last}"),
        ["pooler", ..] => return Some(Renamed::Nothing),
        ["encoder", "layer" | "layers", number, rest @ ..]
        | ["layers" | "layer", number, rest @ ..] => {
            return block(number, rest);
        }
        _ => return None,
    };
    Some(Renamed::Name(own))
}

fn block(number: &str, rest: &[&str]) -> Option<Renamed> {
    if let ["attention", "attention", part, last] | ["attention", part, last] = rest
        && let Some(index) = joined(part)
    {
        let name = format!("blocks.{number}.attn.qkv.{last}");
        return Some(Renamed::Part { name, index, of: 3 });
    }
    let own = match rest {
        ["attention", "output", "dense", last] | ["attention", "o_proj", last] => {
            format!("attn.proj.{last}")
        }
        ["intermediate", "dense", last] | ["mlp", "fc1", last] => format!("mlp.fc1.{last}"),
        ["output", "dense", last] | ["mlp", "fc2", last] => format!("mlp.fc2.{last}"),
        ["layernorm_before", last] => format!("norm1.{last}"),
        ["layernorm_after", last] => format!("norm2.{last}"),
        _ => return None,
    };
    Some(Renamed::Name(format!("blocks.{number}.{own}")))
}

/// The place among queries, keys and values.
fn joined(part: &str) -> Option<usize> {
    match part {
        "query" | "q_proj" => Some(0),
        "key" | "k_proj" => Some(1),
        "value" | "v_proj" => Some(2),
        _ => None,
    }
}
