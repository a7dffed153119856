//! The one list of option keys: every function with a map of options is in it, and takes what it says.

use super::host::{evaluate, fails, plain_engine};
use stillroom::script::catalogue::Form;
use stillroom::script::{Catalogue, options_of};

/// Maps that are no options.
const OTHER_MAPS: [&str; 7] =
    ["load", "save", "grad", "set$state", "map_labels", "print", "to_string"];

/// Functions of ours whose last map holds options.
fn with_options(catalogue: &Catalogue) -> Vec<&Form> {
    let ours = catalogue.forms().iter().filter(|form| !form.doc.is_empty());
    let maps = ours.filter(|form| form.parameters.iter().any(|one| one.kind.ends_with("Map")));
    let written = maps.filter(|form| form.is_written());
    written.filter(|form| !OTHER_MAPS.contains(&form.name.as_str())).collect()
}

/// A call of a form with these options, and something harmless for everything else.
fn call(form: &Form, options: &str) -> String {
    let value = |kind: &str| {
        let kind = kind.trim_start_matches('&').trim_start_matches("mut ");
        match kind {
            "Map" => options.to_string(),
            "Tensor" => "tensor([[1.0]])".to_string(),
            "&str" | "str" => "\"still:example\"".to_string(),
            "Array" => "[]".to_string(),
            "Fn" => "|| 1".to_string(),
            "Net" => "nn::attention(2, 1)".to_string(),
            "Model" | "Trained" => "nn::relu()".to_string(),
            "DatasetHandle" => "dataset::esc50(\"still:example\", #{ per_class: 1 })".to_string(),
            "OptimizerHandle" => "optim::sgd(#{})".to_string(),
            _ => "1".to_string(),
        }
    };
    let arguments: Vec<String> = form.parameters.iter().map(|one| value(&one.kind)).collect();
    format!("{}({})", form.full_name(), arguments.join(", "))
}

#[test]
fn every_function_with_options_is_in_the_list() {
    let catalogue = Catalogue::of(&plain_engine());
    let forms = with_options(&catalogue);
    assert!(forms.len() > 50, "{}", forms.len());
    for form in forms {
        let name = form.full_name();
        // Which options there are depends on the initialiser.
        if name == "init" {
            continue;
        }
        let known = options_of(&catalogue, &name).unwrap_or_else(|| panic!("{name} is missing"));
        let error = fails(&call(form, "#{ zzz: 1 }"));
        assert!(error.contains("unknown option 'zzz'"), "{name}: {error}");
        for key in known {
            let outcome = evaluate(&call(form, &format!("#{{ {}: () }}", key.name)));
            let error = outcome.err().unwrap_or_default();
            assert!(!error.contains("unknown option"), "{name}: {error}");
            assert!(!error.contains("defect"), "{name}: {error}");
        }
    }
}

#[test]
fn initialisers_and_maps_within_maps_have_options_too() {
    let catalogue = Catalogue::of(&plain_engine());
    let names = |function: &str| -> Vec<&'static str> {
        let keys = options_of(&catalogue, function);
        keys.into_iter().flatten().map(|key| key.name).collect()
    };
    assert_eq!(names("init \"uniform\""), ["low", "high"]);
    assert_eq!(names("init \"zeros\""), [""; 0]);
    assert!(names("init").contains(&"gain"));
    assert_eq!(names("optim::sgd.groups"), ["names", "lr", "lr_scale", "weight_decay"]);
    assert_eq!(names("optim::muon.adamw"), ["names", "lr", "betas", "eps", "weight_decay"]);
    assert_eq!(options_of(&catalogue, "kd::cmkd"), None);
}

#[test]
fn options_are_explained() {
    let catalogue = Catalogue::of(&plain_engine());
    let about = |function: &str, key: &str| {
        let keys = options_of(&catalogue, function).unwrap_or_default();
        keys.into_iter().find(|own| own.name == key).map(|own| own.about).unwrap_or_default()
    };
    insta::assert_snapshot!(about("optim::adam", "betas"), @"[0.9, 0.999]");
    insta::assert_snapshot!(about("optim::adam", "clip_norm"), @"the longest that all gradients together may be");
    insta::assert_snapshot!(about("train", "data"), @"required");
    insta::assert_snapshot!(about("distill", "epochs"), @"10");
    insta::assert_snapshot!(about("nn::conv2d", "stride"), @"1");
    // Each that nothing is said of would be a gap in the reference.
    let mut silent = Vec::new();
    for form in with_options(&catalogue) {
        let name = form.full_name();
        for key in options_of(&catalogue, &name).into_iter().flatten() {
            let one = format!("{name} {}", key.name);
            if key.about.is_empty() && !silent.contains(&one) {
                silent.push(one);
            }
        }
    }
    insta::assert_snapshot!(silent.join("\n"), @"init slope");
}
