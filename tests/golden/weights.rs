//! Checkpoints that PyTorch, timm, torchvision and transformers wrote, and what must come out of them.

use crate::support::named::named;
use crate::support::{Golden, close, golden};
use std::io::Read;
use std::path::PathBuf;
use stillroom::models::weights::{
    Checkpoint, Head, LoadOptions, Positions, Report, Stem, fitted_positions, load,
};
use stillroom::nn::{Net, Network};
use stillroom::tensor::{Device, Tensor, store};

fn file(name: &str) -> PathBuf {
    golden("weights").join(name)
}

fn loaded(net: &Net, name: &str, options: &LoadOptions) -> Report {
    let checkpoint = Checkpoint::open(&file(name)).expect(name);
    load(net, &checkpoint, options, &Device::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// A network with the names and shapes of what must come out.
fn like(expected: &[(String, Tensor)], grid: Option<[usize; 2]>) -> Net {
    let shapes: Vec<(String, Vec<usize>)> =
        expected.iter().map(|(name, tensor)| (name.clone(), tensor.shape())).collect();
    named(shapes.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())), grid)
}

#[track_caller]
fn compare(net: &Net, expected: &[(String, Tensor)]) {
    let state = net.state();
    assert_eq!(state.len(), expected.len());
    for ((name, found), (other, wanted)) in state.iter().zip(expected) {
        assert_eq!(name, other);
        let (found, wanted) = (found.to_values().expect(name), wanted.to_values().expect(name));
        // What is only moved is exact.
        close(name, &found, &wanted, 1e-7, 1e-6);
    }
}

#[test]
fn every_format_of_pytorch_gives_the_same_numbers() {
    let expected = Golden::load("weights.safetensors").under("plain.");
    for name in [
        "zip_f32.pt",
        "zip_f16.pt",
        "zip_bf16.pt",
        "zip_f64.pt",
        "legacy.pt",
        "protocol_4.pt",
        "protocol_5_legacy.pt",
        "plain.safetensors",
        "bf16.safetensors",
    ] {
        let net = like(&expected, None);
        let report = loaded(&net, name, &LoadOptions::default());
        assert_eq!((report.loaded, report.of, report.ignored), (2, 2, 0), "{name}");
        for ((_, found), (_, wanted)) in net.state().iter().zip(&expected) {
            assert_eq!(found.to_values().expect(name), wanted.to_values().expect(name), "{name}");
        }
    }
}

#[test]
fn views_of_a_storage_are_gathered() {
    let expected = Golden::load("weights.safetensors").under("views.");
    for name in ["views.pt", "views_legacy.pt"] {
        let net = like(&expected, None);
        loaded(&net, name, &LoadOptions::default());
        compare(&net, &expected);
    }
}

#[test]
fn a_network_is_found_among_what_a_training_saves() {
    let expected = Golden::load("weights.safetensors").under("nested.");
    let net = like(&expected, None);
    let report = loaded(&net, "nested.pth", &LoadOptions::default());
    compare(&net, &expected);
    assert_eq!(report.layout, "the network's own, under 'state_dict.module'");
    // Adam's three tensors for each of four parameters, and the counter of batches.
    assert_eq!((report.loaded, report.ignored), (6, 13));
}

#[test]
fn asts_own_file_goes_in_and_its_unused_heads_stay_out() {
    let expected = Golden::load("weights.safetensors").under("ast.");
    let net = like(&expected, Some([2, 3]));
    let report = loaded(&net, "ast.pth", &LoadOptions::default());
    compare(&net, &expected);
    assert_eq!((report.ignored, report.adapted.len()), (4, 0), "{report}");
}

#[test]
fn asts_file_for_other_classes_gets_a_new_head() {
    let mut expected = Golden::load("weights.safetensors").under("ast.");
    for (name, tensor) in &mut expected {
        let shape = match name.as_str() {
            "mlp_head.1.weight" => vec![5, 6],
            "mlp_head.1.bias" => vec![5],
            "mlp_head.0.weight" | "mlp_head.0.bias" => vec![6],
            _ => continue,
        };
        // What the network began with.
        *tensor = Tensor::full(&shape, -7.0, &Device::default()).expect("a tensor");
    }
    for head in [Head::Auto, Head::New] {
        let net = like(&expected, Some([2, 3]));
        let report = loaded(&net, "ast.pth", &LoadOptions { head, ..LoadOptions::default() });
        compare(&net, &expected);
        assert_eq!(report.fresh.len(), 4);
    }
    let net = like(&expected, Some([2, 3]));
    let checkpoint = Checkpoint::open(&file("ast.pth")).expect("the file");
    let options = LoadOptions { head: Head::Keep, ..LoadOptions::default() };
    let error = load(&net, &checkpoint, &options, &Device::default()).expect_err("another shape");
    let text = error.to_string();
    assert!(text.contains("mlp_head.1.bias [3] for [5]"), "{text}");
    assert!(text.contains("mlp_head.1.weight [3, 6] for [5, 6]"), "{text}");
}

#[test]
fn deits_file_becomes_an_ast_by_the_rules_of_asts_code() {
    let all = Golden::load("weights.safetensors");
    let mut expected = all.under("deit.");
    expected.retain(|(name, _)| name != "v.pos_embed");
    expected.push(("v.pos_embed".into(), all.tensor("deit_2x5.v.pos_embed").clone()));
    let mut shaped = expected.clone();
    let head = Tensor::full(&[3, 6], -7.0, &Device::default()).expect("a head");
    shaped.push(("mlp_head.1.weight".into(), head));
    let net = like(&shaped, Some([2, 5]));
    let report = loaded(&net, "deit.pth", &LoadOptions::default());
    compare(&net, &shaped);
    assert_eq!(report.fresh, ["mlp_head.1.weight"]);
    let told = report.to_string();
    assert!(told.contains("adapted, the sum over 3 channels: v.patch_embed.proj.weight"), "{told}");
    let how = "positions 3×3 to 2×5, time interpolated from 3 to 5 places, frequency cut to places 0 to 1 of 3";
    assert!(told.contains(how), "{told}");

    // The mean is a third of the sum.
    let net = like(&shaped, Some([2, 5]));
    loaded(&net, "deit.pth", &LoadOptions { stem: Some(Stem::Mean), ..LoadOptions::default() });
    let projection = |all: &[(String, Tensor)]| -> Vec<f32> {
        let found = all.iter().find(|(name, _)| name == "v.patch_embed.proj.weight");
        found.expect("the projection").1.to_values().expect("values")
    };
    let thirds: Vec<f32> = projection(&expected).iter().map(|value| value / 3.0).collect();
    close("mean", &projection(&net.state()), &thirds, 1e-7, 1e-6);
}

#[test]
fn hugging_faces_queries_keys_and_values_are_joined() {
    let expected = Golden::load("weights.safetensors").under("hf.");
    for name in ["hf.safetensors", "hf_memory_names.pt"] {
        let net = like(&expected, Some([2, 3]));
        let report = loaded(&net, name, &LoadOptions::default());
        compare(&net, &expected);
        assert!(report.layout.starts_with("Hugging Face"), "{report}");
        assert_eq!(report.adapted.len(), 2, "{report}");
    }
}

#[test]
fn positions_are_cut_and_interpolated_as_asts_code_does() {
    let all = Golden::load("weights.safetensors");
    let mut count = 0;
    for (name, tokens, grid) in
        [("square", 2, [14, 14]), ("audio", 2, [12, 101]), ("plain", 1, [4, 4])]
    {
        let table = all.tensor(&format!("positions.{name}.table"));
        for (to, wanted) in all.under(&format!("positions.{name}.")) {
            let Some((rows, columns)) = to.split_once('x') else { continue };
            let to = [rows, columns].map(|side| side.parse().expect("a number"));
            let from = Positions { tokens, grid };
            let (found, _) =
                fitted_positions(table, from, Positions { tokens, grid: to }).expect(name);
            assert_eq!(found.shape(), wanted.shape());
            let (found, wanted) = (found.to_values().expect(name), wanted.to_values().expect(name));
            close(&format!("{name} {to:?}"), &found, &wanted, 1e-6, 1e-6);
            count += 1;
        }
    }
    assert_eq!(count, 10);
}

/// Names and shapes of the networks of several packages, in the order of their `state_dict`.
fn listed(name: &str) -> Vec<(String, Vec<usize>)> {
    let archive = std::fs::File::open(file("names.zip")).expect("the names");
    let mut archive = zip::ZipArchive::new(archive).expect("an archive");
    let mut text = String::new();
    archive.by_index(0).expect("a file").read_to_string(&mut text).expect("a text");
    let own = text.split("# ").find(|part| part.lines().next() == Some(name)).expect(name);
    let line = |line: &str| {
        let mut words = line.split(' ');
        let name = words.next().expect("a name").to_string();
        // Shapes stay apart from each other, but small.
        let shape = words.map(|own| own.parse::<usize>().expect("a length").min(5));
        (name, shape.collect::<Vec<_>>())
    };
    let all = own.lines().skip(1).map(line);
    all.filter(|(name, _)| !name.ends_with("num_batches_tracked")).collect()
}

/// Both packages list the same layers in the same order: so the number of a tensor says where it belongs.
#[test]
fn names_of_other_packages_are_timms() {
    let folder = tempfile::tempdir().expect("a folder");
    for (theirs, ours, layout) in [
        ("torchvision_efficientnet_b0", "timm_efficientnet_b0", "torchvision's EfficientNet"),
        ("torchvision_efficientnet_b2", "timm_efficientnet_b2", "torchvision's EfficientNet"),
        ("efficientnet_pytorch_b0", "timm_efficientnet_b0", "efficientnet_pytorch"),
        ("efficientnet_pytorch_b2", "timm_efficientnet_b2", "efficientnet_pytorch"),
        ("torchvision_convnext_tiny", "timm_convnext_tiny", "torchvision's ConvNeXt"),
        ("torchvision_resnet18", "timm_resnet18", "the network's own"),
        ("torchvision_densenet121", "timm_densenet121", "the network's own"),
    ] {
        let (from, to) = (listed(theirs), listed(ours));
        assert_eq!(from.len(), to.len(), "{theirs}");
        for prefix in ["", "module.", "state_dict.module."] {
            let tensor = |(index, (name, shape)): (usize, &(String, Vec<usize>))| {
                let value =
                    Tensor::full(shape, index as f64, &Device::default()).expect("a tensor");
                (format!("{prefix}{name}"), value)
            };
            let tensors: Vec<(String, Tensor)> = from.iter().enumerate().map(tensor).collect();
            let path = folder.path().join("theirs.safetensors");
            store::save(&path, &tensors).expect("a file");
            let net = named(to.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())), None);
            let checkpoint = Checkpoint::open(&path).expect("the file");
            let report = load(&net, &checkpoint, &LoadOptions::default(), &Device::default())
                .unwrap_or_else(|error| panic!("{theirs}: {error}"));
            assert_eq!(report.loaded, to.len(), "{theirs}: {report}");
            assert!(report.layout.starts_with(layout), "{theirs}: {report}");
            for (index, (name, value)) in net.state().iter().enumerate() {
                let values = value.to_values().expect("values");
                assert!(values.iter().all(|value| *value == index as f32), "{theirs}: {name}");
            }
        }
    }
}
