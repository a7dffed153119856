//! Every model of the zoo as a graph, and under other libraries' names: for ONNX Runtime and PyTorch, by hand. It takes
//! minutes and gigabytes.

use super::{all_work, exported};
use crate::golden::formula::weight;
use stillroom::models::{InputShape, Naming};
use stillroom::nn::{Mode, Network};
use stillroom::recipe::{named_model, named_models};
use stillroom::tensor::random::Stream;
use stillroom::tensor::{Device, Tensor, store};

/// Small clips: the largest networks are run by an interpreter that is built without optimisation.
const INPUT: InputShape = InputShape { frames: 80, mels: 64 };

#[test]
#[ignore = "minutes and gigabytes; see the book on tests"]
fn every_model_of_the_zoo() {
    let only = std::env::var("STILL_ONLY").unwrap_or_default();
    let models = named_models();
    let wanted = models.iter().filter(|model| model.name.contains(&only));
    let mut found = Vec::new();
    for model in wanted {
        let options = [("classes".to_string(), "5".to_string())];
        let outcome = named_model(&model.name, &options).and_then(|spec| {
            let built = spec.build(INPUT, 3, &Device::cpu())?;
            let net = built.net();
            // As they begin, some networks give thousandths, in which no mistake would be seen.
            for (name, parameter) in built.network().parameters() {
                let shape = parameter.value().shape();
                let values = Tensor::from_values(weight(&name, &shape), &shape, &Device::cpu())?;
                parameter.set(values)?;
            }
            let act = |x: &Tensor| net.forward(x, Mode::Eval);
            let name = format!("zoo_{}", model.name);
            exported(&name, &[INPUT.frames, INPUT.mels], true, net.state(), &act)
        });
        let told =
            outcome.as_ref().map(|own| format!("{:.1e} of {:.1e}", own.difference, own.largest));
        eprintln!("{}: {}", model.name, told.unwrap_or_else(|error| error.to_string()));
        found.push((model.name.as_str(), outcome));
    }
    assert!(!found.is_empty(), "no model is called '{only}'");
    all_work(found);
}

/// Weights under the names of timm, AST and Hugging Face, with clips and our logits, into the folder `STILL_NAMES`.
#[test]
#[ignore = "writes for tests/golden/names_check.py; see the book on tests"]
fn weights_under_the_names_of_others() {
    let folder = std::env::var_os("STILL_NAMES").expect("STILL_NAMES names a folder");
    let folder = std::path::Path::new(&folder);
    let cases = [
        ("ast_tiny", Naming::Ast),
        ("ast_tiny", Naming::AstModule),
        ("ast_tiny", Naming::HuggingFace),
        ("ast_small", Naming::Ast),
        ("ast_tiny", Naming::Timm),
        ("vit_tiny", Naming::Own),
        ("efficientnet_b0", Naming::Own),
        ("resnet18", Naming::Own),
        ("densenet121", Naming::Own),
        ("convnext_tiny", Naming::Own),
    ];
    for (name, naming) in cases {
        let options = [("classes".to_string(), "7".to_string())];
        let spec = named_model(name, &options).expect(name);
        let input = InputShape { frames: 128, mels: 128 };
        let model = spec.build(input, 11, &Device::cpu()).expect(name);
        let mut random = Stream::new(2, "clips for PyTorch", &[]);
        let clips = Tensor::normal(&[2, 128, 128], &mut random, &Device::cpu()).expect("clips");
        let logits = model.forward(&clips, Mode::Eval).expect("logits");
        let mut all = naming.apply(&model.network().state()).expect("names");
        all.extend([("still.clips".to_string(), clips), ("still.logits".to_string(), logits)]);
        let file = folder.join(format!("{name}.{}.safetensors", naming.name()));
        std::fs::write(file, store::encode(&all).expect("bytes")).expect("a folder to write to");
    }
}
