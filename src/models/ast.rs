//! `model::ast`: a small audio spectrogram transformer. 16×16 patches of the spectrogram, a CLS
//! token, trained positions, pre-norm blocks; the CLS token's output is normalised and classified.
//! Parameters have timm's names.

use super::{InputShape, in_range};
use crate::error::{Error, Kind, Result};
use crate::nn::{
    AsPicture, Block, BlockOptions, Conv, ConvOptions, LayerNorm, Linear, Mode, Network, Parameter,
    Role, Visitor, scoped,
};
use crate::tensor::random::Stream;
use crate::tensor::{Conv2dOptions, Device, Tensor, check_size};
use serde::{Deserialize, Serialize};

/// LayerNorm's eps after the blocks (timm's vision transformer).
const NORM_EPS: f64 = 1e-6;
/// LayerNorm's eps in the head (PyTorch's default, as AST's `mlp_head` has it).
const HEAD_EPS: f64 = 1e-5;
/// Deviation of the positions at the start.
const POSITION_STD: f64 = 0.02;

/// More blocks, or a wider MLP, is a slip.
const DEEPEST: usize = 256;
const WIDEST_MLP: usize = 64;

/// The options of `model::ast`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AstOptions {
    /// Classes to tell apart.
    pub classes: usize,
    /// Width of a token.
    pub width: usize,
    /// Number of blocks.
    pub depth: usize,
    /// Heads of attention; must divide the width.
    pub heads: usize,
    /// Side of a patch, in mels and frames.
    pub patch: usize,
    /// Distance of two patches, in mels and frames.
    pub stride: usize,
    /// The MLP's inner width as a multiple of the width.
    pub mlp_ratio: usize,
}

impl Default for AstOptions {
    fn default() -> Self {
        AstOptions {
            classes: 0,
            width: 192,
            depth: 12,
            heads: 3,
            patch: 16,
            stride: 10,
            mlp_ratio: 4,
        }
    }
}

pub(super) struct Ast {
    cls_token: Parameter,
    pos_embed: Parameter,
    patch_embed: Conv,
    blocks: Vec<Block>,
    norm: LayerNorm,
    head: (LayerNorm, Linear),
    width: usize,
    tokens: usize,
}

impl Ast {
    pub(super) fn new(
        options: &AstOptions,
        input: InputShape,
        random: &mut Stream,
        on: &Device,
    ) -> Result<Self> {
        let AstOptions { classes, width, depth, heads, patch, stride, mlp_ratio } = *options;
        let all = [
            ("classes", classes),
            ("width", width),
            ("depth", depth),
            ("heads", heads),
            ("patch", patch),
            ("stride", stride),
            ("mlp_ratio", mlp_ratio),
        ];
        for (name, value) in all {
            in_range("model::ast", name, value)?;
        }
        if depth > DEEPEST || mlp_ratio > WIDEST_MLP {
            return Err(Error::new(Kind::Range, "model::ast", "the model would be too large")
                .expected(format!("'depth' {DEEPEST} and 'mlp_ratio' {WIDEST_MLP} at most"))
                .received(format!("depth {depth}, mlp_ratio {mlp_ratio}")));
        }
        if !width.is_multiple_of(heads) {
            return Err(Error::new(Kind::Range, "model::ast", "'heads' must divide 'width'")
                .received(format!("heads {heads}, width {width}")));
        }
        if input.mels < patch || input.frames < patch {
            return Err(Error::new(
                Kind::Shape,
                "model::ast",
                "the clips are smaller than a patch",
            )
            .expected(format!("at least {patch} frames and {patch} mels"))
            .received(format!("{} frames, {} mels", input.frames, input.mels)));
        }
        let along = |length: usize| (length - patch) / stride + 1;
        let tokens = along(input.mels) * along(input.frames);
        let steps = Conv2dOptions { stride: [stride, stride], ..Conv2dOptions::default() };
        let kernel = [patch, patch];
        let embedding = ConvOptions { inputs: 1, outputs: width, kernel, moves: steps, bias: true };
        let patch_embed = Conv::picture(&embedding, random, on)?;
        check_size("model::ast", &[tokens + 1, width])?;
        let positions =
            (0..(tokens + 1) * width).map(|_| (POSITION_STD * random.normal()) as f32).collect();
        let positions = Tensor::from_values(positions, &[1, tokens + 1, width], on)?;
        let cls = Tensor::from_values(vec![0.0; width], &[1, 1, width], on)?;
        let mlp_ratio = mlp_ratio as f64;
        let block = BlockOptions { width, heads, mlp_ratio, ..BlockOptions::default() };
        let blocks =
            (0..depth).map(|_| Block::new(&block, random, on)).collect::<Result<Vec<_>>>()?;
        Ok(Ast {
            cls_token: Parameter::new(cls, Role::Weight)?,
            pos_embed: Parameter::new(positions, Role::Weight)?,
            patch_embed,
            blocks,
            norm: LayerNorm::last(width, NORM_EPS, on)?,
            head: (
                LayerNorm::last(width, HEAD_EPS, on)?,
                Linear::plain(width, classes, random, on)?,
            ),
            width,
            tokens,
        })
    }
}

impl Network for Ast {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let batch = input.shape()[0];
        let (width, tokens) = (self.width as i64, self.tokens as i64);
        // Frequency-major: the patches of the lowest mels come first, as in AST.
        let patches = self
            .patch_embed
            .forward(&AsPicture.forward(input, mode)?, mode)?
            .reshape(&[batch as i64, width, tokens])?
            .transpose(1, 2)?;
        let cls = self.cls_token.get(mode).expand(&[batch, 1, self.width])?;
        let mut stream = Tensor::cat(&[cls, patches], 1)?.add(&self.pos_embed.get(mode))?;
        for block in &self.blocks {
            stream = block.forward(&stream, mode)?;
        }
        // Only the CLS token is looked at, and a layer norm looks at each token alone.
        let cls = stream.narrow(1, 0, 1)?.reshape(&[batch as i64, width])?;
        let cls = self.head.0.forward(&self.norm.forward(&cls, mode)?, mode)?;
        self.head.1.forward(&cls, mode)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        visit(scoped(scope, "cls_token"), &self.cls_token);
        visit(scoped(scope, "pos_embed"), &self.pos_embed);
        self.patch_embed.visit(&scoped(scope, "patch_embed.proj"), visit);
        for (index, block) in self.blocks.iter().enumerate() {
            block.visit(&scoped(scope, &format!("blocks.{index}")), visit);
        }
        self.norm.visit(&scoped(scope, "norm"), visit);
        self.head.0.visit(&scoped(scope, "head.0"), visit);
        self.head.1.visit(&scoped(scope, "head.1"), visit);
    }
}
