//! Whose names the tensors of a file have. Every known way of naming is tried on the file, behind every known wrapper,
//! and the one by which most parameters of the network are found counts.

mod convnext;
mod efficientnet;
mod pictures;
mod transformer;

use std::collections::{HashMap, HashSet};

/// What a name of a file is in the network's way of naming.
pub(super) enum Renamed {
    /// Another name.
    Name(String),
    /// One of several parts of a tensor, which are joined along the first dimension.
    Part { name: String, index: usize, of: usize },
    /// Nothing that any network has.
    Nothing,
}

/// What is known where a name is translated.
pub(super) struct Context<'a> {
    /// All names of the file, unwrapped.
    pub names: HashSet<&'a str>,
    /// The stages and the places in them of the network's blocks, in order.
    pub blocks: &'a [(usize, usize)],
}

/// A way of naming: what it is called, and how it names. `None` is for names that it shares with the network.
type Layout = (&'static str, fn(&str, &Context) -> Option<Renamed>);

const LAYOUTS: [Layout; 8] = [
    ("the network's own", |_, _| None),
    ("Hugging Face", transformer::hugging_face),
    ("torchvision's EfficientNet", efficientnet::torchvision),
    ("efficientnet_pytorch", efficientnet::efficientnet_pytorch),
    ("torchvision's ConvNeXt", convnext::torchvision),
    ("ConvNeXt by its authors", convnext::authors),
    ("torchvision's MobileNetV3", pictures::mobilenet_v3),
    ("torchvision's old DenseNet", pictures::old_densenet),
];

/// Keys under which checkpoints keep a network, the ones first that are preferred where there are several.
const WRAPPERS: [&str; 14] = [
    "module",
    "_orig_mod",
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
    "student",
    "ema",
    "state_dict_ema",
    "model_ema",
    "weights",
    "params",
    "state",
];

/// Keys beside a network.
const BESIDE: [&str; 9] = [
    "optimizer",
    "optim",
    "optimizer_state_dict",
    "optimizers",
    "scheduler",
    "lr_scheduler",
    "scaler",
    "amp",
    "amp_scaler",
];

/// Wrappers within wrappers, and how many are tried.
const DEEPEST: usize = 4;
const MOST_WRAPPERS: usize = 16;

/// Where a tensor of a file belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The parameter of this number, or one of several parts of it.
    To { target: usize, index: usize, of: usize },
    /// Nowhere, and nobody misses it; why.
    Ignored(&'static str),
    /// Nowhere.
    Unexpected,
}

/// Where all tensors of a file belong.
#[derive(Debug)]
pub(super) struct Assignment {
    pub layout: &'static str,
    /// The keys that lead to the network, with points; empty where it is not wrapped.
    pub wrapper: String,
    pub places: Vec<Place>,
}

/// The names of a network, under all names that they are looked up by.
pub(super) struct Targets {
    known: HashMap<String, usize>,
    blocks: Vec<(usize, usize)>,
    count: usize,
}

impl Targets {
    pub fn of(names: &[String]) -> Self {
        let mut known: HashMap<String, usize> =
            names.iter().enumerate().map(|(index, name)| (name.clone(), index)).collect();
        let is_ast = names.iter().any(|name| name == "v.cls_token");
        let has_token = is_ast || names.iter().any(|name| name == "cls_token");
        for (index, name) in names.iter().enumerate() {
            if let Some(inner) = name.strip_prefix("v.").filter(|_| is_ast) {
                known.entry(inner.to_string()).or_insert(index);
            }
            // A head of a norm and a linear layer, as AST has it.
            for place in ["0.", "1."] {
                if let Some(inner) = name.strip_prefix("head.").filter(|_| has_token)
                    && inner.starts_with(place)
                {
                    known.entry(format!("mlp_head.{inner}")).or_insert(index);
                }
            }
        }
        let block = |name: &String| {
            let mut parts = name.strip_prefix("blocks.")?.split('.');
            Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
        };
        let mut blocks: Vec<(usize, usize)> = names.iter().filter_map(block).collect();
        blocks.sort_unstable();
        blocks.dedup();
        Targets { known, blocks, count: names.len() }
    }

    fn find(&self, name: &str) -> Option<usize> {
        let inner = || self.known.get(name.strip_prefix("v.")?);
        self.known.get(name).or_else(inner).copied()
    }

    fn has(&self, start: &str) -> bool {
        self.known.keys().any(|name| name.starts_with(start))
    }
}

/// Finds the way of naming by which most of the network is found, and the places of all tensors.
pub(super) fn assign(names: &[String], targets: &Targets) -> Assignment {
    let mut best: Option<((usize, usize), Assignment)> = None;
    for wrapper in wrappers(names) {
        for layout in LAYOUTS {
            let (places, score) = places(names, &wrapper, layout, targets);
            if best.as_ref().is_none_or(|(known, _)| score > *known) {
                let wrapper = wrapper.clone();
                best = Some((score, Assignment { layout: layout.0, wrapper, places }));
            }
        }
    }
    best.map_or_else(
        || Assignment { layout: LAYOUTS[0].0, wrapper: String::new(), places: Vec::new() },
        |(_, best)| best,
    )
}

/// All wrappers that a file may have, with their points; none first.
fn wrappers(names: &[String]) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut at = 0;
    while let Some(outer) = found.get(at).cloned().filter(|_| found.len() < MOST_WRAPPERS) {
        at += 1;
        if outer.matches('.').count() == DEEPEST {
            continue;
        }
        let inner = |key: &&&str| {
            let start = format!("{outer}{key}.");
            names.iter().any(|name| name.starts_with(&start))
        };
        found.extend(WRAPPERS.iter().filter(inner).map(|key| format!("{outer}{key}.")));
    }
    found
}

/// The places of all tensors by one way of naming, and how good it is.
fn places(
    names: &[String],
    wrapper: &str,
    (_, layout): Layout,
    targets: &Targets,
) -> (Vec<Place>, (usize, usize)) {
    let inner = |name: &'_ String| name.strip_prefix(wrapper).map(str::to_string);
    let unwrapped: Vec<Option<String>> = names.iter().map(inner).collect();
    let context = Context {
        names: unwrapped.iter().flatten().map(String::as_str).collect(),
        blocks: &targets.blocks,
    };
    let mut taken = HashSet::new();
    let (mut covered, mut expected) = (HashSet::new(), 0);
    let mut all = Vec::with_capacity(names.len());
    for (name, unwrapped) in names.iter().zip(&unwrapped) {
        let own = unwrapped.as_deref().unwrap_or(name);
        let renamed = match unwrapped {
            Some(own) => layout(own, &context),
            None => None,
        };
        let (name, index, of) = match renamed {
            Some(Renamed::Name(name)) => (name, 0, 1),
            Some(Renamed::Part { name, index, of }) => (name, index, of),
            Some(Renamed::Nothing) => (String::new(), 0, 1),
            None => (own.to_string(), 0, 1),
        };
        let found = targets.find(&name).filter(|target| taken.insert((*target, index)));
        let place = match found {
            Some(target) => {
                covered.insert(target);
                Place::To { target, index, of }
            }
            None if name.is_empty() => Place::Ignored("no network has it"),
            None => match beside(&name, unwrapped.is_none(), !wrapper.is_empty(), targets) {
                Some(why) => Place::Ignored(why),
                None => Place::Unexpected,
            },
        };
        expected += usize::from(place != Place::Unexpected);
        all.push(place);
    }
    debug_assert!(covered.len() <= targets.count);
    (all, (covered.len(), expected))
}

/// Why nobody misses a tensor that the network has no place for.
fn beside(
    name: &str,
    is_outside: bool,
    is_wrapped: bool,
    targets: &Targets,
) -> Option<&'static str> {
    let first = name.split('.').next().unwrap_or(name);
    if name.rsplit('.').next() == Some("num_batches_tracked") {
        return Some("a counter of batches");
    }
    if BESIDE.contains(&first) {
        return Some("of an optimiser");
    }
    if is_outside && is_wrapped && WRAPPERS.contains(&first) {
        return Some("other weights in the file");
    }
    // AST keeps what its transformer was pretrained with.
    let inner = name.strip_prefix("v.").unwrap_or(name);
    let is_head = ["head.", "head_dist.", "pre_logits."].iter().any(|own| inner.starts_with(own));
    if is_head && targets.has("mlp_head.") {
        return Some("a head of ImageNet's");
    }
    if ["spectrogram_extractor", "logmel_extractor"].contains(&first) {
        return Some("of a front end");
    }
    None
}
