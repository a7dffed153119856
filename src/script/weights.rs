//! Weights of files into networks, and what became of them.

use super::Host;
use super::options::Options;
use super::pretrained::{load_options, weights_at};
use super::register::{functions, property};
use crate::error::Result;
use crate::models::weights::{Checkpoint, Report, load};
use crate::nn::Net;
use crate::tensor::Device;
use rhai::{Array, Dynamic, FuncRegistration, INT, Map, Module};
use std::sync::Arc;

pub(super) fn functions(module: &mut Module, host: &Arc<dyn Host>) {
    getters(module);
    let (first, second) = (host.clone(), host.clone());
    functions! { module;
        /// Takes over the weights of a file: safetensors, or what PyTorch's `torch.save(model.state_dict(), …)` writes.
        /// Nothing in the file is run. Gives a report, which can be printed.
        ///
        /// Whose names the file has is found out: timm, torchvision, efficientnet_pytorch, AST, DeiT, Hugging Face,
        /// EfficientAT, PANNs. Options: `map`: other names, as `#{ "encoder.*": "body.*" }` or an array of pairs, the
        /// first that fits counting; each `*` on the right is what the one on the left stood for, and `()` leaves a
        /// tensor out; `strict` (true): what is missing, unexpected or of another shape is an error; `allow`: patterns
        /// of names at which it is none; `head` ("auto": the file's where it fits, else a new one; "keep", "new");
        /// `stem`: how the first convolution gets a single channel: "mean", or "sum" as for patches by itself;
        /// `grid`: the grid of the file's positions, `[frequency, time]`, where it cannot be told from their number.
        /// Errors: a file that nobody allowed (`--data-root`, or the value of a `--set`), a damaged one, one with code
        /// in it; numbers that are not finite. After an error the network is as it was.
        ///
        /// ```rhai
        /// tensor::save(#{ "encoder.weight": tensor([[1.0, 2.0]]), "encoder.bias": tensor([0.5]) }, "example.safetensors");
        /// let net = nn::sequential([nn::linear(2, 1)]);
        /// let report = net.load("example.safetensors", #{ map: #{ "encoder.*": "0.*" } });
        /// report.loaded == 2 && net.forward(tensor([[1.0, 1.0]])).item() == 3.5
        /// ```
        fn "load"(net: Net, file: &str, options: Map) -> Report {
            load_file(first.as_ref(), &net, file, options)
        }

        /// As `load(file, options)`, with all options as they stand.
        ///
        /// ```rhai
        /// let net = nn::linear(2, 3);
        /// tensor::save(net.state(), "example_linear.safetensors");
        /// nn::linear(2, 3).load("example_linear.safetensors").missing == []
        /// ```
        fn "load"(net: Net, file: &str) -> Report {
            load_file(second.as_ref(), &net, file, Map::new())
        }
    }
}

fn load_file(host: &dyn Host, net: &Net, file: &str, options: Map) -> Result<Report> {
    let options = load_options(&Options::new("load", options)?)?;
    let path = weights_at(host, "load", file)?;
    load(net, &Checkpoint::open(&path)?, &options, &Device::default())
}

/// An example of a property: a network's own weights, written and read.
macro_rules! example {
    ($rest:literal) => {
        concat!(
            "tensor::save(nn::linear(2, 1).state(), \"example_report.safetensors\"); ",
            "nn::linear(2, 1).load(\"example_report.safetensors\").",
            $rest
        )
    };
}

/// What the properties are, each with an example.
const LAYOUT: [&str; 2] =
    ["Whose names the file has.", example!("layout == \"the network's own\"")];
const LOADED: [&str; 2] =
    ["How many parameters and buffers have the file's numbers.", example!("loaded == 2")];
const TOTAL: [&str; 2] =
    ["How many parameters and buffers the network has.", example!("total == 2")];
const ADAPTED: [&str; 2] =
    ["What was made to fit: an array of maps with `name` and `how`.", example!("adapted == []")];
const FRESH: [&str; 2] =
    ["Names of a new head, which keeps the numbers that it had.", example!("fresh == []")];
const MISSING: [&str; 2] = ["Names that are not in the file.", example!("missing == []")];
const MISMATCHED: [&str; 2] =
    ["Names that have another shape in the file, with both.", example!("mismatched == []")];
const UNEXPECTED: [&str; 2] =
    ["Names of the file for which the network has no place.", example!("unexpected == []")];
const IGNORED: [&str; 2] = [
    "How many tensors of the file nobody misses, such as counters of batches.",
    example!("ignored == 0"),
];

fn getters(module: &mut Module) {
    let mut getter = |name: &str, gives: &str, doc: [&str; 2], read: fn(&Report) -> Dynamic| {
        FuncRegistration::new(format!("get${name}"))
            .in_global_namespace()
            .with_comments(property(doc))
            .with_params_info(["report: LoadReport", gives])
            .set_into_module(module, move |report: &mut Report| read(report));
    };
    getter("layout", "String", LAYOUT, |own| own.layout.clone().into());
    getter("loaded", "i64", LOADED, |own| (own.loaded as INT).into());
    getter("total", "i64", TOTAL, |own| (own.of as INT).into());
    getter("adapted", "Array", ADAPTED, |own| {
        let each = own.adapted.iter().map(|one| {
            let mut map = Map::new();
            map.insert("name".into(), one.name.clone().into());
            map.insert("how".into(), one.how.clone().into());
            Dynamic::from(map)
        });
        each.collect::<Array>().into()
    });
    getter("fresh", "Array", FRESH, |own| names(&own.fresh));
    getter("missing", "Array", MISSING, |own| names(&own.missing));
    getter("mismatched", "Array", MISMATCHED, |own| names(&own.mismatched));
    getter("unexpected", "Array", UNEXPECTED, |own| names(&own.unexpected));
    getter("ignored", "i64", IGNORED, |own| (own.ignored as INT).into());
    FuncRegistration::new("to_string")
        .in_global_namespace()
        .set_into_module(module, |report: &mut Report| report.to_string());
}

fn names(all: &[String]) -> Dynamic {
    all.iter().cloned().map(Dynamic::from).collect::<Array>().into()
}
