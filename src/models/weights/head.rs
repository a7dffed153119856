//! The layer that gives the classes, found by its name and shape.

/// Names that the last part of a network has.
const HEADS: [&str; 7] =
    ["head", "head_dist", "mlp_head", "classifier", "fc", "fc_audioset", "attention"];

/// The parameters of a network that depend on the number of classes, as indices. AST's `mlp_head` is made anew as a
/// whole, as its code does; of others the last layer only.
pub(super) fn head_of(names: &[String], shapes: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let has_token = names.iter().any(|name| name == "cls_token");
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let Some(group) = group_of(name) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, members)) => members.push(index),
            None => groups.push((group, vec![index])),
        }
    }
    let classes_only = |(group, members): (&str, Vec<usize>)| {
        // A norm and a linear layer, as AST has it.
        let paired = has_token && members.iter().any(|index| names[*index] == "head.1.weight");
        if group.ends_with("mlp_head") || paired {
            return members;
        }
        let last = members.iter().rev().find(|index| shapes[**index].len() > 1);
        let classes = last.and_then(|index| shapes[*index].first().copied());
        let mut own = members;
        own.retain(|index| shapes[*index].first().copied() == classes);
        own
    };
    groups.into_iter().map(classes_only).filter(|own| !own.is_empty()).collect()
}

/// The name up to the part that is a head's.
fn group_of(name: &str) -> Option<&str> {
    let mut at = 0;
    for (depth, part) in name.split('.').enumerate() {
        at += part.len() + usize::from(depth > 0);
        // Within a network, attention is no head.
        if HEADS.contains(&part) && (part != "attention" || depth == 0) {
            return (at < name.len()).then(|| &name[..at]);
        }
    }
    None
}
