//! Models as timm, torchvision, PANNs, EfficientAT, AST and Hugging Face call them, and what each is here.

/// Families that are not here at all.
const ABSENT: [&str; 16] = [
    "beats",
    "beit",
    "clap",
    "data2vec",
    "dymn",
    "efficientformer",
    "htsat",
    "hubert",
    "regnet",
    "swin",
    "vggish",
    "wav2vec",
    "wavlm",
    "whisper",
    "xception",
    "yamnet",
];

/// A model that others call otherwise, by the expression that makes it here: `name` may have a hub's owner before it
/// and timm's tag of the weights behind.
pub fn model(name: &str) -> Option<String> {
    let known = name.rsplit('/').next().unwrap_or(name).to_lowercase().replace('-', "_");
    let bare = without_tag(&known);
    let of_tensorflow = bare.strip_prefix("tf_");
    let plain = of_tensorflow.unwrap_or(bare);
    let joined = plain.replace('_', "");
    efficientnet(plain, &joined, of_tensorflow.is_some())
        .or_else(|| mobilenet(plain, &joined))
        .or_else(|| audio_transformer(&known, &joined))
        .or_else(|| vision_transformer(plain, &joined))
        .or_else(|| panns(&joined))
        .or_else(|| pictures(&joined))
        .or_else(|| absent(&joined))
}

/// timm's tag names weights rather than a network: `resnet50.a1_in1k`.
fn without_tag(name: &str) -> &str {
    match name.split_once('.') {
        Some((own, tag)) if tag.starts_with(|c: char| c.is_ascii_alphabetic()) => own,
        _ => name,
    }
}

fn efficientnet(plain: &str, joined: &str, same: bool) -> Option<String> {
    if joined.starts_with("psla") {
        return Some(
            "PSLA's network is model::efficientnet_b2 with head: \"attention\" and padding: \"static_same\""
                .into(),
        );
    }
    let rest = joined.strip_prefix("efficientnet")?;
    let mut letters = rest.chars();
    let size = (letters.next() == Some('b')).then(|| letters.next()).flatten();
    // Names of weights may follow: tf_efficientnet_b0_ns; more digits are another model.
    let ends = letters.next().is_none_or(|c| !c.is_ascii_digit());
    let size = size.filter(|size| ('0'..='7').contains(size) && ends);
    Some(match size {
        Some(size) if same => {
            format!(
                "write model::efficientnet_b{size}(#{{ …, padding: \"same\" }}): TensorFlow's padding"
            )
        }
        Some(size) if plain.starts_with("efficientnet_b") || joined.ends_with(size) => {
            format!("write model::efficientnet_b{size}")
        }
        _ if rest.is_empty() => {
            "name the size: model::efficientnet_b0 to model::efficientnet_b7".into()
        }
        _ => "of EfficientNets there are model::efficientnet_b0 to model::efficientnet_b7".into(),
    })
}

fn mobilenet(plain: &str, joined: &str) -> Option<String> {
    if let Some(rest) = plain.strip_prefix("mn") {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let tenths: u32 = digits.parse().ok().filter(|_| digits.len() == 2)?;
        return Some(wide(f64::from(tenths) / 10.0));
    }
    if joined.starts_with("efficientat") {
        return Some(wide(1.0));
    }
    let rest = joined.strip_prefix("mobilenet")?;
    let Some(large) = rest.strip_prefix("v3large") else {
        let large = ["", "v3"].contains(&rest);
        let hint = "of MobileNets there is V3-Large, as EfficientAT has it: model::mn";
        return Some(if large { wide(1.0) } else { hint.into() });
    };
    let digits: String = large.chars().take_while(char::is_ascii_digit).collect();
    Some(wide(digits.parse::<f64>().map_or(1.0, |percent| percent / 100.0)))
}

fn wide(width: f64) -> String {
    let options =
        if width == 1.0 { String::new() } else { format!("(#{{ …, width: {width} }})") };
    format!("MobileNetV3-Large is model::mn{options} here, as in EfficientAT")
}

fn audio_transformer(known: &str, joined: &str) -> Option<String> {
    let begins = |names: &[&str]| names.iter().any(|own| joined.starts_with(own));
    if begins(&["passt"]) {
        return Some(
            "PaSST is model::ast_base with stride 10 and patchout_f, patchout_t or patchout".into(),
        );
    }
    if let Some((_, rest)) = known.split_once("ast_finetuned_") {
        // …audioset-10-10-0.4593: strides in frequency and in time, then the mAP.
        let numbers: Vec<u32> = rest.split('_').filter_map(|part| part.parse().ok()).collect();
        if let [frequency, time, ..] = numbers[..] {
            return Some(format!(
                "write model::ast_base(#{{ …, fstride: {frequency}, tstride: {time}, eps: 1e-12 }})"
            ));
        }
        return Some(
            "write model::ast_base(#{ …, eps: 1e-12 }): Hugging Face's layer norms".into(),
        );
    }
    begins(&["audiospectrogramtransformer", "astmodel", "astfor"])
        .then(|| "AST is model::ast_tiny, model::ast_small or model::ast_base".into())
}

fn vision_transformer(plain: &str, joined: &str) -> Option<String> {
    let size = ["tiny", "small", "base"].into_iter().find(|size| plain.contains(size));
    if joined.starts_with("deit3") {
        return Some("DeiT III scales its blocks, which is not here; plain are model::vit_tiny, vit_small, vit_base".into());
    }
    if joined.starts_with("deit") {
        return Some(match (plain.contains("distilled"), size) {
            (true, Some(size)) => format!("DeiT's distilled form is model::ast_{size}"),
            (false, Some(size)) => {
                format!("DeiT without the token is model::vit_{size}, its distilled form model::ast_{size}")
            }
            (_, None) => "DeiT's distilled form is model::ast_tiny, ast_small or ast_base; without the token model::vit_tiny and so on".into(),
        });
    }
    let rest = joined.strip_prefix("vit").or_else(|| joined.strip_prefix("visiontransformer"))?;
    // A word that only begins so is none: vitals.
    let is_one = rest.is_empty()
        || ["tiny", "small", "base", "large", "huge", "b", "l", "s", "patch", "model", "for"]
            .iter()
            .any(|next| {
                rest.strip_prefix(next).is_some_and(|rest| {
                    next.len() > 1 || rest.starts_with(|c: char| c.is_ascii_digit())
                })
            });
    if !is_one {
        return None;
    }
    if rest.starts_with("large") || rest.starts_with('l') {
        return Some(
            "ViT-Large is model::vit_base(#{ …, width: 1024, depth: 24, heads: 16 })".into(),
        );
    }
    let size = size.or_else(|| rest.starts_with("b").then_some("base"));
    let patch = plain.split("patch").nth(1).or_else(|| plain.strip_prefix("vit_b_"));
    let patch = patch.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    Some(match (size, patch.as_deref()) {
        (Some(size), None | Some("" | "16")) => format!("write model::vit_{size}"),
        (Some(size), Some(patch)) => {
            format!("write model::vit_{size}(#{{ …, patch: {patch}, stride: {patch} }})")
        }
        (None, _) => "name the size: model::vit_tiny, model::vit_small or model::vit_base".into(),
    })
}

fn panns(joined: &str) -> Option<String> {
    if let Some(size) =
        ["14", "10", "6"].into_iter().find(|size| joined.starts_with(&format!("cnn{size}")))
    {
        return Some(format!("PANNs' CNN{size} is model::cnn{size}, for features of any rate"));
    }
    let others = ["panns", "wavegram", "dainet", "leenet", "res1dnet"];
    others
        .iter()
        .any(|own| joined.starts_with(own))
        .then(|| "of PANNs' networks there are model::cnn6, model::cnn10 and model::cnn14".into())
}

fn pictures(joined: &str) -> Option<String> {
    let begins = |names: &[&str]| names.iter().any(|own| joined.starts_with(own));
    if ["resnet18", "resnet34", "resnet50", "densenet121"].contains(&joined) {
        return Some(format!("write model::{joined}"));
    }
    let hint = match joined {
        "convnexttiny" => "write model::convnext_tiny",
        "resnet" => "name the size: model::resnet18, model::resnet34 or model::resnet50",
        _ if begins(&["resnet", "resnext", "wideresnet", "seresnet", "resnest", "rexnet"]) => {
            "of ResNets there are model::resnet18, model::resnet34 and model::resnet50"
        }
        _ if begins(&["densenet"]) => "of DenseNets there is model::densenet121",
        _ if begins(&["convnext"]) => "of ConvNeXts there is model::convnext_tiny",
        _ => return None,
    };
    Some(hint.into())
}

fn absent(joined: &str) -> Option<String> {
    let here = ABSENT.iter().any(|own| joined.starts_with(own));
    here.then(|| {
        "there is no such model here: `still models` lists them; others are built of layers by nn::network, and load weights, too"
            .into()
    })
}
