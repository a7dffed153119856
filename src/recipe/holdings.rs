//! Networks and optimisers that values of a recipe hold.

use crate::nn::Net;
use crate::optim::OptimizerHandle;
use crate::train::{Trained, Workbench};
use rhai::{Dynamic, Map};

/// Networks and optimisers in the values of a map.
pub(super) fn held(map: &Map) -> Workbench {
    let mut all = Workbench::default();
    map.values().for_each(|value| collect(value, &mut all));
    all
}

/// Networks and optimisers, also those in arrays and maps.
pub(super) fn collect(value: &Dynamic, into: &mut Workbench) {
    let name = String::new;
    if let Some(net) = value.read_lock::<Net>() {
        into.nets.push((name(), net.clone()));
    } else if let Some(optimizer) = value.read_lock::<OptimizerHandle>() {
        into.optimizers.push((name(), optimizer.clone()));
    } else if let Some(trained) = value.read_lock::<Trained>() {
        let all = trained.nets.iter().map(|(_, net)| net).chain([trained.model.net()]);
        into.nets.extend(all.map(|net| (name(), net.clone())));
    } else if let Some(array) = value.read_lock::<rhai::Array>() {
        array.iter().for_each(|value| collect(value, into));
    } else if let Some(map) = value.read_lock::<Map>() {
        map.values().for_each(|value| collect(value, into));
    }
}
