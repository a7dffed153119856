//! Ways of naming whose packages are not at hand when goldens are made: pairs as their sources have them.

use crate::support::named::named;
use stillroom::models::weights::{Checkpoint, LoadOptions, Report, load};
use stillroom::nn::Network;
use stillroom::tensor::{Device, Tensor, store};

/// Loads tensors of these names, each of its own number, into a network of the names beside them, and fails where a
/// number is elsewhere.
#[track_caller]
fn pairs(all: &[(&str, &str, &[usize], &[usize])], more: &[&str]) -> Report {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("theirs.safetensors");
    let full = |shape: &[usize], value: f64| {
        Tensor::full(shape, value, &Device::default()).expect("a tensor")
    };
    let mut tensors: Vec<(String, Tensor)> = all
        .iter()
        .enumerate()
        .map(|(index, (theirs, _, shape, _))| (theirs.to_string(), full(shape, index as f64)))
        .collect();
    tensors.extend(more.iter().map(|name| (name.to_string(), full(&[2, 2], 99.0))));
    store::save(&path, &tensors).expect("a file");
    let net = named(all.iter().map(|(_, ours, _, shape)| (*ours, *shape)), None);
    let checkpoint = Checkpoint::open(&path).expect("the file");
    let report = load(&net, &checkpoint, &LoadOptions::default(), &Device::default())
        .unwrap_or_else(|error| panic!("{error}"));
    for (index, (name, value)) in net.state().iter().enumerate() {
        let values = value.to_values().expect("values");
        assert!(values.iter().all(|value| *value == index as f32), "{name}: {values:?}");
    }
    assert_eq!((report.loaded, report.ignored), (all.len(), more.len()), "{report}");
    report
}

#[test]
fn convnext_of_its_authors() {
    let report = pairs(
        &[
            ("model.downsample_layers.0.0.weight", "stem.0.weight", &[3, 3, 4, 4], &[3, 3, 4, 4]),
            ("model.downsample_layers.0.1.bias", "stem.1.bias", &[3], &[3]),
            ("model.downsample_layers.2.0.weight", "stages.2.downsample.0.weight", &[3], &[3]),
            (
                "model.downsample_layers.2.1.weight",
                "stages.2.downsample.1.weight",
                &[2, 3, 2, 2],
                &[2, 3, 2, 2],
            ),
            ("model.stages.0.1.gamma", "stages.0.blocks.1.gamma", &[3], &[3]),
            (
                "model.stages.0.1.dwconv.weight",
                "stages.0.blocks.1.conv_dw.weight",
                &[3, 1, 7, 7],
                &[3, 1, 7, 7],
            ),
            ("model.stages.0.1.norm.weight", "stages.0.blocks.1.norm.weight", &[3], &[3]),
            (
                "model.stages.0.1.pwconv1.weight",
                "stages.0.blocks.1.mlp.fc1.weight",
                &[6, 3],
                &[6, 3],
            ),
            ("model.stages.0.1.pwconv2.bias", "stages.0.blocks.1.mlp.fc2.bias", &[3], &[3]),
            ("model.norm.weight", "head.norm.weight", &[2], &[2]),
            ("model.head.weight", "head.fc.weight", &[5, 2], &[5, 2]),
            ("model.head.bias", "head.fc.bias", &[5], &[5]),
        ],
        &[],
    );
    assert_eq!(report.layout, "ConvNeXt by its authors, under 'model'");
}

#[test]
fn torchvisions_mobilenet_in_efficientats_names() {
    let report = pairs(
        &[
            ("features.0.0.weight", "features.0.0.weight", &[2, 3, 3, 3], &[2, 3, 3, 3]),
            (
                "features.4.block.1.0.weight",
                "features.4.block.1.0.weight",
                &[2, 1, 5, 5],
                &[2, 1, 5, 5],
            ),
            // A convolution of one point there, a linear layer here.
            (
                "features.4.block.2.fc1.weight",
                "features.4.block.2.conc_se_layers.0.fc1.weight",
                &[4, 2, 1, 1],
                &[4, 2],
            ),
            (
                "features.4.block.2.fc2.bias",
                "features.4.block.2.conc_se_layers.0.fc2.bias",
                &[2],
                &[2],
            ),
            ("features.16.1.running_var", "features.16.1.running_var", &[2], &[2]),
            ("classifier.0.weight", "classifier.2.weight", &[3, 2], &[3, 2]),
            ("classifier.3.weight", "classifier.5.weight", &[5, 3], &[5, 3]),
            ("classifier.3.bias", "classifier.5.bias", &[5], &[5]),
        ],
        &[],
    );
    assert_eq!(report.layout, "torchvision's MobileNetV3");
    assert_eq!(report.adapted[0].how, "[4, 2, 1, 1] as [4, 2]");
}

#[test]
fn the_first_densenets() {
    let name = "features.denseblock1.denselayer2";
    let theirs = ["norm.1.weight", "conv.1.weight", "norm.2.bias", "conv.2.weight"];
    let ours = ["norm1.weight", "conv1.weight", "norm2.bias", "conv2.weight"];
    let [theirs, ours] = [theirs, ours].map(|all| all.map(|own| format!("{name}.{own}")));
    let all: Vec<(&str, &str, &[usize], &[usize])> = theirs
        .iter()
        .zip(&ours)
        .map(|(theirs, ours)| (theirs.as_str(), ours.as_str(), &[2usize][..], &[2usize][..]))
        .collect();
    assert_eq!(pairs(&all, &[]).layout, "torchvision's old DenseNet");
}

#[test]
fn pslas_network_within_two_wrappers() {
    let report = pairs(
        &[
            ("module.effnet._conv_stem.weight", "conv_stem.weight", &[2, 1, 3, 3], &[2, 1, 3, 3]),
            (
                "module.effnet._blocks.0._project_conv.weight",
                "blocks.0.0.conv_pw.weight",
                &[2],
                &[2],
            ),
            ("module.effnet._blocks.0._bn1.weight", "blocks.0.0.bn1.weight", &[2], &[2]),
            (
                "module.effnet._blocks.1._expand_conv.weight",
                "blocks.1.0.conv_pw.weight",
                &[2],
                &[2],
            ),
            ("module.effnet._blocks.1._bn1.weight", "blocks.1.0.bn2.weight", &[2], &[2]),
            (
                "module.effnet._blocks.2._expand_conv.weight",
                "blocks.1.1.conv_pw.weight",
                &[2],
                &[2],
            ),
            (
                "module.effnet._blocks.2._project_conv.weight",
                "blocks.1.1.conv_pwl.weight",
                &[2],
                &[2],
            ),
            (
                "module.attention.att.0.weight",
                "attention.att.0.weight",
                &[5, 2, 1, 1],
                &[5, 2, 1, 1],
            ),
            ("module.attention.head_weight", "attention.head_weight", &[1], &[1]),
        ],
        &["module.effnet._bn0.num_batches_tracked"],
    );
    assert_eq!(report.layout, "efficientnet_pytorch, under 'module'");
}

#[test]
fn pannss_front_end_and_other_weights_stay_out() {
    let report = pairs(
        &[
            ("model.bn0.weight", "bn0.weight", &[2], &[2]),
            (
                "model.conv_block1.conv1.weight",
                "conv_block1.conv1.weight",
                &[2, 1, 3, 3],
                &[2, 1, 3, 3],
            ),
            ("model.fc1.weight", "fc1.weight", &[2, 2], &[2, 2]),
            ("model.fc_audioset.weight", "fc_audioset.weight", &[5, 2], &[5, 2]),
        ],
        &[
            "model.spectrogram_extractor.stft.conv_real.weight",
            "model.logmel_extractor.melW",
            "model.bn0.num_batches_tracked",
            "model_ema.bn0.weight",
            "optimizer.state.0.exp_avg",
        ],
    );
    assert_eq!(report.layout, "the network's own, under 'model'");
}
