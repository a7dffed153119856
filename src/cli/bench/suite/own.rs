//! Our side of a case.

use super::cases::{Clips, Named, Work};
use crate::audio::{Extractor, FbankOptions, FeatureOptions, Samples};
use crate::augment::{FreqMask, TimeMask, TimeRoll};
use crate::data::{Caches, FrontEnd, Reach, Sampler, Teaching, esc50};
use crate::error::{Error, Kind, Result};
use crate::kd;
use crate::models::{InputShape, Model};
use crate::nn::{
    Activation, Attention, AttentionOptions, BatchNorm, BatchNormOptions, Conv, ConvOptions,
    LayerNorm, Linear, Mode, Network, SqueezeExcite, SqueezeExciteOptions,
};
use crate::optim::{OptimizerHandle, OptimizerOptions};
use crate::recipe::named_model;
use crate::tensor::random::Stream;
use crate::tensor::{Conv2dOptions, ConvPadding, Device, Tensor};
use crate::train::{
    Drill, Event, Features, Observer, Plain, Plan, Taps, TeacherModel, made_up_batch, train,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// Does the work once and gives its seconds.
pub(super) type Act = Box<dyn FnMut() -> Result<f64>>;

fn timed(mut act: impl FnMut() -> Result<()> + 'static) -> Act {
    Box::new(move || {
        let begun = Instant::now();
        act()?;
        Device::default().wait()?;
        Ok(begun.elapsed().as_secs_f64())
    })
}

pub(super) fn prepared(work: &Work) -> Result<Act> {
    match work {
        Work::Losses { input, both } => losses(input, *both),
        Work::Adam(clips) => adam(clips),
        Work::LogMel { samples, mels } => log_mel(*samples, *mels),
        Work::Forward(clips) => {
            let (model, input) = (built(&clips.model, clips)?, noise(&shape_of(clips))?);
            Ok(timed(move || model.forward(&input, Mode::Eval).map(drop)))
        }
        Work::TrainStep(clips) | Work::CmkdStep(clips) => {
            let model = built(&clips.model, clips)?;
            let teacher = clips.teacher.as_ref().map(|named| built(named, clips)).transpose()?;
            let shape = (input_of(clips), clips.classes);
            let (adam, device) = (OptimizerOptions::default(), Device::default());
            let mut drill =
                Drill::new(&model, teacher.as_ref(), adam, clips.batch, shape, &device)?;
            Ok(timed(move || drill.step().map(drop)))
        }
        Work::Epoch { clips, data, freq_mask, time_mask } => {
            epoch(clips, data, [*freq_mask, *time_mask])
        }
        _ => layer(work),
    }
}

fn noise(shape: &[usize]) -> Result<Tensor> {
    Tensor::normal(shape, &mut Stream::new(0, "noise of a benchmark", &[]), &Device::default())
}

fn input_of(clips: &Clips) -> InputShape {
    InputShape { frames: clips.frames, mels: clips.mels }
}

fn shape_of(clips: &Clips) -> [usize; 3] {
    [clips.batch, clips.frames, clips.mels]
}

/// The model of a case, by the name that recipes know.
fn built(named: &Named, clips: &Clips) -> Result<Model> {
    let mut options = vec![("classes", clips.classes.to_string())];
    if !named.channels.is_empty() {
        options.push(("channels", format!("{:?}", named.channels)));
    }
    if named.name == "ast" {
        let sizes = [("width", named.width), ("depth", named.depth), ("heads", named.heads)];
        options.extend(sizes.map(|(name, value)| (name, value.to_string())));
    }
    if named.stride > 0 {
        options.push(("stride", named.stride.to_string()));
    }
    let options: Vec<(String, String)> =
        options.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
    named_model(&named.name, &options)?.build(input_of(clips), 0, &Device::default())
}

type Of = Box<dyn Fn(&Tensor, Mode) -> Result<Tensor>>;

/// One layer, in evaluation, or with the backward pass from the sum of its output.
fn layer(work: &Work) -> Result<Act> {
    let on = &Device::default();
    let random = &mut Stream::new(0, "weights of a benchmark", &[]);
    let of = |network: Box<dyn Network>| -> Of {
        Box::new(move |input, mode| network.forward(input, mode))
    };
    let last = |input: &[usize]| input.last().copied().unwrap_or(1);
    let (input, both, act): (_, _, Of) = match work {
        Work::Linear { input, outputs, gelu, both } => {
            let linear = Linear::plain(last(input), *outputs, random, on)?;
            let gelu = *gelu;
            let act: Of = Box::new(move |input, mode| {
                let output = linear.forward(input, mode)?;
                if gelu { Activation::Gelu.of(&output) } else { Ok(output) }
            });
            (input, both, act)
        }
        Work::Attention { input, heads, both } => {
            let (width, heads) = (last(input), *heads);
            let options = AttentionOptions { width, heads, ..AttentionOptions::default() };
            (input, both, of(Box::new(Attention::new(&options, random, on)?)))
        }
        Work::LayerNorm { input, both } => {
            (input, both, of(Box::new(LayerNorm::last(last(input), 1e-6, on)?)))
        }
        Work::Softmax { input, both } => (input, both, Box::new(|input, _| input.softmax(-1))),
        Work::Activation { input, name, both } => {
            let act = match name.as_str() {
                "gelu" => Activation::Gelu,
                "silu" => Activation::Silu,
                _ => Activation::Relu,
            };
            (input, both, Box::new(move |input, _| act.of(input)))
        }
        Work::BatchNorm { input, both } => {
            let options = BatchNormOptions { channels: input[1], ..BatchNormOptions::default() };
            (input, both, of(Box::new(BatchNorm::picture(&options, on)?)))
        }
        Work::MeanPool { input, both } => (input, both, Box::new(|input, _| input.avg_pool2d(2))),
        Work::Conv { input, outputs, kernel, stride, groups, both } => {
            let moves = Conv2dOptions {
                stride: [*stride; 2],
                padding: ConvPadding::Zeros([*kernel / 2; 2]),
                groups: *groups,
                ..Conv2dOptions::default()
            };
            let (inputs, outputs, kernel) = (input[1], *outputs, [*kernel; 2]);
            let options = ConvOptions { inputs, outputs, kernel, moves, bias: false };
            (input, both, of(Box::new(Conv::picture(&options, random, on)?)))
        }
        Work::SqueezeExcite { input, reduced, both } => {
            let options = SqueezeExciteOptions {
                channels: input[1],
                reduced: *reduced,
                activation: Activation::Silu,
                ..SqueezeExciteOptions::default()
            };
            (input, both, of(Box::new(SqueezeExcite::new(&options, random, on)?)))
        }
        _ => return Err(Error::new(Kind::Internal, "still bench", "this is no layer")),
    };
    let input = noise(input)?;
    Ok(match both {
        false => timed(move || act(&input, Mode::Eval).map(drop)),
        true => timed(move || {
            let leaf = input.tracked()?;
            act(&leaf, Mode::Train)?.sum()?.backward().map(drop)
        }),
    })
}

fn losses(shape: &[usize], both: bool) -> Result<Act> {
    let on = Device::default();
    let (rows, classes) = (shape[0], shape[1]);
    let mut random = Stream::new(1, "noise of a benchmark", &[]);
    let (student, teacher) = (noise(shape)?, Tensor::normal(shape, &mut random, &on)?);
    let label = |index: usize| f32::from(u8::from((index / classes) % classes == index % classes));
    let target = Tensor::from_values((0..rows * classes).map(label).collect(), shape, &on)?;
    Ok(timed(move || {
        if !both {
            return kd::cmkd(&student, &teacher, &target, 0.5, 1.0).map(drop);
        }
        let leaf = student.tracked()?;
        kd::cmkd(&leaf, &teacher, &target, 0.5, 1.0)?.backward().map(drop)
    }))
}

/// The optimiser's step alone, with the gradients of one backward pass.
fn adam(clips: &Clips) -> Result<Act> {
    let model = built(&clips.model, clips)?;
    let parameters = model.net().unique_parameters();
    let batch = made_up_batch(2, input_of(clips), clips.classes, &Device::default())?;
    let logits = model.forward(&batch.input, Mode::Train)?;
    let gradients = kd::cross_entropy(&logits, &batch.target)?.backward()?;
    let optimizer = OptimizerHandle::new(OptimizerOptions::default())?;
    let leaves: Vec<_> = parameters.iter().map(|(_, own)| own.present()).collect();
    Ok(timed(move || {
        optimizer.step(&parameters, &gradients, None)?;
        // The same gradients serve the next step.
        parameters.iter().zip(&leaves).for_each(|((_, own), leaf)| own.remember(leaf.clone()));
        Ok(())
    }))
}

fn log_mel(samples: usize, mels: usize) -> Result<Act> {
    let rate_hz = 16_000;
    let options = FeatureOptions::Fbank(FbankOptions { mels, ..FbankOptions::default() });
    let extractor = Extractor::new(&options, rate_hz)?;
    let mut random = Stream::new(0, "a clip of a benchmark", &[]);
    let values = (0..samples).map(|_| (0.1 * random.normal()) as f32).collect();
    let clip = Samples { rate_hz, values };
    Ok(timed(move || extractor.compute(&clip, None).map(drop)))
}

/// Training clips of an epoch, and their rate.
#[derive(Default)]
struct Rate {
    seconds: f64,
}

impl Observer for Rate {
    fn observe(&mut self, event: &Event) -> Result<()> {
        if let Event::Epoch { reading, .. } = event {
            self.seconds = 1.0 / reading.clips_per_second.max(1e-9);
        }
        Ok(())
    }
}

/// An epoch's steps, its data included; the evaluation after it does not count.
fn epoch(clips: &Clips, data: &Path, [freq_mask, time_mask]: [usize; 2]) -> Result<Act> {
    let caches = Arc::new(Caches::none());
    let dataset = Arc::new(esc50(data, &Default::default(), &Reach::anywhere(&caches.files))?);
    let mels = FbankOptions { mels: clips.mels, ..FbankOptions::default() };
    let front = FrontEnd::of(FeatureOptions::Fbank(mels));
    let features = Features::of(&dataset, &front, &caches)?;
    let count = features.train.len() as f64;
    let model = built(&clips.model, clips)?;
    let teacher = clips.teacher.as_ref().map(|named| built(named, clips)).transpose()?;
    let teacher = teacher.map(|model| TeacherModel {
        name: "teacher".into(),
        key: String::new(),
        model,
        features: None,
    });
    let plan = Plan {
        name: "epoch".into(),
        identity: String::new(),
        spec: model.spec().clone(),
        teacher,
        own: None,
        parts: Vec::new(),
        taps: Taps::default(),
        features,
        chain: vec![
            Arc::new(TimeRoll { frames: None }),
            Arc::new(FreqMask::new(freq_mask)),
            Arc::new(TimeMask::new(time_mask)),
        ],
        sampler: Sampler::default(),
        teaching: Teaching::default(),
        batch: clips.batch,
        average: None,
        answers: None,
        epochs: 1,
        optimizer: OptimizerOptions::default(),
        seed: 0,
        workers: 2,
        device: Device::default(),
    };
    Ok(Box::new(move || {
        let mut rate = Rate::default();
        train(&plan, None, &mut Plain, &mut rate, &AtomicBool::new(false))?;
        Ok(rate.seconds * count)
    }))
}
