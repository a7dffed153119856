//! Hover and signatures.

use super::client::Editor;
use serde_json::Value;

#[test]
fn hover_tells_forms_and_what_they_do() {
    let mut editor = Editor::new();
    let kl = editor.hover("let k = kd::cm‸kd(a, b, c, 0.5, 1);");
    assert!(kl.starts_with("```rhai\nkd::cmkd(student: Tensor, teacher: Tensor"), "{kl}");
    let both = editor.hover("let k = kd::k‸l(a, b);");
    assert!(both.contains("kd::kl(student: Tensor, teacher: Tensor) -> Tensor"), "{both}");
    assert!(both.contains("KL(softmax"), "{both}");
    let adam = editor.hover("let o = optim::ad‸am(#{ lr: 1 });");
    assert!(adam.contains("optim::adam(options: map) -> Optimizer"), "{adam}");
    assert!(adam.contains("torch.optim.Adam"), "{adam}");
    let betas = editor.hover("let o = optim::adam(#{ be‸tas: 1 });");
    assert!(betas.contains("option of `optim::adam`: by default [0.9, 0.999]"), "{betas}");
    let set = editor.hover("let o = #{ lr: 1 };\no.be‸tas = [0.9, 0.9];\nlet a = optim::adam(o);");
    assert!(set.contains("option of `optim::adam`: by default [0.9, 0.999]"), "{set}");
    let method = editor.hover("let t = tensor([1]).soft‸max(0);");
    assert!(method.contains("softmax(tensor: Tensor"), "{method}");
    let property = editor.hover("let d = dataset::esc50(\"x\"); d.cla‸sses");
    assert!(property.contains("Dataset.classes: integer"), "{property}");
    let namespace = editor.hover("let o = opt‸im::adam(#{});");
    assert!(namespace.contains("adam, adamw"), "{namespace}");
    assert_eq!(editor.hover("// opt‸im::adam"), "nothing");
    assert_eq!(editor.hover("let own = #{ ke‸y: 1 };"), "nothing");
    assert_eq!(editor.leave(), 0);
}

#[test]
fn hover_tells_what_is_the_recipes_own() {
    let mut editor = Editor::new();
    let hook = "train(m, #{});\n/// Mine.\nfn lo‸ss(ctx, student, target) { 1 }";
    assert_eq!(
        editor.hover(hook),
        "```rhai\nfn loss(ctx, student, target)\n```\n\nMine.\n\n**A hook**, found by its name: `train(…)` calls \
         `loss(ctx, student, target)`; `distill(…)` calls `loss(ctx, student, teacher, target)`, at every step. It \
         gives the loss, a tensor with one element. Edits are in force from the next step on."
    );
    let own = editor.hover("/// Adds *one*.\nfn add(a) { a + 1 }\nlet x = ad‸d(1);");
    assert_eq!(own, "```rhai\nfn add(a)\n```\n\nAdds *one*.");
    let std = editor.hover("import \"std/hinton\" as h;\nlet x = h::so‸ft(1, 2, 3);");
    assert!(std.contains("fn soft(student, teacher, tau)") && std.contains("KL"), "{std}");
    let module = editor.hover("import \"std/hin‸ton\" as h;");
    assert!(module.contains("Hinton's distillation"), "{module}");
    let alias = editor.hover("import \"std/hinton\" as h;\nlet x = h‸::soft(1, 2, 3);");
    assert!(alias.contains("Hinton's distillation"), "{alias}");
    let variable = editor.hover("let data = dataset::esc50(\"x\");\nda‸ta.classes");
    assert!(variable.contains("let data: Dataset = dataset::esc50(\"x\")"), "{variable}");
    assert!(variable.contains("line 1. Functions do not see it"), "{variable}");
    let parameter = editor.hover("fn f(ctx, x) { c‸tx.epoch }");
    assert!(parameter.contains("ctx: Context") && parameter.contains("a parameter"), "{parameter}");
    assert_eq!(editor.leave(), 0);
}

/// `label [parameter]` of the form that is marked.
fn active(help: &Value) -> String {
    let form = &help["signatures"][help["activeSignature"].as_u64().expect("a form") as usize];
    let at = help["activeParameter"].as_u64().expect("a parameter") as usize;
    let parameter = form["parameters"][at]["label"].as_str().unwrap_or("none");
    format!("{} [{parameter}]", form["label"].as_str().expect("a label"))
}

#[test]
fn signatures_know_which_parameter_is_written() {
    let mut editor = Editor::new();
    let mut told = |text: &str| {
        let params = editor.at(text);
        let help = editor.ask("textDocument/signatureHelp", params);
        if help.is_null() { "nothing".to_string() } else { active(&help) }
    };
    // While arguments are still to come, too.
    assert_eq!(told("fn own(a, b, c) { a }\nown(1, ‸"), "own(a, b, c) [b]");
    assert_eq!(told("fn own(a, b, c) { a }\nown(‸)"), "own(a, b, c) [a]");
    assert!(told("train(‸)").starts_with("train(model: Model, options: map)"));
    assert_eq!(
        told("kd::kl(a, ‸)"),
        "kd::kl(student: Tensor, teacher: Tensor) -> Tensor [teacher: Tensor]"
    );
    assert_eq!(
        told("kd::kl(‸"),
        "kd::kl(student: Tensor, teacher: Tensor) -> Tensor [student: Tensor]"
    );
    assert_eq!(
        told("kd::kl(f(1, 2, 3), ‸\nlet x = 1;"),
        "kd::kl(student: Tensor, teacher: Tensor) -> Tensor [teacher: Tensor]"
    );
    assert_eq!(
        told("nn::linear(2, 3, ‸)"),
        "nn::linear(inputs, outputs, options: map) -> Network [options: map]"
    );
    assert_eq!(
        told("nn::linear(2, 3, #{ bias: true, ‸ })"),
        "nn::linear(inputs, outputs, options: map) -> Network [options: map]"
    );
    assert_eq!(told("fn own(a, b) { a }\nown(1, ‸)"), "own(a, b) [b]");
    assert_eq!(
        told("import \"std/hinton\" as h;\nh::soft(a, b, ‸)"),
        "h::soft(student, teacher, tau) [tau]"
    );
    assert_eq!(
        told("let t = tensor([1]); t.softmax(‸)"),
        "softmax(dim: integer) -> Tensor [dim: integer]"
    );
    assert_eq!(told("(1 + ‸)"), "nothing");
    assert_eq!(told("f(\"a, ‸\")"), "nothing");
    assert_eq!(editor.leave(), 0);
}
