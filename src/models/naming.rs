//! Parameters under the names that other libraries have for them.

use crate::error::{Error, Kind, Result, unknown};
use crate::tensor::Tensor;

/// Whose names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// As they are here.
    Own,
    /// timm's vision transformers: `blocks.0.attn.qkv.weight`.
    Timm,
    /// The original AST: `v.blocks.0.attn.qkv.weight`, `mlp_head.1.weight`.
    Ast,
    /// As AST's checkpoints have them: `module.` before each.
    AstModule,
    /// Hugging Face's AST: queries, keys and values apart.
    HuggingFace,
}

const NAMES: [(&str, Naming); 5] = [
    ("own", Naming::Own),
    ("timm", Naming::Timm),
    ("ast", Naming::Ast),
    ("ast-module", Naming::AstModule),
    ("hf", Naming::HuggingFace),
];

impl Naming {
    /// The names of the command line.
    pub const NAMES: [&str; 5] = ["own", "timm", "ast", "ast-module", "hf"];

    /// The one that is called so on the command line.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self> {
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, naming)| *naming)
            .ok_or_else(|| unknown("--names", "library", name, &Naming::NAMES))
    }

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, own)| *own == self).map_or("own", |(name, _)| name)
    }

    /// A network's parameters under these names.
    ///
    /// # Errors
    /// A network that has no names there: only transformers for pictures of sound have.
    pub fn apply(self, state: &[(String, Tensor)]) -> Result<Vec<(String, Tensor)>> {
        if self == Naming::Own {
            return Ok(state.to_vec());
        }
        let mut renamed = Vec::new();
        for (name, tensor) in state {
            let place = Place::of(name).ok_or_else(|| {
                let problem = format!("'{name}' has no name there");
                Error::new(Kind::Usage, format!("--names {}", self.name()), problem)
                    .expected("an audio spectrogram transformer")
                    .hint("leave --names out: the names are PyTorch's of the network itself")
            })?;
            self.put(&place, tensor, &mut renamed)?;
        }
        Ok(renamed)
    }

    fn put(self, place: &Place, tensor: &Tensor, into: &mut Vec<(String, Tensor)>) -> Result<()> {
        let name = match (self, place) {
            (Naming::Timm, Place::Body(rest)) => rest.clone(),
            // timm's has one linear layer, AST's a norm before it.
            (Naming::Timm, Place::Head(rest)) => format!("mlp_head.{rest}"),
            (_, Place::Body(rest)) if self != Naming::HuggingFace => format!("v.{rest}"),
            (_, Place::Head(rest)) if self != Naming::HuggingFace => format!("mlp_head.{rest}"),
            (_, Place::Body(rest)) => return hugging_face(rest, tensor, into),
            (_, Place::Head(rest)) => {
                let (layer, part) = rest.split_once('.').unwrap_or((rest, ""));
                let layer = if layer == "0" { "layernorm" } else { "dense" };
                format!("classifier.{layer}.{part}")
            }
        };
        let prefix = if self == Naming::AstModule { "module." } else { "" };
        into.push((format!("{prefix}{name}"), tensor.clone()));
        Ok(())
    }
}

/// Where a parameter of a transformer stands.
enum Place {
    /// In what timm calls the model itself, under timm's name.
    Body(String),
    /// In AST's head, `0` a norm and `1` a linear layer.
    Head(String),
}

impl Place {
    fn of(name: &str) -> Option<Self> {
        const BODY: [&str; 6] =
            ["cls_token", "dist_token", "pos_embed", "patch_embed.proj.", "blocks.", "norm."];
        let body = name.strip_prefix("v.").unwrap_or(name);
        if BODY.iter().any(|part| body.starts_with(part)) {
            return Some(Place::Body(body.to_string()));
        }
        let head = name.strip_prefix("mlp_head.").or_else(|| name.strip_prefix("head."))?;
        (head.starts_with("0.") || head.starts_with("1.")).then(|| Place::Head(head.to_string()))
    }
}

/// One parameter of the body under Hugging Face's names: three where it holds queries, keys and values.
fn hugging_face(name: &str, tensor: &Tensor, into: &mut Vec<(String, Tensor)>) -> Result<()> {
    const ALL: &str = "audio_spectrogram_transformer.";
    let plain = match name {
        "cls_token" => Some("embeddings.cls_token".to_string()),
        "dist_token" => Some("embeddings.distillation_token".to_string()),
        "pos_embed" => Some("embeddings.position_embeddings".to_string()),
        _ => None,
    };
    let layer = |rest: &str| -> Option<String> {
        let (index, part) = rest.split_once('.')?;
        const PARTS: [(&str, &str); 5] = [
            ("norm1.", "layernorm_before."),
            ("norm2.", "layernorm_after."),
            ("attn.proj.", "attention.output.dense."),
            ("mlp.fc1.", "intermediate.dense."),
            ("mlp.fc2.", "output.dense."),
        ];
        let found = PARTS.iter().find_map(|(own, theirs)| Some((theirs, part.strip_prefix(own)?)));
        found.map(|(theirs, last)| format!("encoder.layer.{index}.{theirs}{last}"))
    };
    let plain = plain
        .or_else(|| {
            Some(format!(
                "embeddings.patch_embeddings.projection.{}",
                name.strip_prefix("patch_embed.proj.")?
            ))
        })
        .or_else(|| Some(format!("layernorm.{}", name.strip_prefix("norm.")?)))
        .or_else(|| name.strip_prefix("blocks.").and_then(layer));
    if let Some(plain) = plain {
        into.push((format!("{ALL}{plain}"), tensor.clone()));
        return Ok(());
    }
    let qkv = name.strip_prefix("blocks.").and_then(|rest| rest.split_once(".attn.qkv."));
    let Some((index, part)) = qkv else {
        return Err(Error::new(Kind::Usage, "--names hf", format!("'{name}' has no name there")));
    };
    let width = tensor.shape()[0] / 3;
    for (at, which) in ["query", "key", "value"].into_iter().enumerate() {
        let name = format!("{ALL}encoder.layer.{index}.attention.attention.{which}.{part}");
        into.push((name, tensor.narrow(0, at * width, width)?));
    }
    Ok(())
}
