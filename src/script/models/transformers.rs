//! Transformers over patches.

use super::{checked, classes_of, handles};
use crate::error::{Error, Kind, Result};
use crate::models::{Spec, VitForm, VitOptions};
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
    options.number("head_eps", &mut own.head_eps)?;
    if own.form == VitForm::Vit && options.get("head_eps").is_some() {
        let problem = "'head_eps' has no meaning here";
        return Err(Error::new(Kind::Type, &operation, problem)
            .hint("the plain form has no layer norm in its head"));
    }
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
        /// let net = model::ast(#{ classes: 10, depth: 4 }).build(64, 64);
        /// net.count == 1_836_682 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "ast"(options: Map) -> Spec { vit(h0.as_ref(), VitOptions::small(), options) }

        /// The audio spectrogram transformer (Gong et al. 2021) on DeiT-tiny's distilled form: 12 blocks of width 192
        /// with 3 heads; the mean of two tokens is normalised and classified. Parameters have AST's names
        /// (`v.blocks.0.attn.qkv.weight`, `mlp_head.1.weight`).
        ///
        /// Options: `classes` (required), `fstride` (10): the distance of two patches in mels, `tstride` (10): that in
        /// frames, or `stride` for both; `patch` (16), `width` (192), `depth` (12), `heads` (3), `mlp_ratio` (4); `eps`
        /// (1e-6) of the layer norms and `head_eps` (1e-5) of that in the head (Hugging Face's variant has 1e-12 for both); `drop_path` (0): the share of samples that skip
        /// the last block in training, less for those before; left out in training as in PaSST: `patchout_f` (0) rows
        /// and `patchout_t` (0) columns of patches, and `patchout` (0) patches anywhere; `pretrained`: a file of weights
        /// to begin with, or a map with the `file` and the options of `load`.
        ///
        /// ```rhai
        /// let net = model::ast_tiny(#{ classes: 10, fstride: 16, tstride: 16 }).build(64, 64);
        /// net.count == 5_394_250 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "ast_tiny"(options: Map) -> Spec { vit(h1.as_ref(), VitOptions::ast("ast_tiny", 192), options) }

        /// As `model::ast_tiny`, of width 384 with 6 heads.
        ///
        /// ```rhai
        /// let net = model::ast_small(#{ classes: 10 }).build(64, 64);
        /// net.count == 21_408_778 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "ast_small"(options: Map) -> Spec { vit(h2.as_ref(), VitOptions::ast("ast_small", 384), options) }

        /// As `model::ast_tiny`, of width 768 with 12 heads: the one of AST's paper.
        ///
        /// ```rhai
        /// let net = model::ast_base(#{ classes: 10, depth: 1, patchout_t: 2 }).build(64, 64);
        /// net.count == 7_318_282 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "ast_base"(options: Map) -> Spec { vit(h3.as_ref(), VitOptions::ast("ast_base", 768), options) }

        /// A plain vision transformer, ViT-tiny: 12 blocks of width 192 with 3 heads, a CLS token and a linear layer.
        /// Parameters have timm's names. Options: those of `model::ast_tiny`; patches do not overlap unless `stride`
        /// (16) says so.
        ///
        /// ```rhai
        /// let net = model::vit_tiny(#{ classes: 10 }).build(64, 64);
        /// net.count == 5_393_482 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "vit_tiny"(options: Map) -> Spec { vit(h4.as_ref(), VitOptions::vit("vit_tiny", 192), options) }

        /// As `model::vit_tiny`, of width 384 with 6 heads.
        ///
        /// ```rhai
        /// let net = model::vit_small(#{ classes: 10 }).build(64, 64);
        /// net.count == 21_403_786 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "vit_small"(options: Map) -> Spec { vit(h5.as_ref(), VitOptions::vit("vit_small", 384), options) }

        /// As `model::vit_tiny`, of width 768 with 12 heads.
        ///
        /// ```rhai
        /// let net = model::vit_base(#{ classes: 10, depth: 2 }).build(64, 64);
        /// net.count == 14_396_170 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "vit_base"(options: Map) -> Spec { vit(h6.as_ref(), VitOptions::vit("vit_base", 768), options) }
    }
}
