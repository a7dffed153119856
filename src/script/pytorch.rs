//! Names of PyTorch, torchaudio and librosa for what is called otherwise here.

/// Functions of tensors that people call on an array of numbers.
pub(super) const REDUCTIONS: [&str; 8] =
    ["mean", "sum", "std", "var", "argmax", "argmin", "softmax", "prod"];

/// A function or a class.
pub(super) fn function(name: &str) -> Option<&'static str> {
    let own = name.rsplit("::").next().unwrap_or(name);
    Some(match own {
        "randn" | "randn_like" => {
            "write tensor::normal([2, 3], \"name\"), in hooks tensor::normal([2, 3], \"name\", [ctx.step]): each name and index has a stream of its own"
        }
        "rand" | "rand_like" => {
            "write tensor::uniform([2, 3], \"name\"), in hooks tensor::uniform([2, 3], \"name\", [ctx.step]): each name and index has a stream of its own"
        }
        "randperm" => "write tensor::permutation(10, \"name\")",
        "clip_grad_norm" | "clip_grad_norm_" | "clip_grad_value_" => {
            "the optimizer limits gradients: optim::adam(#{ lr: 1e-3, clip_norm: 1 }), or clip_value"
        }
        "requires_grad_" => {
            "a network is held fast by net.freeze(), a tensor is followed as x.requires_grad()"
        }
        "binary_cross_entropy_with_logits" | "binary_cross_entropy" => {
            "write bce(student, target), of logits"
        }
        "nll_loss" => "write cross_entropy(student, target), of logits",
        "huber_loss" => "write smooth_l1(a, b)",
        "mse_loss" => "write mse(a, b)",
        "l1_loss" => "write l1(a, b)",
        "long" => "write x.to(\"i64\")",
        "double" | "half" => "leave it out: numbers have single precision",
        "t" => "write x.transpose(0, 1)",
        "dim" | "ndimension" => "it is a property: x.rank",
        "ne" => "write a != b",
        "tolist" => "write x.to_array()",
        "clone" => "leave it out: tensors are values, which nothing changes",
        "predict" => "import \"std/judge\" as judge: judge::outputs(net, data, features, \"test\")",
        "spec_augment" | "specaugment" | "SpecAugment" => {
            "write augment: [augment::freq_mask(24), augment::time_mask(96)]"
        }
        "from_numpy" | "as_tensor" => "write tensor([…]), or tensor::load(\"x.npy\")",
        "CrossEntropyLoss" | "NLLLoss" => "losses are functions: cross_entropy(student, target)",
        "BCEWithLogitsLoss" | "BCELoss" => "losses are functions: bce(student, target), of logits",
        "KLDivLoss" => "losses are functions: kd::kl(student, teacher), of logits",
        "MSELoss" => "losses are functions: mse(a, b)",
        "L1Loss" => "losses are functions: l1(a, b)",
        "SmoothL1Loss" | "HuberLoss" => "losses are functions: smooth_l1(a, b)",
        "CosineEmbeddingLoss" => "losses are functions: cosine_loss(a, b)",
        "DataLoader" | "Dataset" => {
            "a stage draws its batches itself; for batch in data.batches(#{ batch: 32 }) { … } goes through them"
        }
        "ReduceLROnPlateau" => {
            "a rate is a function of the recipe: fn lr(ctx) looks at ctx.metrics"
        }
        "StepLR" => "a rate is a function of the recipe: fn lr(ctx) { schedule::step(…) }",
        "MultiStepLR" => {
            "a rate is a function of the recipe: fn lr(ctx) { schedule::multi_step(…) }"
        }
        "OneCycleLR" => "a rate is a function of the recipe: fn lr(ctx) { schedule::one_cycle(…) }",
        "ExponentialLR" => {
            "a rate is a function of the recipe: fn lr(ctx) { schedule::exponential(…) }"
        }
        _ if own.ends_with("LR") || own.starts_with("CosineAnnealing") => {
            "a rate is a function of the recipe: fn lr(ctx) { schedule::cosine(ctx.epoch, 0, ctx.epochs, 1e-3, 0) }"
        }
        _ if own.len() > 1 && own.ends_with('_') && !own.starts_with('_') => {
            "tensors are never changed: write x = x + 1, x = x.clamp(0, 1)"
        }
        _ => return None,
    })
}

/// A property of a tensor.
pub(super) fn property(name: &str) -> Option<&'static str> {
    Some(match name {
        "T" | "mT" => "write x.transpose(0, 1)",
        "ndim" => "write x.rank",
        "size" => "write x.shape",
        "data" => "write x.detach()",
        "grad" => "gradients are a value: grad(loss, x)",
        "requires_grad" => "write x.tracked",
        "taps" => {
            "inner outputs are ctx.taps.student[…] and ctx.taps.teacher[…], of the option taps"
        }
        _ => return None,
    })
}

/// What a function takes as one array, by the name of its parameter, where it got several arguments.
pub(super) fn array(parameter: &str) -> Option<&'static str> {
    Some(match parameter {
        "shape" => "a shape is one array: [2, 3]",
        "dims" => "dimensions are one array: [0, 1]",
        "parts" => "the parts are one array: [a, b]",
        "tensors" => "the tensors are one array: [a, b]",
        "steps" => "the steps are one array: [a, b]",
        "gain_db" | "snr_db" => "the least and the greatest are one array: [-6, 6]",
        _ => return None,
    })
}

/// Keys of options, and what they are called here.
const KEYS: [(&str, &[&str]); 18] = [
    ("tau", &["temperature", "T"]),
    ("lambda", &["alpha", "lam"]),
    ("sampler", &["shuffle", "drop_last"]),
    ("smoothing", &["label_smoothing"]),
    ("mels", &["num_mel_bins", "num_mels", "n_mel", "nmels", "mel_bins"]),
    ("coefficients", &["n_mfcc", "num_ceps"]),
    ("rate_hz", &["sample_rate", "sampling_rate", "sample_frequency", "sr", "fs"]),
    ("fft_points", &["n_fft", "nfft", "fft_length"]),
    ("hop_samples", &["hop_length"]),
    ("frame_samples", &["win_length"]),
    ("frame_ms", &["frame_length"]),
    ("hop_ms", &["frame_shift", "hop_length"]),
    ("low_hz", &["f_min", "fmin", "low_freq"]),
    ("high_hz", &["f_max", "fmax", "high_freq"]),
    ("epochs", &["num_epochs", "n_epochs", "max_epochs"]),
    ("classes", &["num_classes", "n_classes", "num_labels", "label_dim"]),
    ("width", &["embed_dim", "hidden_size", "d_model"]),
    ("heads", &["num_heads", "n_heads", "num_attention_heads"]),
];

/// What an option of others is called here, if a function with these options has it.
pub fn option<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let mut own = KEYS.iter().filter(|(_, others)| others.contains(&given));
    own.find_map(|(name, _)| known.iter().copied().find(|key| key == name))
}
