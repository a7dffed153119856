//! ResNets, DenseNet, ConvNeXt, PANNs' CNNs and EfficientAT's MobileNets against torchvision, timm and the definitions of
//! their papers, in the manner of `zoo.rs`.

use super::zoo::{CLASSES, check};
use stillroom::models::{
    ConvNextOptions, DenseNetOptions, MnOptions, PannsOptions, ResNetOptions, Spec,
};

#[test]
fn resnets_are_torchvisions_and_timms() {
    for (layers, [mels, frames]) in [(18, [64, 96]), (34, [64, 96]), (50, [64, 64])] {
        let own = ResNetOptions { classes: CLASSES, ..ResNetOptions::new(layers) };
        check(&format!("resnet{layers}"), Spec::ResNet(own), mels, frames);
    }
}

#[test]
fn densenet_is_torchvisions() {
    let own = DenseNetOptions { classes: CLASSES, ..DenseNetOptions::default() };
    check("densenet121", Spec::DenseNet(own), 64, 96);
}

#[test]
fn convnext_is_timms() {
    let own = ConvNextOptions { classes: CLASSES, drop_path: 0.0, ..ConvNextOptions::default() };
    check("convnext_tiny", Spec::ConvNext(own), 64, 96);
}

#[test]
fn cnns_of_panns_are_theirs() {
    for (layers, [mels, frames]) in [(6, [65, 50]), (10, [65, 50]), (14, [64, 70])] {
        let (block_dropout, dropout) = (0.0, 0.0);
        let own = PannsOptions::new(layers);
        let own = PannsOptions { classes: CLASSES, block_dropout, dropout, ..own };
        check(&format!("cnn{layers}"), Spec::Panns(own), mels, frames);
    }
}

#[test]
fn mobilenets_are_efficientats() {
    for (name, width) in [("mn04", 0.4), ("mn10", 1.0), ("mn40", 4.0)] {
        let own = MnOptions { classes: CLASSES, width, dropout: 0.0, ..MnOptions::default() };
        check(name, Spec::Mn(own), 64, 96);
    }
}
