//! Transformers over patches of a spectrogram: `model::ast_tiny`, `ast_small`, `ast_base` (Gong et al. 2021, on
//! DeiT's distilled form), `model::vit_tiny` and so on (timm's plain form), and the small `model::ast`.

use super::InputShape;
use super::layers::{Layers, Start, sequential};
use crate::error::{Error, Kind, Result};
use crate::nn::{
    AsPicture, Block, BlockOptions, Composite, ConvOptions, Mode, Net, Network, Parameter, Parts,
    Role, init, pass,
};
use crate::tensor::{Conv2dOptions, Device, Tensor, check_size, words};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What stands around the blocks, and what the parameters are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VitForm {
    /// A CLS token, a layer norm and a linear layer: `cls_token`, `pos_embed`, `patch_embed.proj`, `blocks`, `norm`,
    /// `head.0`, `head.1`.
    Small,
    /// timm's `VisionTransformer`: a CLS token and a linear layer, `head`.
    Vit,
    /// AST's: a CLS and a distillation token, whose mean is normalised and classified; all is called `v.…` but for
    /// `mlp_head.0` and `mlp_head.1`.
    Ast,
}

/// What is left out of the patches in training, the same for all clips of a batch (Koutini et al. 2022, PaSST).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patchout {
    /// Rows of patches, which share their frequencies.
    pub frequency: usize,
    /// Columns of patches, which share their frames.
    pub time: usize,
    /// Patches anywhere, of those that are left.
    pub anywhere: usize,
}

/// The options of the transformers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VitOptions {
    /// Its name in results: `ast_tiny`.
    pub name: String,
    /// What stands around the blocks.
    pub form: VitForm,
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
    /// Distance of two patches: `[mels, frames]`.
    pub stride: [usize; 2],
    /// The MLP's inner width as a multiple of the width.
    pub mlp_ratio: usize,
    /// eps of the layer norms, but for that of the head.
    pub eps: f64,
    /// eps of the head's layer norm; the plain form has none.
    #[serde(default = "head_eps")]
    pub head_eps: f64,
    /// The share of samples that skip the last block's branches in training; it rises from 0 with the blocks.
    pub drop_path: f64,
    /// What is left out of the patches in training.
    pub patchout: Patchout,
}

/// PyTorch's default, as AST's `mlp_head` has it.
fn head_eps() -> f64 {
    1e-5
}

/// Deviation of positions, tokens and linear layers at the start.
const STD: f64 = 0.02;

impl VitOptions {
    /// The small transformer of the quickstart.
    pub fn small() -> Self {
        VitOptions { stride: [10, 10], ..VitOptions::sized("ast", VitForm::Small, 192) }
    }

    /// AST: `width` 192 (tiny), 384 (small) or 768 (base).
    pub fn ast(name: &str, width: usize) -> Self {
        VitOptions { stride: [10, 10], ..VitOptions::sized(name, VitForm::Ast, width) }
    }

    /// A plain vision transformer of a width; patches that do not overlap.
    pub fn vit(name: &str, width: usize) -> Self {
        VitOptions::sized(name, VitForm::Vit, width)
    }

    fn sized(name: &str, form: VitForm, width: usize) -> Self {
        VitOptions {
            name: name.to_string(),
            form,
            classes: 0,
            width,
            depth: 12,
            heads: width / 64,
            patch: 16,
            stride: [16, 16],
            mlp_ratio: 4,
            eps: 1e-6,
            head_eps: head_eps(),
            drop_path: 0.0,
            patchout: Patchout::default(),
        }
    }

    /// Refuses clips that no patch fits in, and to leave all patches out.
    fn check_input(&self, operation: &str, input: InputShape) -> Result<()> {
        let patch = self.patch;
        if input.mels < patch || input.frames < patch {
            return Err(Error::new(Kind::Shape, operation, "the clips are smaller than a patch")
                .expected(format!("at least {patch} frames and {patch} mels"))
                .received(format!("{} frames, {} mels", input.frames, input.mels)));
        }
        let ([rows, columns], out) = (self.grid(input), self.patchout);
        let left = rows.saturating_sub(out.frequency) * columns.saturating_sub(out.time);
        if left <= out.anywhere {
            return Err(Error::new(Kind::Range, operation, "'patchout' would leave no patch")
                .expected(format!("less than the {rows} rows and {columns} columns of patches"))
                .received(format!(
                    "patchout_f {}, patchout_t {}, patchout {}",
                    out.frequency, out.time, out.anywhere
                )));
        }
        Ok(())
    }

    /// Patches along frequency and along time.
    pub fn grid(&self, input: InputShape) -> [usize; 2] {
        let along = |length: usize, stride: usize| (length - self.patch) / stride + 1;
        [along(input.mels, self.stride[0]), along(input.frames, self.stride[1])]
    }

    /// Tokens beside the patches.
    pub fn extra_tokens(&self) -> usize {
        if self.form == VitForm::Ast { 2 } else { 1 }
    }
}

pub(super) fn build(
    options: &VitOptions,
    input: InputShape,
    layers: &mut Layers,
) -> Result<Arc<dyn Network>> {
    let operation = format!("model::{}", options.name);
    options.check_input(&operation, input)?;
    let extra = options.extra_tokens();
    let body = body(&operation, options, input, layers)?;
    let width = options.width as i64;
    match options.form {
        VitForm::Ast => {
            let body = Composite::new(body.parts, body.forward);
            let body = body_with(body, body_tokens(options, input, layers)?)?.net("vit");
            let parts = vec![("v", body), ("mlp_head", mlp_head(options, layers)?)];
            let forward = move |parts: &Parts, input: &Tensor| {
                let tokens = parts.go("v", input)?.narrow(1, 0, extra)?;
                parts.go("mlp_head", &tokens.mean_dims(&[1], false)?)
            };
            Ok(Arc::new(Composite::new(parts, forward).with_grid(options.grid(input))))
        }
        VitForm::Small | VitForm::Vit => {
            let mut parts = body.parts;
            let head = match options.form {
                VitForm::Vit => {
                    layers.linear(options.width, options.classes, Start::Truncated(STD))?
                }
                _ => mlp_head(options, layers)?,
            };
            parts.push(("head", head));
            let tokens = body.forward;
            let forward = move |parts: &Parts, input: &Tensor| {
                let cls = tokens(parts, input)?.narrow(1, 0, 1)?.reshape(&[-1, width])?;
                parts.go("head", &cls)
            };
            let own = body_tokens(options, input, layers)?;
            let made = body_with(Composite::new(parts, forward), own)?;
            Ok(Arc::new(made.with_grid(options.grid(input))))
        }
    }
}

type Forward = Box<dyn Fn(&Parts, &Tensor) -> Result<Tensor> + Send + Sync>;

/// Everything from the patches to the last norm.
struct Body {
    parts: Vec<(&'static str, Net)>,
    /// `[batch, token, width]`.
    forward: Forward,
}

fn body(
    operation: &str,
    options: &VitOptions,
    input: InputShape,
    layers: &mut Layers,
) -> Result<Body> {
    let VitOptions { width, depth, heads, patch, stride, eps, .. } = *options;
    let [rows, columns] = options.grid(input);
    check_size(operation, &[rows * columns + options.extra_tokens(), width])?;
    let moves = Conv2dOptions { stride, ..Conv2dOptions::default() };
    let kernel = [patch, patch];
    let proj = ConvOptions { inputs: 1, outputs: width, kernel, moves, bias: true };
    let proj = vec![("proj", layers.conv(proj, Start::Torch)?)];
    let as_tokens = |parts: &Parts, picture: &Tensor| {
        // Frequency-major: the patches of the lowest mels come first, as in AST.
        parts.go("proj", picture)?.flatten(2, 3)?.transpose(1, 2)
    };
    let start = if options.form == VitForm::Small { Start::Torch } else { Start::Truncated(STD) };
    let mut blocks = Vec::new();
    for index in 0..depth {
        let drop_path = match depth {
            1 => 0.0,
            _ => options.drop_path * index as f64 / (depth - 1) as f64,
        };
        let mlp_ratio = options.mlp_ratio as f64;
        let block =
            BlockOptions { width, heads, mlp_ratio, eps, drop_path, ..BlockOptions::default() };
        let block = layers.drawn("transformer_block", block, Block::new)?;
        blocks.push((index.to_string(), layers.started(block, start, 1)?));
    }
    let parts = vec![
        ("patch_embed", Composite::new(proj, as_tokens).net("patch_embed")),
        ("blocks", sequential(blocks)),
        ("norm", layers.layer_norm(width, eps)?),
    ];
    let (out, extra) = (options.patchout, options.extra_tokens());
    let distilled = options.form == VitForm::Ast;
    let operation = operation.to_string();
    let forward = move |parts: &Parts, input: &Tensor| {
        let picture = AsPicture.forward(input, parts.mode())?;
        let positions = parts.parameter("pos_embed")?;
        let patches = parts.go("patch_embed", &picture)?;
        let count = patches.shape()[1];
        if count != rows * columns {
            return Err(Error::new(
                Kind::Shape,
                &operation,
                "the clips have another number of patches than there are positions",
            )
            .expected(format!("{rows} rows of frequency and {columns} columns of time"))
            .received(format!("{count} patches of a clip {}", words(&input.shape()[1..]))));
        }
        let patches = patches.add(&positions.narrow(1, extra, count)?)?;
        let patches = thinned(&patches, [rows, columns], out, parts.mode())?;
        let (batch, first) = (patches.shape()[0], positions.narrow(1, 0, extra)?);
        let mut tokens = parts.parameter("cls_token")?;
        if distilled {
            tokens = Tensor::cat(&[tokens, parts.parameter("dist_token")?], 1)?;
        }
        let tokens = tokens.add(&first)?.expand(&[batch, extra, width])?;
        parts.through(&["blocks", "norm"], &Tensor::cat(&[tokens, patches], 1)?)
    };
    Ok(Body { parts, forward: Box::new(forward) })
}

/// The tokens and positions, in timm's order.
fn body_tokens(
    options: &VitOptions,
    input: InputShape,
    layers: &mut Layers,
) -> Result<Vec<(&'static str, Parameter)>> {
    let [rows, columns] = options.grid(input);
    let (width, extra) = (options.width, options.extra_tokens());
    let mut drawn = |shape: &[usize]| -> Result<Parameter> {
        let options = init::TruncNormalOptions { std: STD, ..init::TruncNormalOptions::default() };
        Parameter::new(init::trunc_normal(shape, options, layers.random, layers.on)?, Role::Weight)
    };
    let positions = drawn(&[1, rows * columns + extra, width])?;
    let mut all = vec![("cls_token", drawn(&[1, 1, width])?)];
    if options.form == VitForm::Ast {
        all.push(("dist_token", drawn(&[1, 1, width])?));
    }
    all.push(("pos_embed", positions));
    Ok(all)
}

fn body_with(made: Composite, own: Vec<(&'static str, Parameter)>) -> Result<Composite> {
    Ok(own.into_iter().fold(made, |made, (name, parameter)| made.with(name, parameter)))
}

/// A layer norm and a linear layer.
fn mlp_head(options: &VitOptions, layers: &mut Layers) -> Result<Net> {
    let start = if options.form == VitForm::Small { Start::Torch } else { Start::Truncated(STD) };
    let norm = layers.layer_norm(options.width, options.head_eps)?;
    let linear = layers.linear(options.width, options.classes, start)?;
    let parts = vec![("0".to_string(), norm), ("1".to_string(), linear)];
    Ok(sequential(parts))
}

/// `[batch, row · column, width]` without the patches that patchout takes in training.
fn thinned(
    patches: &Tensor,
    [rows, columns]: [usize; 2],
    out: Patchout,
    mode: Mode,
) -> Result<Tensor> {
    if mode != Mode::Train || out == Patchout::default() {
        return Ok(patches.clone());
    }
    let mut random = pass::draw("patchout");
    let mut kept = |all: usize, out: usize| {
        let mut order = random.permutation(all);
        order.truncate(all - out);
        order.sort_unstable();
        order
    };
    let (rows, times) = (kept(rows, out.frequency), kept(columns, out.time));
    let all = rows.iter().flat_map(|row| times.iter().map(move |time| row * columns + time));
    let all: Vec<usize> = all.collect();
    let chosen = kept(all.len(), out.anywhere).into_iter().map(|index| all[index] as i64);
    let chosen: Vec<i64> = chosen.collect();
    let count = chosen.len();
    patches.index_select(1, &Tensor::from_integers(chosen, &[count], &Device::default())?)
}
