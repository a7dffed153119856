//! What holds for every named model: outputs that can be tapped, copies, how many parameters there are, where weights
//! start, and what is refused.

use stillroom::error::Kind;
use stillroom::models::*;
use stillroom::nn::pass::without_weights;
use stillroom::nn::{Mode, Network, Role, init};
use stillroom::tensor::random::Stream;
use stillroom::tensor::{Device, Tensor};

const CLIPS: InputShape = InputShape { frames: 40, mels: 32 };

fn efficientnet(size: usize, head: Head) -> Spec {
    let own = EfficientNetOptions::new(size, EfficientNetPadding::Symmetric);
    Spec::EfficientNet(EfficientNetOptions { classes: 5, head, ..own })
}

fn resnet(layers: usize) -> Spec {
    Spec::ResNet(ResNetOptions { classes: 5, ..ResNetOptions::new(layers) })
}

fn densenet() -> Spec {
    Spec::DenseNet(DenseNetOptions { classes: 5, ..DenseNetOptions::default() })
}

fn convnext(head: Head) -> Spec {
    Spec::ConvNext(ConvNextOptions { classes: 5, head, ..ConvNextOptions::default() })
}

fn panns(layers: usize) -> Spec {
    Spec::Panns(PannsOptions { classes: 5, ..PannsOptions::new(layers) })
}

fn mn(width: f64) -> Spec {
    Spec::Mn(MnOptions { classes: 5, width, ..MnOptions::default() })
}

fn vit(own: VitOptions) -> Spec {
    Spec::Vit(VitOptions { classes: 5, ..own })
}

fn build(spec: &Spec) -> Model {
    let name = spec.name();
    spec.build(CLIPS, 1, &Device::default()).expect(name)
}

fn clips() -> Tensor {
    let InputShape { frames, mels } = CLIPS;
    let mut random = Stream::new(3, "clips", &[]);
    let around = init::NormalOptions::default();
    init::normal(&[2, frames, mels], around, &mut random, &Device::default()).expect("clips")
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.to_values().expect("numbers")
}

/// One of each kind; the sizes differ in repeats and widths only.
fn all() -> Vec<Spec> {
    vec![
        Spec::Cnn(CnnOptions { classes: 5, ..CnnOptions::default() }),
        efficientnet(0, Head::Mean),
        efficientnet(0, Head::Attention(4)),
        resnet(18),
        resnet(50),
        densenet(),
        convnext(Head::Mean),
        convnext(Head::Attention(1)),
        panns(6),
        panns(10),
        mn(0.5),
        vit(VitOptions { depth: 2, ..VitOptions::small() }),
        vit(VitOptions { depth: 2, ..VitOptions::ast("ast_tiny", 192) }),
        vit(VitOptions { depth: 2, ..VitOptions::vit("vit_tiny", 192) }),
    ]
}

#[test]
fn every_output_that_a_model_lists_can_be_tapped_and_copies_do_the_same() {
    let clips = clips();
    for spec in all() {
        let name = spec.name();
        let model = build(&spec);
        // A pass of training moves running statistics, which a copy has to take over, too.
        model.forward(&clips, Mode::Train).expect(name);
        let logits = model.forward(&clips, Mode::Eval).expect(name);
        assert_eq!(logits.shape(), [2, 5], "{name}");

        let taps = model.net().taps();
        assert!(!taps.is_empty(), "{name}");
        let (output, tapped) =
            model.net().forward_taps(&clips, Mode::Eval, &taps).expect("all taps");
        assert!(numbers(&output) == numbers(&logits), "{name}: taps change nothing");
        let found: Vec<&String> = tapped.iter().map(|(name, _)| name).collect();
        assert_eq!(found, taps.iter().collect::<Vec<_>>(), "{name}");

        let copy = model.net().copy().expect(name);
        assert!(copy != *model.net() && copy.outline() == model.net().outline(), "{name}");
        let again = copy.forward(&clips, Mode::Eval).expect(name);
        assert!(numbers(&again) == numbers(&logits), "{name}: the copy's logits");
        for (path, parameter) in copy.parameters() {
            let zeros = Tensor::full(&parameter.value().shape(), 0.0, &Device::default());
            parameter.set(zeros.expect("zeros")).expect(&path);
        }
        let again = model.forward(&clips, Mode::Eval).expect(name);
        assert!(numbers(&again) == numbers(&logits), "{name}: the copy shares nothing");
    }
}

/// Parameters of the model for so many classes on 64 mels.
fn count(spec: &Spec) -> usize {
    let clips = InputShape { frames: 64, mels: 64 };
    let name = spec.name();
    let model = without_weights(|| spec.build(clips, 1, &Device::default())).expect(name);
    model.network().parameter_count()
}

#[test]
fn models_have_as_many_parameters_as_the_literature_says() {
    // All numbers are those of one channel in. torchvision's for three channels and 1000 classes, less what two
    // channels of the first convolution have.
    let own = |layers| ResNetOptions { classes: 1000, ..ResNetOptions::new(layers) };
    let first = 2 * 64 * 7 * 7;
    assert_eq!(count(&Spec::ResNet(own(18))), 11_689_512 - first);
    assert_eq!(count(&Spec::ResNet(own(34))), 21_797_672 - first);
    assert_eq!(count(&Spec::ResNet(own(50))), 25_557_032 - first);
    let own = DenseNetOptions { classes: 1000, ..DenseNetOptions::default() };
    assert_eq!(count(&Spec::DenseNet(own)), 7_978_856 - first);
    let own = ConvNextOptions { classes: 1000, ..ConvNextOptions::default() };
    assert_eq!(count(&Spec::ConvNext(own)), 28_589_128 - 2 * 96 * 4 * 4);
    // What is left without the last layer: CMKD's bodies.
    assert_eq!(count(&resnet(50)) - (2048 * 5 + 5), 23_501_760);
    assert_eq!(count(&densenet()) - (1024 * 5 + 5), 6_947_584);
    assert_eq!(count(&efficientnet(0, Head::Mean)) - (1280 * 5 + 5), 4_006_972);
    assert_eq!(count(&efficientnet(2, Head::Mean)) - (1408 * 5 + 5), 7_700_418);
    // Table 5 of PANNs, of AudioSet's 527 classes.
    for (layers, wanted) in [(6, 4_837_455), (10, 5_219_279), (14, 80_753_615)] {
        let own = PannsOptions { classes: 527, ..PannsOptions::new(layers) };
        assert_eq!(count(&Spec::Panns(own)), wanted);
    }
    // EfficientAT's table of models says 4.88, 17.91 and 68.43 million.
    for (width, wanted) in [(1.0, 4_876_831), (2.0, 17_909_287), (4.0, 68_427_303)] {
        let own = MnOptions { classes: 527, width, ..MnOptions::default() };
        assert_eq!(count(&Spec::Mn(own)), wanted);
    }
}

/// Where a weight has to start.
enum Start {
    Normal(f64),
    /// Uniform within this bound.
    Within(f64),
    /// All have this value.
    At(f32),
}

fn starts(spec: &Spec, wanted: &[(&str, Start)]) {
    let model = build(spec);
    let parameters = model.network().parameters();
    for (name, start) in wanted {
        let found = parameters.iter().find(|(own, _)| own == name);
        let Some((_, parameter)) = found else { panic!("{}: no {name}", spec.name()) };
        assert_eq!(parameter.role(), Role::Weight, "{name}");
        let values = numbers(&parameter.value());
        let count = values.len() as f64;
        let mean = values.iter().map(|own| f64::from(*own)).sum::<f64>() / count;
        let most = values.iter().fold(0.0, |most, own| f64::max(most, f64::from(own.abs())));
        let squares = values.iter().map(|own| (f64::from(*own) - mean).powi(2)).sum::<f64>();
        let deviation = (squares / count).sqrt();
        // Five deviations of what is estimated.
        let close =
            |wanted: f64, found: f64| (found / wanted - 1.0).abs() < 5.0 / (2.0 * count).sqrt();
        let what =
            format!("{} {name}: mean {mean}, deviation {deviation}, up to {most}", spec.name());
        match *start {
            Start::Normal(wanted) => {
                assert!(close(wanted, deviation), "{what}");
                assert!(mean.abs() < 5.0 * wanted / count.sqrt(), "{what}");
                assert!(most > 2.0 * wanted, "{what}: no tails");
            }
            Start::Within(bound) => {
                assert!(close(bound / 3.0_f64.sqrt(), deviation), "{what}");
                assert!(most <= bound && most > 0.95 * bound, "{what}");
            }
            Start::At(value) => assert!(values.iter().all(|own| *own == value), "{what}"),
        }
    }
}

#[test]
fn weights_start_where_the_references_have_them() {
    use Start::{At, Normal, Within};
    let he = |connections: usize| Normal((2.0 / connections as f64).sqrt());
    starts(
        &resnet(18),
        &[
            ("conv1.weight", he(64 * 49)),
            ("layer2.0.conv1.weight", he(128 * 9)),
            ("layer2.0.downsample.0.weight", he(128)),
            ("layer2.0.bn2.weight", At(1.0)),
            ("fc.weight", Within(1.0 / 512.0_f64.sqrt())),
        ],
    );
    starts(
        &densenet(),
        &[
            ("features.conv0.weight", he(49)),
            ("features.denseblock1.denselayer2.conv1.weight", he(96)),
            ("features.denseblock1.denselayer2.conv2.weight", he(128 * 9)),
            ("classifier.weight", Within(1.0 / 1024.0_f64.sqrt())),
            ("classifier.bias", At(0.0)),
        ],
    );
    starts(
        &convnext(Head::Mean),
        &[
            ("stem.0.weight", Normal(0.02)),
            ("stages.1.downsample.1.bias", At(0.0)),
            ("stages.2.blocks.8.conv_dw.weight", Normal(0.02)),
            ("stages.2.blocks.8.mlp.fc1.weight", Normal(0.02)),
            ("stages.2.blocks.8.mlp.fc1.bias", At(0.0)),
            ("stages.2.blocks.8.gamma", At(1e-6)),
            ("head.fc.weight", Normal(0.02)),
        ],
    );
    let xavier = |inputs: usize, outputs: usize| Within((6.0 / (inputs + outputs) as f64).sqrt());
    starts(
        &panns(10),
        &[
            ("conv_block2.conv1.weight", xavier(64 * 9, 128 * 9)),
            ("fc1.weight", xavier(512, 512)),
            ("fc1.bias", At(0.0)),
            ("fc_audioset.weight", xavier(512, 5)),
        ],
    );
    starts(
        &mn(1.0),
        &[
            ("features.2.block.0.0.weight", he(64)),
            // kaiming_normal_ knows of no groups.
            ("features.2.block.1.0.weight", he(64 * 9)),
            ("features.4.block.2.conc_se_layers.0.fc1.weight", Normal(0.01)),
            ("classifier.2.weight", Normal(0.01)),
            ("classifier.5.bias", At(0.0)),
        ],
    );
}

#[test]
fn dropout_and_skipped_blocks_are_for_training_only() {
    let clips = clips();
    let run = |spec: &Spec, mode| {
        let model = build(spec);
        let pass = |step| {
            let act = || model.forward(&clips, mode);
            numbers(&stillroom::nn::pass::during(1, &[step], act).expect("logits"))
        };
        (pass(0), pass(1))
    };
    let dropping = [
        Spec::ResNet(ResNetOptions { classes: 5, dropout: 0.5, ..ResNetOptions::new(18) }),
        Spec::DenseNet(DenseNetOptions { classes: 5, dropout: 0.5, ..DenseNetOptions::default() }),
        Spec::ConvNext(ConvNextOptions { classes: 5, dropout: 0.5, ..ConvNextOptions::default() }),
        Spec::Panns(PannsOptions { classes: 5, dropout: 0.0, ..PannsOptions::new(6) }),
        Spec::Panns(PannsOptions { classes: 5, block_dropout: 0.0, ..PannsOptions::new(6) }),
        mn(0.5),
    ];
    for spec in dropping {
        let (first, second) = run(&spec, Mode::Train);
        assert!(first != second, "{spec:?}: nothing is left out in training");
        let (first, second) = run(&spec, Mode::Eval);
        assert!(first == second, "{spec:?}: something is left out in evaluation");
    }
    // The scale of a branch is too small to be seen at its start.
    let own = ConvNextOptions { classes: 5, drop_path: 0.5, ..ConvNextOptions::default() };
    let model = build(&Spec::ConvNext(own));
    for (name, parameter) in model.network().parameters() {
        if name.ends_with("gamma") {
            let ones = Tensor::full(&parameter.value().shape(), 1.0, &Device::default());
            parameter.set(ones.expect("ones")).expect(&name);
        }
    }
    let pass = |step, mode| {
        let act = || model.forward(&clips, mode);
        numbers(&stillroom::nn::pass::during(1, &[step], act).expect("logits"))
    };
    assert!(pass(0, Mode::Train) != pass(1, Mode::Train));
    assert!(pass(0, Mode::Eval) == pass(1, Mode::Eval));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let on = Device::default();
    let wrong = |spec: &Spec| spec.check("model").map_err(|error| error.kind());
    for width in [0.0, -1.0, 11.0, f64::NAN, f64::INFINITY] {
        assert_eq!(wrong(&mn(width)), Err(Kind::Range), "{width}");
    }
    for share in [-0.1, 1.1, f64::NAN] {
        let resnet = ResNetOptions { classes: 5, dropout: share, ..ResNetOptions::new(18) };
        assert_eq!(wrong(&Spec::ResNet(resnet)), Err(Kind::Range));
        let norm = Norm { momentum: share, ..Norm::TORCH };
        let densenet = DenseNetOptions { classes: 5, norm, ..DenseNetOptions::default() };
        assert_eq!(wrong(&Spec::DenseNet(densenet)), Err(Kind::Range));
        let convnext =
            ConvNextOptions { classes: 5, drop_path: share, ..ConvNextOptions::default() };
        assert_eq!(wrong(&Spec::ConvNext(convnext)), Err(Kind::Range));
        let panns = PannsOptions { classes: 5, block_dropout: share, ..PannsOptions::new(6) };
        assert_eq!(wrong(&Spec::Panns(panns)), Err(Kind::Range));
    }
    let built = |spec: &Spec, frames, mels| {
        let model = spec.build(InputShape { frames, mels }, 1, &on);
        model.map(|_| ()).map_err(|error| error.kind())
    };
    for spec in [resnet(18), densenet(), convnext(Head::Mean), panns(14), mn(0.5)] {
        assert_eq!(built(&spec, 31, 64), Err(Kind::Shape), "{}", spec.name());
        assert_eq!(built(&spec, 64, 31), Err(Kind::Shape), "{}", spec.name());
    }
    assert_eq!(built(&panns(6), 16, 15), Err(Kind::Shape));
    assert_eq!(built(&panns(6), 16, 16), Ok(()));
    assert_eq!(built(&resnet(19), 64, 64), Err(Kind::Range));
    assert_eq!(built(&panns(7), 64, 64), Err(Kind::Range));
    assert_eq!(built(&convnext(Head::Attention(0)), 64, 64), Err(Kind::Range));
    let none = Spec::Mn(MnOptions::default());
    assert_eq!(built(&none, 64, 64), Err(Kind::Range));
}
