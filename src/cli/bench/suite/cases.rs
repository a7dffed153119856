//! What the suite measures: each case is data that both sides understand.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Clips of the suite: CMKD's mels, and about five seconds.
const MELS: usize = 128;
const FRAMES: usize = 512;
/// Clips of the operations' batches.
const BATCH: usize = 8;
/// Classes of ESC-50.
const CLASSES: usize = 50;
/// Tokens of AST-tiny at these clips: 12 rows and 50 columns of patches, and two more.
const TOKENS: usize = 602;
const WIDTH: usize = 192;
const HEADS: usize = 3;

/// A model that both sides can build.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Named {
    pub name: String,
    #[serde(default)]
    pub channels: Vec<usize>,
    #[serde(default)]
    pub width: usize,
    #[serde(default)]
    pub depth: usize,
    #[serde(default)]
    pub heads: usize,
    #[serde(default)]
    pub stride: usize,
}

/// One piece of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(crate) enum Work {
    Linear {
        input: Vec<usize>,
        outputs: usize,
        gelu: bool,
        both: bool,
    },
    Attention {
        input: Vec<usize>,
        heads: usize,
        both: bool,
    },
    LayerNorm {
        input: Vec<usize>,
        both: bool,
    },
    Softmax {
        input: Vec<usize>,
        both: bool,
    },
    Activation {
        input: Vec<usize>,
        name: String,
        both: bool,
    },
    BatchNorm {
        input: Vec<usize>,
        both: bool,
    },
    MeanPool {
        input: Vec<usize>,
        both: bool,
    },
    Conv {
        input: Vec<usize>,
        outputs: usize,
        kernel: usize,
        stride: usize,
        groups: usize,
        both: bool,
    },
    SqueezeExcite {
        input: Vec<usize>,
        reduced: usize,
        both: bool,
    },
    Losses {
        input: Vec<usize>,
        both: bool,
    },
    Adam(Clips),
    LogMel {
        samples: usize,
        mels: usize,
    },
    Forward(Clips),
    TrainStep(Clips),
    CmkdStep(Clips),
    Epoch {
        #[serde(flatten)]
        clips: Clips,
        data: PathBuf,
        freq_mask: usize,
        time_mask: usize,
    },
}

/// A model and what it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Clips {
    pub model: Named,
    #[serde(default)]
    pub teacher: Option<Named>,
    pub batch: usize,
    pub frames: usize,
    pub mels: usize,
    pub classes: usize,
}

/// A piece of work with its words.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub name: String,
    pub shape: String,
    pub pass: &'static str,
    pub work: Work,
    /// Whether its memory is measured, too.
    pub whole: bool,
}

pub(super) const FORWARD: &str = "forward";
pub(super) const BOTH: &str = "forward + backward";

/// The small convolutional network of the yardstick.
fn cnn() -> Named {
    Named { name: "cnn".into(), channels: vec![16, 32, 64, 128], ..Named::default() }
}

/// The small transformer of the yardstick.
fn ast() -> Named {
    Named { name: "ast".into(), width: 96, depth: 4, heads: 3, stride: 16, ..Named::default() }
}

pub(crate) fn ast_tiny() -> Named {
    let (width, depth, heads, stride) = (WIDTH, 12, HEADS, 10);
    Named { name: "ast_tiny".into(), width, depth, heads, stride, ..Named::default() }
}

pub(crate) fn named(name: &str) -> Named {
    Named { name: name.into(), ..Named::default() }
}

pub(crate) fn clips(model: Named, batch: usize, frames: usize) -> Clips {
    Clips { model, teacher: None, batch, frames, mels: MELS, classes: CLASSES }
}

/// `[8, 602, 192]`.
fn words(shape: &[usize]) -> String {
    crate::tensor::words(shape)
}

/// An operation forward, and forward with its backward pass.
fn pair(name: &str, shape: String, work: impl Fn(bool) -> Work) -> Vec<Case> {
    let case = |both: bool| Case {
        name: name.into(),
        shape: shape.clone(),
        pass: if both { BOTH } else { FORWARD },
        work: work(both),
        whole: false,
    };
    vec![case(false), case(true)]
}

/// Operations at the shapes of AST-tiny, EfficientNet-B0 and `cnn`, batches of 8.
pub(super) fn operations() -> Vec<Case> {
    let tokens = vec![BATCH, TOKENS, WIDTH];
    let mut all = Vec::new();
    for (outputs, gelu) in [(3 * WIDTH, false), (4 * WIDTH, true), (WIDTH, false)] {
        let inputs = if outputs == WIDTH { 4 * WIDTH } else { WIDTH };
        let input = vec![BATCH, TOKENS, inputs];
        let name = if gelu { "linear + GELU" } else { "linear" };
        all.extend(pair(name, format!("{} → {outputs}", words(&input)), |both| Work::Linear {
            input: input.clone(),
            outputs,
            gelu,
            both,
        }));
    }
    all.extend(pair("attention", format!("{}, {HEADS} heads", words(&tokens)), |both| {
        Work::Attention { input: tokens.clone(), heads: HEADS, both }
    }));
    all.extend(pair("layer norm", words(&tokens), |both| Work::LayerNorm {
        input: tokens.clone(),
        both,
    }));
    let scores = vec![BATCH, HEADS, TOKENS, TOKENS];
    all.extend(pair("softmax", words(&scores), |both| Work::Softmax {
        input: scores.clone(),
        both,
    }));
    let wide = vec![BATCH, TOKENS, 4 * WIDTH];
    let expanded = vec![BATCH, 96, 64, 256];
    let pictures = vec![BATCH, 16, 128, 512];
    for (name, word, input) in
        [("GELU", "gelu", &wide), ("SiLU", "silu", &expanded), ("ReLU", "relu", &pictures)]
    {
        all.extend(pair(name, words(input), |both| Work::Activation {
            input: input.clone(),
            name: word.into(),
            both,
        }));
    }
    for input in [expanded.clone(), vec![BATCH, 240, 16, 64]] {
        all.extend(pair("batch norm", words(&input), |both| Work::BatchNorm {
            input: input.clone(),
            both,
        }));
    }
    all.extend(pair("mean pool 2×2", words(&pictures), |both| Work::MeanPool {
        input: pictures.clone(),
        both,
    }));
    // Channels, height, width, outputs, kernel, stride; a depthwise one has as many groups as channels.
    let depthwise = [
        (32, 64, 256, 3, 1),
        (96, 64, 256, 3, 2),
        (144, 32, 128, 5, 2),
        (240, 16, 64, 3, 2),
        (672, 8, 32, 5, 1),
    ];
    for (channels, height, width, kernel, stride) in depthwise {
        let input = [channels, height, width];
        all.extend(conv("depthwise", input, channels, [kernel, stride, channels]));
    }
    for (channels, height, width, outputs) in
        [(16, 64, 256, 96), (144, 32, 128, 24), (672, 8, 32, 112)]
    {
        all.extend(conv("pointwise", [channels, height, width], outputs, [1, 1, 1]));
    }
    for (channels, height, width, outputs, stride) in
        [(1, 128, 512, 32, 2), (16, 128, 512, 16, 1), (32, 32, 128, 64, 1), (128, 16, 64, 128, 1)]
    {
        all.extend(conv("conv", [channels, height, width], outputs, [3, stride, 1]));
    }
    let gated = vec![BATCH, 240, 16, 64];
    all.extend(pair("squeeze-excite", format!("{} by 10", words(&gated)), |both| {
        Work::SqueezeExcite { input: gated.clone(), reduced: 10, both }
    }));
    let logits = vec![32, 527];
    all.extend(pair("cross entropy + KL", words(&logits), |both| Work::Losses {
        input: logits.clone(),
        both,
    }));
    for model in [named("efficientnet_b0"), ast_tiny()] {
        all.push(Case {
            name: "Adam".into(),
            shape: model.name.clone(),
            pass: "step",
            work: Work::Adam(clips(model, 2, FRAMES)),
            whole: false,
        });
    }
    let (samples, mels) = (160_000, MELS);
    all.push(Case {
        name: "log-mel".into(),
        shape: "10 s, 128 mels".into(),
        pass: FORWARD,
        work: Work::LogMel { samples, mels },
        whole: false,
    });
    all
}

fn conv(
    name: &str,
    [channels, height, width]: [usize; 3],
    outputs: usize,
    [kernel, stride, groups]: [usize; 3],
) -> Vec<Case> {
    let input = vec![BATCH, channels, height, width];
    let name = format!("{name} {kernel}×{kernel}");
    let shape = format!("{} → {outputs}, stride {stride}", words(&input));
    pair(&name, shape, |both| Work::Conv {
        input: input.clone(),
        outputs,
        kernel,
        stride,
        groups,
        both,
    })
}

/// The five models, each with a teacher of the other sort.
fn models() -> Vec<(Named, Named)> {
    let (b0, b2) = (named("efficientnet_b0"), named("efficientnet_b2"));
    vec![
        (cnn(), ast()),
        (ast(), cnn()),
        (b0, ast_tiny()),
        (b2.clone(), ast_tiny()),
        (ast_tiny(), b2),
    ]
}

/// Whole passes and steps of the five models; with batches of 8 only where it has to be quick.
pub(super) fn wholes(quick: bool) -> Vec<Case> {
    let batches: &[usize] = if quick { &[8] } else { &[8, 32] };
    let mut all = Vec::new();
    for (model, teacher) in models() {
        for batch in batches {
            let shown = clips(model.clone(), *batch, FRAMES);
            let taught = Clips { teacher: Some(teacher.clone()), ..shown.clone() };
            let passes = [
                (FORWARD, Work::Forward(shown.clone())),
                ("train step", Work::TrainStep(shown)),
                ("CMKD step", Work::CmkdStep(taught)),
            ];
            all.extend(passes.map(|(pass, work)| Case {
                name: model.name.clone(),
                shape: match &work {
                    Work::CmkdStep(_) => format!("batch {batch}, taught by {}", teacher.name),
                    _ => format!("batch {batch}"),
                },
                pass,
                work,
                whole: true,
            }));
        }
    }
    all
}

/// An epoch of the quickstart's last stage, with its data, features that are there already.
pub(super) fn epoch(data: PathBuf) -> Case {
    let teacher = Named { name: "cnn".into(), channels: vec![8, 16, 32], ..Named::default() };
    let model =
        Named { name: "ast".into(), width: 64, depth: 2, heads: 4, stride: 10, ..Named::default() };
    // Of 1.5 s, at 10 ms.
    let clips =
        Clips { model, teacher: Some(teacher), batch: 16, frames: 148, mels: 64, classes: 10 };
    Case {
        name: "the quickstart's ast".into(),
        shape: "400 clips, taught by cnn".into(),
        pass: "epoch",
        work: Work::Epoch { clips, data, freq_mask: 8, time_mask: 16 },
        whole: true,
    }
}
