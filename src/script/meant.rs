//! What is meant by a call or a property of a value of such a type, where others call it so.

use super::pytorch;

/// What is meant by a function that there is, with arguments of these types.
pub(super) fn arguments(name: &str, types: &str) -> Option<&'static str> {
    Some(match (name, types.split(", ").next()?) {
        ("t", "Tensor") => "write x.transpose(0, 1)",
        ("float" | "half", "Tensor") => "write x.to(\"f32\"): numbers have single precision",
        ("train", "Network") => "write net.eval(); a stage has its student in training mode itself",
        ("long" | "int", "Tensor") => "write x.to(\"i64\")",
        ("numel", "Tensor") => "it is a property: x.count",
        ("train", "map") if ["map, Model", "map, Network"].contains(&types) => {
            "the model comes first: train(model, options)"
        }
        (_, "float" | "integer") if name.starts_with("optim::") => {
            "options stand in a map: optim::adam(#{ lr: 1e-3 })"
        }
        ("map" | "filter" | "reduce" | "for_each", "range") => {
            "a range is gone through: for i in 0..10 { … }"
        }
        ("to", "Network") => "networks live where the run does: still run R --device …",
        ("len", "Dataset") => "write data.clips, data.train_clips or data.test_clips",
        ("report", "Trained") => "a report takes an array of results: report([student])",
        ("each_step" | "stage", _) if types.ends_with("string") => {
            "a function is handed on as Fn(\"teach\")"
        }
        ("print", _) => "it takes one value; several are put into a text: print(`${a} ${b}`)",
        ("kd::kl", "Tensor")
            if ["Tensor, Tensor, float", "Tensor, Tensor, integer"].contains(&types) =>
        {
            "it has no temperature: tau of distill(…) is the teacher's; std/hinton has one for both"
        }
        ("size" | "length", "array" | "string" | "map") => "write x.len()",
        ("get", "map") => "write map.get(\"key\") ?? 3",
        (_, "nothing") => {
            "the first value is nothing: what only changes something, such as push, gives no value; write it as a \
             statement of its own"
        }
        ("tensor::save", "Tensor") => {
            "one tensor is written by x.save(\"x.npy\"); several have names: tensor::save(#{ x: x }, \"x.npz\")"
        }
        ("tensor::save", "Network") => {
            "the weights of a network are written by tensor::save(net.state(), \"net.safetensors\")"
        }
        ("len", "Tensor") => "write x.shape[0], or x.count for all its elements",
        (_, "array") if pytorch::REDUCTIONS.contains(&name) => {
            "make the array a tensor first: tensor([…]).mean(); of tensors, a + b, or stack([a, b], 0).sum()"
        }
        _ if types.split(", ").any(|kind| kind == "Batch") => {
            "a batch has its clips as batch.input and their labels as batch.target"
        }
        _ => return None,
    })
}

/// A property of a value of such a type.
pub(super) fn property(name: &str, owner: &str) -> Option<&'static str> {
    Some(match (name, owner) {
        ("length" | "size", "array" | "string" | "map") => "write x.len()",
        ("test" | "train" | "validation", "Dataset") => {
            "data.batches(#{ split: \"test\", features: features }) goes through them, data.only(\"test\") is a set of them"
        }
        ("param_groups", "Optimizer") => "write optimizer.lr = 1e-4",
        ("parameters", "Network") => {
            "net.trainable() has their names, net.weight(name) one of them"
        }
        ("weight" | "bias", "Network") => {
            "write net.weight(\"bias\"), or net.weight(\"0.bias\") of a part"
        }
        ("input" | "target" | "clips" | "mixes", "Context") => {
            "a step of one's own is given the batch: fn step(ctx, batch); a loss is given what the networks say of it: fn loss(ctx, student, teacher, target)"
        }
        ("teacher" | "student", "Context") => {
            "a loss is given what they say: fn loss(ctx, student, teacher, target); inner outputs are in ctx.taps"
        }
        ("eval_mode", "Network") => "it is called: net.eval()",
        (_, "array") => "an array has elements: a[0] is the first, a[-1] the last one",
        _ => return None,
    })
}

/// A property that cannot be set.
pub(super) fn setting(name: &str, owner: &str) -> Option<String> {
    let hint = match (name, owner) {
        ("lr" | "lambda" | "tau", "Context") => {
            format!("it is what the hook gives: fn {name}(ctx) {{ … }}")
        }
        (_, "Batch") => {
            "a batch stays as it is: give its new inputs back, or #{ input: …, target: … }"
                .to_string()
        }
        (_, "Context") => format!("what hooks keep is in ctx.state: ctx.state.{name} = …"),
        _ => return None,
    };
    Some(hint)
}
