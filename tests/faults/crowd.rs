//! A store with many objects.

use super::lab::{Lab, undisturbed};
use std::time::Instant;
use stillroom::run::Home;
use stillroom::run::store::{Found, Store};

#[test]
fn a_run_begins_quickly_beside_a_thousand_objects() {
    let lab = Lab::new();
    lab.run(3, &[]).good();
    let store = Store::at(&Home::of(std::path::Path::new(""), Some(lab.sandbox.file("home"))));
    let known = store.objects();
    let Ok(Found::Hit(object)) = store.get(&known[0].key) else { panic!("an object") };
    let template = object.path;
    // Copies under other keys would be damaged: each is committed as its own.
    let files: Vec<(String, Vec<u8>)> = object
        .files
        .iter()
        .map(|file| (file.name.clone(), std::fs::read(template.join(&file.name)).expect("a file")))
        .collect();
    for number in 0..1000 {
        let mut meta = known[number % 3].meta.clone();
        meta["identity"]["options"][0]["value"] = format!("other {number}").into();
        meta["without_length"] = format!("other {number}").into();
        let key = blake3::hash(&number.to_string().into_bytes()).to_hex().to_string();
        store.commit(&key, meta, files.clone()).expect("room");
    }
    for (what, arguments) in [
        ("hits", &["run", "lab.rhai", "--new"][..]),
        ("misses", &["run", "lab.rhai", "--new", "--seed", "5"]),
        ("why", &["why", "lab.rhai", "--seed", "7"]),
        ("longer", &["run", "lab.rhai", "--set", "epochs=3"]),
    ] {
        let begun = Instant::now();
        lab.still(arguments).good();
        let took = begun.elapsed().as_secs_f64();
        eprintln!("{what}: {took:.2} s beside 1,000 objects");
        // Three tests may share two cores.
        assert!(took < 3.0, "{what}: {took} s");
    }
    lab.still(&["run", "lab.rhai", "--new"]).good();
    assert_eq!(lab.outcome().hits(), [true; 3]);
    assert_eq!(lab.outcome().hashes(), undisturbed().hashes());
}
