//! The keys of options maps: the one list of them, which bindings read their maps by, and which editors and the check
//! ask.

use super::audio::OF_FRONT_ENDS;
use super::catalogue::Catalogue;
use super::{Hook, stage};
use crate::audio::{FbankOptions, MelOptions, MfccOptions, SpectrogramOptions};
use crate::train::StageKind;

/// A key of an options map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionKey {
    /// The key.
    pub name: &'static str,
    /// Its meaning and default as the function's doc comment has it; empty where it says nothing.
    pub about: String,
}

/// A group of keys that several functions share.
type Keys = &'static [&'static str];

const OF_FILTERS: Keys = &["q"];
const OF_MASKS: Keys = &["count", "fill"];
const OF_MIXES: Keys = &["alpha"];
const REDUCTION: Keys = &["reduction"];
const OF_OPTIMIZERS: Keys =
    &["lr", "weight_decay", "clip_norm", "clip_value", "accumulate", "groups", "decay_norms"];
const OF_ADAM: Keys = &["betas", "eps", "amsgrad"];
const OF_MAXIMA: Keys = &["stride", "padding", "dilation", "ceil_mode"];
const OF_MEANS: Keys = &["stride", "padding", "count_include_pad", "ceil_mode"];
const OF_CONVOLUTIONS: Keys = &["bias", "stride", "padding", "dilation", "groups"];
const OF_TRANSPOSES: Keys = &["bias", "stride", "padding", "output_padding", "dilation", "groups"];
const OF_CONVOLUTION_LAYERS: Keys = &["stride", "padding", "dilation", "groups", "bias"];
const OF_TRANSPOSE_LAYERS: Keys =
    &["stride", "padding", "output_padding", "dilation", "groups", "bias"];
const OF_BATCH_NORMS: Keys = &["eps", "momentum", "affine", "track_running_stats"];
const OF_RECURRENT: Keys = &["layers", "bidirectional", "bias", "dropout"];
const OF_GAINS: Keys = &["gain", "nonlinearity", "slope"];
const OF_BLOCKS: Keys = &[
    "mlp_ratio",
    "qkv_bias",
    "qk_norm",
    "activation",
    "eps",
    "attn_drop",
    "drop",
    "drop_path",
    "init_values",
];
const OF_EFFICIENTNETS: Keys =
    &["classes", "padding", "eps", "momentum", "drop_path", "dropout", "head", "attention_heads"];
const OF_CNNS: Keys = &["eps", "momentum", "dropout", "head", "attention_heads"];
const OF_PANNS: Keys = &["block_dropout", "dropout", "eps", "momentum"];
const OF_TRANSFORMERS: Keys = &[
    "fstride",
    "tstride",
    "stride",
    "patch",
    "width",
    "depth",
    "heads",
    "mlp_ratio",
    "eps",
    "drop_path",
    "patchout_f",
    "patchout_t",
    "patchout",
];
const OF_CYCLES: Keys =
    &["pct_start", "anneal_strategy", "div_factor", "final_div_factor", "three_phase"];
const OF_BATCHES: Keys = &["features", "augment", "batch", "seed", "epoch", "split", "sampler"];
/// Of all models: weights that they begin with.
const OF_MODELS: Keys = &["classes", "pretrained"];
const OF_WEIGHTS: Keys = &["map", "strict", "allow", "head", "stem", "grid"];
/// Of all readers of data sets.
const OF_READERS: Keys = &["per_class", "on_bad"];
const OF_FOLDS: Keys = &["fold", "validation_fold"];
const OF_RESAMPLES: Keys = &["resamples", "level", "seed"];
const OF_PROBABILITIES: Keys = &["logits", "multi"];
const OF_METRICS: Keys = &["k", "average", "missing", "threshold", "bins"];
const OF_DRAWS: Keys = &["seed", "stratified", "by_group"];
const OF_TABLES: Keys = &[
    "file",
    "label",
    "labels",
    "label_separator",
    "classes",
    "audio",
    "ending",
    "split",
    "splits",
    "fold_column",
    "id",
    "group",
    "start",
    "end",
    "separator",
];

/// Every operation with its groups of keys. A path in the manner of `optim::muon.adamw` means the map under that key.
const TABLE: &[(&str, &[Keys])] = &[
    ("audio::fbank", &[&FbankOptions::NAMES, OF_FRONT_ENDS]),
    ("audio::load", &[&["channel", "start", "length", "rate_hz"]]),
    ("audio::mel_spectrogram", &[&MelOptions::NAMES, &SpectrogramOptions::NAMES, OF_FRONT_ENDS]),
    (
        "audio::mfcc",
        &[
            &MfccOptions::NAMES,
            &FbankOptions::NAMES,
            &MelOptions::NAMES,
            &SpectrogramOptions::NAMES,
            OF_FRONT_ENDS,
        ],
    ),
    ("audio::spectrogram", &[&SpectrogramOptions::NAMES, OF_FRONT_ENDS]),
    ("augment::cutmix", &[OF_MIXES]),
    ("augment::filter_augment", &[&["shape", "gain_db", "bands", "least_bins"]]),
    ("augment::freq_mask", &[OF_MASKS]),
    ("augment::freq_mixstyle", &[OF_MIXES]),
    ("augment::highpass", &[OF_FILTERS]),
    ("augment::impulse_response", &[&["normalize"]]),
    ("augment::lowpass", &[OF_FILTERS]),
    ("augment::mixup", &[OF_MIXES]),
    ("augment::noise", &[&["color", "files"]]),
    ("augment::resized_crop", &[&["canvas", "freq", "time"]]),
    ("augment::shift", &[&["fill"]]),
    ("augment::speed", &[&["length"]]),
    ("augment::time_mask", &[OF_MASKS]),
    ("augment::wave_mixup", &[OF_MIXES]),
    ("batches", &[OF_BATCHES]),
    ("dataset::audioset", &[&["train", "audio", "strong", "propagate"], OF_READERS]),
    ("dataset::csv", &[OF_TABLES, OF_FOLDS, OF_READERS]),
    ("dataset::esc50", &[OF_FOLDS, &["esc10"], OF_READERS]),
    ("dataset::folders", &[OF_READERS]),
    ("dataset::fsd50k", &[OF_READERS]),
    (
        "dataset::json",
        &[&["train", "validation", "test", "labels", "labelling", "audio"], OF_READERS],
    ),
    ("dataset::speech_commands", &[OF_READERS]),
    ("dataset::urbansound8k", &[OF_FOLDS, OF_READERS]),
    ("fold", &[&["validation_fold"]]),
    ("k_fold", &[&["validation_fold"], OF_DRAWS]),
    ("split", &[&["validation", "test"], OF_DRAWS]),
    ("subset", &[OF_DRAWS]),
    ("windows", &[&["seconds", "hop_seconds"]]),
    // Metrics.
    ("metrics::accuracy", &[]),
    ("metrics::agreement", &[&["multi"]]),
    ("metrics::average_precision", &[&["average", "missing"]]),
    ("metrics::bootstrap", &[OF_RESAMPLES, OF_METRICS, OF_PROBABILITIES]),
    ("metrics::brier", &[OF_PROBABILITIES]),
    ("metrics::compare", &[OF_RESAMPLES, OF_METRICS, OF_PROBABILITIES]),
    ("metrics::confusion", &[&["normalise"]]),
    ("metrics::d_prime", &[]),
    ("metrics::ece", &[OF_PROBABILITIES, &["bins"]]),
    ("metrics::interval", &[OF_RESAMPLES]),
    ("metrics::lwlrap", &[]),
    ("metrics::per_class", &[&["threshold", "names"]]),
    ("metrics::precision_recall_f1", &[&["threshold", "average", "missing"]]),
    ("metrics::report", &[OF_PROBABILITIES, OF_RESAMPLES]),
    ("metrics::roc_auc", &[&["average", "missing"]]),
    ("metrics::sign_flip", &[&["resamples", "seed"]]),
    ("metrics::top_k", &[&["k"]]),
    ("model::ast", &[OF_MODELS, OF_TRANSFORMERS, &["head_eps"]]),
    ("model::ast_tiny", &[OF_MODELS, OF_TRANSFORMERS, &["head_eps"]]),
    ("model::ast_small", &[OF_MODELS, OF_TRANSFORMERS, &["head_eps"]]),
    ("model::ast_base", &[OF_MODELS, OF_TRANSFORMERS, &["head_eps"]]),
    ("model::cnn", &[OF_MODELS, &["channels"]]),
    ("model::cnn6", &[OF_MODELS, OF_PANNS]),
    ("model::cnn10", &[OF_MODELS, OF_PANNS]),
    ("model::cnn14", &[OF_MODELS, OF_PANNS]),
    (
        "model::convnext_tiny",
        &[OF_MODELS, &["eps", "drop_path", "dropout", "head", "attention_heads"]],
    ),
    ("model::densenet121", &[OF_MODELS, OF_CNNS]),
    ("model::efficientnet_b0", &[OF_MODELS, OF_EFFICIENTNETS]),
    ("model::efficientnet_b1", &[OF_MODELS, OF_EFFICIENTNETS]),
    ("model::efficientnet_b2", &[OF_MODELS, OF_EFFICIENTNETS]),
    ("model::efficientnet_b3", &[OF_MODELS, OF_EFFICIENTNETS]),
    ("model::efficientnet_b4", &[OF_MODELS, OF_EFFICIENTNETS]),
    ("model::efficientnet_b5", &[OF_MODELS, OF_EFFICIENTNETS]),
    ("model::efficientnet_b6", &[OF_MODELS, OF_EFFICIENTNETS]),
    ("model::efficientnet_b7", &[OF_MODELS, OF_EFFICIENTNETS]),
    ("model::mn", &[OF_MODELS, &["width", "dropout", "eps", "momentum"]]),
    ("model.pretrained", &[&["file"], OF_WEIGHTS]),
    ("model::resnet18", &[OF_MODELS, OF_CNNS]),
    ("model::resnet34", &[OF_MODELS, OF_CNNS]),
    ("model::resnet50", &[OF_MODELS, OF_CNNS]),
    ("model::vit_base", &[OF_MODELS, OF_TRANSFORMERS]),
    ("model::vit_small", &[OF_MODELS, OF_TRANSFORMERS]),
    ("model::vit_tiny", &[OF_MODELS, OF_TRANSFORMERS]),
    ("optim::adam", &[OF_OPTIMIZERS, OF_ADAM]),
    ("optim::adamw", &[OF_OPTIMIZERS, OF_ADAM]),
    ("optim::adan", &[OF_OPTIMIZERS, &["betas", "eps", "no_prox"]]),
    ("optim::lion", &[OF_OPTIMIZERS, &["betas"]]),
    (
        "optim::muon",
        &[OF_OPTIMIZERS, &["momentum", "nesterov", "ns_steps", "adjust_lr_fn", "adamw"]],
    ),
    ("optim::muon.adamw", &[&["names", "lr", "betas", "eps", "weight_decay"]]),
    ("optim::sgd", &[OF_OPTIMIZERS, &["momentum", "dampening", "nesterov"]]),
    ("optim.groups", &[&["names", "lr", "lr_scale", "weight_decay"]]),
    ("step", &[&["lr"]]),
    ("schedule::one_cycle", &[OF_CYCLES]),
    // Losses.
    ("bce", &[REDUCTION]),
    ("cosine_loss", &[REDUCTION]),
    ("cross_entropy", &[REDUCTION, &["smoothing"]]),
    ("kd::bce_soft", &[REDUCTION]),
    ("kd::bernoulli_kl", &[REDUCTION]),
    ("kd::kl", &[REDUCTION]),
    ("kd::positive_only_kl", &[REDUCTION]),
    ("kd::softmax_kl", &[REDUCTION]),
    ("kd::stored", &[&["missing", "missing_classes"]]),
    ("distill.taps", &[&["student", "teacher"]]),
    ("report", &[&["title", "claim", "baseline", "about", "expected", "margin"]]),
    ("train.taps", &[&["student"]]),
    ("kl_div", &[REDUCTION, &["log_target"]]),
    ("l1", &[REDUCTION]),
    ("mse", &[REDUCTION]),
    ("smooth_l1", &[REDUCTION, &["beta"]]),
    // Tensors.
    ("avg_pool1d", &[OF_MEANS]),
    ("avg_pool2d", &[OF_MEANS]),
    ("conv1d", &[OF_CONVOLUTIONS]),
    ("conv2d", &[OF_CONVOLUTIONS]),
    ("conv_transpose1d", &[OF_TRANSPOSES]),
    ("conv_transpose2d", &[OF_TRANSPOSES]),
    ("interpolate", &[&["align_corners"]]),
    ("max_pool1d", &[OF_MAXIMA]),
    ("max_pool2d", &[OF_MAXIMA]),
    ("norm", &[&["keep", "p"]]),
    ("std", &[&["keep", "correction"]]),
    ("stft", &[&["n_fft", "hop", "window", "center"]]),
    ("tensor", &[&["dtype"]]),
    ("var", &[&["keep", "correction"]]),
    // Networks.
    ("attend", &[&["mask"]]),
    ("forward", &[&["mask"]]),
    ("load", &[OF_WEIGHTS]),
    ("run", &[&["hidden", "cell"]]),
    ("nn::attention", &[&["qkv_bias", "proj_bias", "qk_norm", "eps", "attn_drop", "proj_drop"]]),
    ("nn::avg_pool1d", &[OF_MEANS]),
    ("nn::avg_pool2d", &[OF_MEANS]),
    ("nn::batch_norm1d", &[OF_BATCH_NORMS]),
    ("nn::batch_norm2d", &[OF_BATCH_NORMS]),
    ("nn::conv1d", &[OF_CONVOLUTION_LAYERS]),
    ("nn::conv2d", &[OF_CONVOLUTION_LAYERS]),
    ("nn::conv_transpose1d", &[OF_TRANSPOSE_LAYERS]),
    ("nn::conv_transpose2d", &[OF_TRANSPOSE_LAYERS]),
    ("nn::depthwise", &[&["stride", "padding", "dilation", "bias"]]),
    ("nn::embedding", &[&["padding_idx"]]),
    ("nn::group_norm", &[&["eps", "affine"]]),
    ("nn::gru", &[OF_RECURRENT]),
    ("nn::layer_norm", &[&["eps", "affine", "bias"]]),
    ("nn::linear", &[&["bias"]]),
    ("nn::lstm", &[OF_RECURRENT]),
    ("nn::max_pool1d", &[OF_MAXIMA]),
    ("nn::max_pool2d", &[OF_MAXIMA]),
    ("nn::rms_norm", &[&["eps", "affine"]]),
    ("nn::squeeze_excite", &[&["ratio", "reduced", "activation", "gate"]]),
    ("nn::transformer_block", &[OF_BLOCKS]),
    // Where weights start; by the name of the initialiser.
    ("init \"constant\"", &[&["value"]]),
    ("init \"kaiming_normal\"", &[&["mode"], OF_GAINS]),
    ("init \"kaiming_uniform\"", &[&["mode"], OF_GAINS]),
    ("init \"normal\"", &[&["mean", "std"]]),
    ("init \"ones\"", &[]),
    ("init \"orthogonal\"", &[OF_GAINS]),
    ("init \"trunc_normal\"", &[&["mean", "std", "low", "high"]]),
    ("init \"uniform\"", &[&["low", "high"]]),
    ("init \"xavier_normal\"", &[OF_GAINS]),
    ("init \"xavier_uniform\"", &[OF_GAINS]),
    ("init \"zeros\"", &[]),
];

/// The keys that an operation knows; `None` where it is no operation with options.
pub fn keys_of(operation: &str) -> Option<Vec<&'static str>> {
    if let Some(kind) = StageKind::of_operation(operation) {
        return Some(stage::keys(kind));
    }
    let (_, groups) = TABLE.iter().find(|(name, _)| *name == operation)?;
    let mut keys: Vec<&'static str> = Vec::new();
    for key in groups.iter().flat_map(|group| group.iter()) {
        // Groups of one function may share keys.
        if !keys.contains(key) {
            keys.push(key);
        }
    }
    Some(keys)
}

/// The options of a function, by its full name (`optim::adam`, `train`, `conv2d` for the function and the method),
/// or of the map under one of its keys (`optim::adam.groups`, `optim::muon.adamw`). `None` where it has none.
pub fn options_of(catalogue: &Catalogue, function: &str) -> Option<Vec<OptionKey>> {
    let keys = match function.split_once('.') {
        Some((owner, "groups")) if owner.starts_with("optim::") => keys_of("optim.groups")?,
        _ if function == "init" => {
            let starts = TABLE.iter().filter(|(name, _)| name.starts_with("init \""));
            let mut all: Vec<&'static str> = Vec::new();
            let groups = starts.flat_map(|(_, groups)| groups.iter().flat_map(|one| one.iter()));
            groups.for_each(|key| {
                if !all.contains(key) {
                    all.push(key)
                }
            });
            all
        }
        _ => keys_of(function)?,
    };
    let name = function.split(['.', ' ']).next().unwrap_or(function);
    let about = |key: &str| {
        let hook = Hook::ALL.into_iter().find(|hook| hook.name() == key);
        match (hook, StageKind::of_operation(function)) {
            (Some(hook), Some(kind)) => {
                let form = format!("{key}({})", hook.parameters(kind).join(", "));
                let number = if hook.takes_number() { "a number, or " } else { "" };
                format!("{number}Fn(\"my_{key}\") for a hook {form} of another name")
            }
            _ => catalogue.about_option(name, key).unwrap_or_default(),
        }
    };
    Some(keys.iter().map(|key| OptionKey { name: key, about: about(key) }).collect())
}
