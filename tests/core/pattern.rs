//! Patterns of parameter names.

use stillroom::nn::Pattern;

fn fits(pattern: &str, name: &str) -> bool {
    Pattern::new(pattern).expect("a pattern").matches(name)
}

#[test]
fn wildcards_stand_for_the_whole_name() {
    assert!(fits("head.weight", "head.weight"));
    assert!(!fits("head", "head.weight") && !fits("weight", "head.weight"));
    assert!(fits("*", "") && fits("*", "a.b.c") && fits("head.*", "head."));
    assert!(fits("*.bias", "blocks.0.attn.bias") && !fits("*.bias", "blocks.0.bias.x"));
    assert!(fits("*norm*", "layers.1.norm2.weight") && !fits("*norm*", "layers.1.nor.m"));
    assert!(fits("a*b*c", "abbxc") && !fits("a*b*c", "acb"));
    assert!(fits("conv?.weight", "conv1.weight"));
    assert!(!fits("conv?.weight", "conv.weight") && !fits("conv?.weight", "conv12.weight"));
}

#[test]
fn alternatives() {
    for name in ["stem.weight", "head.weight", "head2.weight"] {
        assert!(fits("{stem,head*}.weight", name), "{name}");
    }
    assert!(!fits("{stem,head}.weight", "neck.weight"));
    assert!(fits("norm{,1,2}.bias", "norm.bias") && fits("norm{,1,2}.bias", "norm2.bias"));
    assert!(fits("blocks.{0-2,[5,7]}.w", "blocks.7.w") && fits("{0-2,[5,7]}", "1"));
    assert!(!fits("blocks.{0-2,[5,7]}.w", "blocks.6.w"));
}

#[test]
fn ranges_stand_for_whole_numbers() {
    for pattern in ["blocks.0-5.*", "blocks.[0-5].*", "blocks.[0,1,2-5].*", "blocks.{0-3,4-5}.*"] {
        for (number, inside) in [(0, true), (3, true), (5, true), (6, false), (10, false)] {
            assert_eq!(fits(pattern, &format!("blocks.{number}.attn.bias")), inside, "{pattern}");
        }
    }
    // No part of a number: the 1 of 12 is no block.
    assert!(!fits("layer0-5*", "layer12") && fits("layer0-5*", "layer4x"));
    assert!(!fits("layer1[0-5]", "layer12"), "12 is one number, and 2 only a part of it");
    assert!(fits("b.8-12", "b.10") && !fits("b.8-12", "b.1") && !fits("b.8-12", "b.13"));
    // Digits without a range are digits.
    assert!(fits("b.12", "b.12") && fits("b.1*", "b.12") && !fits("b.1", "b.12"));
    assert!(fits("a-b", "a-b"));
}

#[test]
fn many_wildcards_take_no_time() {
    let pattern = "*a".repeat(60);
    assert!(!fits(&pattern, &format!("{}b", "a".repeat(3000))));
}

#[test]
fn what_is_no_pattern() {
    let wrong = |text: &str| Pattern::new(text).expect_err(text).to_string();
    insta::assert_snapshot!(wrong(""), @r"
    error[range]: the pattern '': is empty
      hint: * is any text, ? one character, {a,b} either, 0-5 a number
    ");
    insta::assert_snapshot!(wrong("blocks.5-0.*"), @r"
    error[range]: the pattern 'blocks.5-0.*': has a range that runs backwards
      hint: * is any text, ? one character, {a,b} either, 0-5 a number
    ");
    for (text, problem) in [
        ("{a,b", "has a { without its }"),
        ("a}", "has a } without its {"),
        ("[0-3", "has a [ without its ]"),
        ("0]", "has a ] without its ["),
        ("{a,{b,c}}", "has alternatives within alternatives"),
        ("[a-c]", "has [ ] with something other than numbers and ranges"),
        ("[]", "has [ ] with something other than numbers and ranges"),
        ("[0-3.5]", "has [ ] with something other than numbers and ranges"),
        ("[4-3]", "has a range that runs backwards"),
    ] {
        assert!(wrong(text).contains(problem), "{text}: {}", wrong(text));
    }
    assert!(Pattern::new(&"{".repeat(100_000)).is_err());
    assert!(Pattern::new(&"9".repeat(100)).is_ok(), "digits of a name, no number");
}

#[test]
fn a_pattern_that_fits_nothing_names_the_nearest() {
    let names = ["stem.0.weight", "blocks.0.norm.bias", "blocks.11.norm.bias", "head.bias"];
    let message =
        |text: &str| Pattern::new(text).expect("a pattern").unmatched("freeze", &names).to_string();
    insta::assert_snapshot!(message("blocks.12-20.nrm.*"), @r"
    error[name]: freeze: no parameter fits 'blocks.12-20.nrm.*'
      hint: the nearest are blocks.0.norm.bias, blocks.11.norm.bias, stem.0.weight
    ");
    assert!(message("haed.*").contains("the nearest are head.bias, "), "{}", message("haed.*"));
    let none = Pattern::new("a").expect("a pattern").unmatched("freeze", &[]).to_string();
    assert!(none.contains("there are no parameters"), "{none}");
}
