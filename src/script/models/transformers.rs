//! Transformers over patches.

use super::{checked, classes_of, handles};
use crate::error::{Error, Kind, Result};
use crate::models::{Spec, VitOptions};
use crate::script::Host;
use crate::script::options::Options;
use crate::script::register::namespaced;
use rhai::{Map, Module};
use std::sync::Arc;

fn vit(host: &dyn Host, mut own: VitOptions, map: Map) -> Result<Spec> {
    let operation = format!("model::{}", own.name);
    let options = Options::new(&operation, map)?;
    own.classes = classes_of(&options)?;
    let counts = [
        ("width", &mut own.width),
        ("depth", &mut own.depth),
        ("heads", &mut own.heads),
        ("patch", &mut own.patch),
        ("mlp_ratio", &mut own.mlp_ratio),
        ("patchout_f", &mut own.patchout.frequency),
        ("patchout_t", &mut own.patchout.time),
        ("patchout", &mut own.patchout.anywhere),
    ];
    counts.into_iter().try_for_each(|(name, into)| options.count(name, into))?;
    let mut both = own.stride[0];
    options.count("stride", &mut both)?;
    if options.get("stride").is_some() {
        if let Some(name) = ["fstride", "tstride"].iter().find(|name| options.get(name).is_some()) {
            return Err(Error::new(
                Kind::Type,
                &operation,
                format!("'stride' and '{name}' are both given"),
            )
            .hint("'stride' is that of both directions"));
        }
        own.stride = [both, both];
    }
    options.count("fstride", &mut own.stride[0])?;
    options.count("tstride", &mut own.stride[1])?;
    options.number("eps", &mut own.eps)?;
    options.number("drop_path", &mut own.drop_path)?;
    checked(host, &options, Spec::Vit(own))
}

pub(super) fn models(module: &mut Module, host: &Arc<dyn Host>) {
    let [h0, h1, h2, h3, h4, h5, h6] = handles(host);
    namespaced! { module;
        /// A small audio spectrogram transformer: square patches, a CLS token, trained positions, pre-norm blocks.
        ///
        /// Options: `classes` (required, e.g. `data.classes`), `width` (192), `depth` (12), `heads` (3),
        /// `patch` (16), `stride` (10), `mlp_ratio` (4), and those of `model::ast_tiny`.
        ///
        /// ```rhai
        /// model::ast(#{ classes: 10, depth: 4 }).name == "ast"
        /// ```
        fn "ast"(options: Map) -> Spec { vit(h0.as_ref(), VitOptions::small(), options) }

        /// The audio spectrogram transformer (Gong et al. 2021) on DeiT-tiny's distilled form: 12 blocks of width 192
        /// with 3 heads; the mean of two tokens is normalised and classified. Parameters have AST's names
        /// (`v.blocks.0.attn.qkv.weight`, `mlp_head.1.weight`).
        ///
        /// Options: `classes` (required), `fstride` (10): the distance of two patches in mels, `tstride` (10): that in
        /// frames, or `stride` for both; `patch` (16), `width` (192), `depth` (12), `heads` (3), `mlp_ratio` (4); `eps`
        /// (1e-6) of the layer norms (Hugging Face's variant has 1e-12); `drop_path` (0): the share of samples that skip
        /// the last block in training, less for those before; left out in training as in PaSST: `patchout_f` (0) rows
        /// and `patchout_t` (0) columns of patches, and `patchout` (0) patches anywhere; `pretrained`: a file of weights
        /// to begin with, or a map with the `file` and the options of `load`.
        ///
        /// ```rhai
        /// model::ast_tiny(#{ classes: 10, fstride: 16, tstride: 16 }).name == "ast_tiny"
        /// ```
        fn "ast_tiny"(options: Map) -> Spec { vit(h1.as_ref(), VitOptions::ast("ast_tiny", 192), options) }

        /// As `model::ast_tiny`, of width 384 with 6 heads.
        ///
        /// ```rhai
        /// model::ast_small(#{ classes: 10 }).name == "ast_small"
        /// ```
        fn "ast_small"(options: Map) -> Spec { vit(h2.as_ref(), VitOptions::ast("ast_small", 384), options) }

        /// As `model::ast_tiny`, of width 768 with 12 heads: the one of AST's paper.
        ///
        /// ```rhai
        /// model::ast_base(#{ classes: 10, patchout_t: 10 }).name == "ast_base"
        /// ```
        fn "ast_base"(options: Map) -> Spec { vit(h3.as_ref(), VitOptions::ast("ast_base", 768), options) }

        /// A plain vision transformer, ViT-tiny: 12 blocks of width 192 with 3 heads, a CLS token and a linear layer.
        /// Parameters have timm's names. Options: those of `model::ast_tiny`; patches do not overlap unless `stride`
        /// (16) says so.
        ///
        /// ```rhai
        /// model::vit_tiny(#{ classes: 10 }).name == "vit_tiny"
        /// ```
        fn "vit_tiny"(options: Map) -> Spec { vit(h4.as_ref(), VitOptions::vit("vit_tiny", 192), options) }

        /// As `model::vit_tiny`, of width 384 with 6 heads.
        ///
        /// ```rhai
        /// model::vit_small(#{ classes: 10 }).name == "vit_small"
        /// ```
        fn "vit_small"(options: Map) -> Spec { vit(h5.as_ref(), VitOptions::vit("vit_small", 384), options) }

        /// As `model::vit_tiny`, of width 768 with 12 heads.
        ///
        /// ```rhai
        /// model::vit_base(#{ classes: 10 }).name == "vit_base"
        /// ```
        fn "vit_base"(options: Map) -> Spec { vit(h6.as_ref(), VitOptions::vit("vit_base", 768), options) }
    }
}
