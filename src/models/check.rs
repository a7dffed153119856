//! What a model's options must be, whatever the clips: told where the model is written, before a stage builds it.

use super::layers::Norm;
use super::{Spec, VitOptions};
use crate::error::{Error, Kind, Result};
use crate::nn::check::{eps, share};

/// More blocks of a transformer, or a wider MLP, is a slip.
const DEEPEST: usize = 256;
const WIDEST_MLP: usize = 64;

impl Spec {
    /// Refuses options that make no sense whatever the clips; `operation` names the model.
    ///
    /// # Errors
    /// Counts of 0, shares outside of 0 to 1, an eps below 0, what would be too large.
    pub fn check(&self, operation: &str) -> Result<()> {
        if let Spec::Pretrained(own) = self {
            return own.of.check(operation);
        }
        if let Some(classes) = self.classes() {
            in_range(operation, "classes", classes)?;
        }
        let (mut shares, norm) = match self {
            Spec::Net(_) | Spec::Pretrained(_) => return Ok(()),
            Spec::Cnn(own) => {
                let Some(halvings) = own.channels.len().checked_sub(1) else {
                    return Err(Error::new(Kind::Range, operation, "'channels' is empty")
                        .expected("the channels of each pair of convolutions: [16, 32, 64]"));
                };
                in_range(operation, "channels", halvings + 1)?;
                let mut channels = own.channels.iter();
                return channels
                    .try_for_each(|channels| in_range(operation, "channels", *channels));
            }
            Spec::EfficientNet(own) => {
                own.head.check(operation)?;
                (vec![("drop_path", own.drop_path), ("dropout", own.dropout)], own.norm)
            }
            Spec::ResNet(own) => {
                own.head.check(operation)?;
                (vec![("dropout", own.dropout)], own.norm)
            }
            Spec::DenseNet(own) => {
                own.head.check(operation)?;
                (vec![("dropout", own.dropout)], own.norm)
            }
            Spec::ConvNext(own) => {
                own.head.check(operation)?;
                let norm = Norm { eps: own.eps, ..Norm::TORCH };
                (vec![("drop_path", own.drop_path), ("dropout", own.dropout)], norm)
            }
            Spec::Panns(own) => {
                (vec![("block_dropout", own.block_dropout), ("dropout", own.dropout)], own.norm)
            }
            Spec::Mn(own) => {
                own.check(operation)?;
                (vec![("dropout", own.dropout)], own.norm)
            }
            Spec::Vit(own) => {
                transformer(operation, own)?;
                eps(operation, own.head_eps)?;
                (vec![("drop_path", own.drop_path)], Norm { eps: own.eps, ..Norm::TORCH })
            }
        };
        eps(operation, norm.eps)?;
        shares.push(("momentum", norm.momentum));
        shares.into_iter().try_for_each(|(name, value)| share(operation, name, value))
    }
}

fn transformer(operation: &str, own: &VitOptions) -> Result<()> {
    let [fstride, tstride] = own.stride;
    let all = [
        ("width", own.width),
        ("depth", own.depth),
        ("heads", own.heads),
        ("patch", own.patch),
        // What a recipe writes for both.
        (if fstride == tstride { "stride" } else { "fstride" }, fstride),
        ("tstride", tstride),
        ("mlp_ratio", own.mlp_ratio),
    ];
    all.into_iter().try_for_each(|(name, value)| in_range(operation, name, value))?;
    if own.depth > DEEPEST || own.mlp_ratio > WIDEST_MLP {
        return Err(Error::new(Kind::Range, operation, "the model would be too large")
            .expected(format!("'depth' {DEEPEST} and 'mlp_ratio' {WIDEST_MLP} at most"))
            .received(format!("depth {}, mlp_ratio {}", own.depth, own.mlp_ratio)));
    }
    if own.width.is_multiple_of(own.heads) {
        return Ok(());
    }
    Err(Error::new(Kind::Range, operation, "'heads' must divide 'width'")
        .received(format!("heads {}, width {}", own.heads, own.width)))
}

/// Refuses 0, and what no machine could hold; the product of a layer's lengths cannot overflow then.
fn in_range(operation: &str, what: &str, value: usize) -> Result<()> {
    const MOST: usize = 65_536;
    if (1..=MOST).contains(&value) {
        return Ok(());
    }
    Err(Error::out_of_range(operation, what, format!("1 to {MOST}"), value))
}
