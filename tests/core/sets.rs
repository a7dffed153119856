//! Sets as values: selected, relabelled, joined, shared out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use stillroom::data::{Clip, Dataset, Draw, Folds, Labelling, Sampler, Split, balanced};

/// A set of clips, each `(class, group)`; all of them train.
fn set(clips: &[(usize, &str)], classes: usize) -> Dataset {
    let clip = |(index, (class, group)): (usize, &(usize, &str))| Clip {
        id: format!("clip{index}"),
        file: PathBuf::from(format!("/nowhere/{index}.wav")),
        span: None,
        row: None,
        labels: vec![(*class, 1.0)],
        split: Split::Train,
        fold: None,
        group: (!group.is_empty()).then(|| group.to_string()),
        rate_hz: 1000,
        samples: 2500,
        channels: 1,
    };
    let names: Vec<String> = (0..classes).map(|class| format!("class{class}")).collect();
    Dataset {
        name: "set".into(),
        labelling: Labelling::Single,
        classes: names.clone(),
        class_ids: names,
        clips: Arc::new(clips.iter().enumerate().map(clip).collect()),
        lists: Vec::new(),
        left_out: Arc::default(),
        remarks: Arc::default(),
    }
}

/// Three classes with 50, 30 and 4 clips.
fn uneven() -> Dataset {
    let clips: Vec<(usize, &str)> =
        [(0, 50), (1, 30), (2, 4)].iter().flat_map(|(class, n)| vec![(*class, ""); *n]).collect();
    set(&clips, 3)
}

const DRAW: Draw = Draw { seed: 0, stratified: true, by_group: true };

fn ids(data: &Dataset, split: Split) -> BTreeSet<String> {
    data.of(split).map(|clip| clip.id.clone()).collect()
}

fn counts(data: &Dataset, split: Split) -> Vec<usize> {
    let mut counts = vec![0; data.classes.len()];
    data.of(split).flat_map(|clip| &clip.labels).for_each(|(class, _)| counts[*class] += 1);
    counts
}

#[test]
fn subsets_are_nested_and_stratified() {
    let data = uneven();
    let mut before = BTreeSet::new();
    for (share, expected) in
        [(0.1, [5, 3, 1]), (0.25, [13, 8, 1]), (0.5, [25, 15, 2]), (1.0, [50, 30, 4])]
    {
        let part = data.subset(share, DRAW).expect("a subset");
        assert_eq!(counts(&part, Split::Train), expected, "{share}");
        let now = ids(&part, Split::Train);
        assert!(before.is_subset(&now), "{share}");
        before = now;
    }
    let other = data.subset(0.5, Draw { seed: 1, ..DRAW }).expect("a subset");
    assert_ne!(ids(&other, Split::Train), ids(&data.subset(0.5, DRAW).unwrap(), Split::Train));
    assert!(data.subset(0.0, DRAW).is_err() && data.subset(1.1, DRAW).is_err());
    // Clips that test stay.
    let split = data.split(0.0, 0.5, DRAW).expect("a split");
    let part = split.subset(0.1, DRAW).expect("a subset");
    assert_eq!(ids(&part, Split::Test), ids(&split, Split::Test));
}

#[test]
fn splits_share_out_all_clips_and_each_class_alike() {
    let data = uneven().split(0.1, 0.2, DRAW).expect("a split");
    assert_eq!(counts(&data, Split::Test), [10, 6, 1]);
    assert_eq!(counts(&data, Split::Validation), [5, 3, 0]);
    assert_eq!(counts(&data, Split::Train), [35, 21, 3]);
    assert!(uneven().split(0.5, 0.5, DRAW).is_err() && uneven().split(-0.1, 0.5, DRAW).is_err());
}

#[test]
fn clips_of_one_recording_stay_together() {
    let groups: Vec<String> = (0..60).map(|index| format!("take{}", index / 4)).collect();
    let clips: Vec<(usize, &str)> =
        groups.iter().enumerate().map(|(index, group)| (index / 20, group.as_str())).collect();
    let data = set(&clips, 3);
    let split = data.split(0.2, 0.2, DRAW).expect("a split");
    let mut seen: BTreeMap<&str, Split> = BTreeMap::new();
    for clip in split.clips.iter() {
        let group = clip.group.as_deref().expect("a group");
        assert_eq!(*seen.entry(group).or_insert(clip.split), clip.split, "{group}");
    }
    let apart = data.split(0.2, 0.2, Draw { by_group: false, ..DRAW }).expect("a split");
    let mut mixed = BTreeMap::new();
    for clip in apart.clips.iter() {
        mixed.entry(clip.group.clone()).or_insert_with(BTreeSet::new).insert(clip.split);
    }
    assert!(mixed.values().any(|splits| splits.len() > 1));
}

#[test]
fn folds_are_of_one_size_and_each_clip_tests_once() {
    let data = uneven();
    let mut tested = Vec::new();
    for fold in 1..=5 {
        let folds = Folds { test: fold, validation: None };
        let own = data.k_fold(5, folds, DRAW).expect("a fold");
        assert!((16..=18).contains(&own.count(Split::Test)), "{}", own.count(Split::Test));
        assert_eq!(counts(&own, Split::Test)[0], 10);
        tested.extend(ids(&own, Split::Test));
    }
    assert_eq!(tested.len(), 84);
    assert_eq!(tested.into_iter().collect::<BTreeSet<_>>().len(), 84);
    let folds = Folds { test: 1, validation: Some(2) };
    let own = data.k_fold(5, folds, DRAW).expect("folds");
    assert!(own.count(Split::Validation) > 15);
    // The folds that a set has now can be asked for again.
    let again = own.fold(Folds { test: 2, validation: None }).expect("a fold");
    assert_eq!(ids(&again, Split::Test), ids(&own, Split::Validation));
    let wrong = data.fold(folds).expect_err("no folds").to_string();
    assert!(wrong.contains("k_fold"), "{wrong}");
    for (count, test) in [(1, 1), (5, 6), (5, 0)] {
        assert!(data.k_fold(count, Folds { test, validation: None }, DRAW).is_err());
    }
}

#[test]
fn classes_are_selected_and_renamed() {
    let data = uneven();
    let two = data.select(&["class2".into(), "class0".into()]).expect("two classes");
    assert_eq!(
        (two.classes.as_slice(), counts(&two, Split::Train)),
        (&["class2".to_string(), "class0".into()][..], vec![4, 50])
    );
    let wrong = data.select(&["clas1".into()]).expect_err("no such class").to_string();
    assert!(wrong.contains("did you mean 'class1'"), "{wrong}");
    assert!(data.select(&["class1".into(), "class1".into()]).is_err());
    let names = [("class0", Some("animal")), ("class2", Some("animal")), ("class1", None)];
    let names = names.map(|(old, new)| (old.to_string(), new.map(str::to_string)));
    let merged = data.map_labels(&BTreeMap::from(names)).expect("renamed");
    assert_eq!((merged.classes.len(), counts(&merged, Split::Train)), (1, vec![54]));
    let never = |_: &Clip| -> Result<Vec<String>, ()> { Err(()) };
    assert!(data.relabel(never).is_err());
    let several = data
        .relabel(|clip| -> Result<_, ()> {
            Ok(if clip.class() == Some(0) { vec!["b".into(), "a".into()] } else { Vec::new() })
        })
        .expect("labels");
    assert_eq!((several.labelling, several.classes.len()), (Labelling::Multi, 2));
    assert_eq!(several.clips[0].labels, [(0, 1.0), (1, 1.0)]);
}

#[test]
fn sets_are_joined_by_the_names_of_their_classes() {
    let data = uneven();
    let mut other = set(&[(0, ""), (1, "")], 2);
    other.classes = vec!["new".into(), "class1".into()];
    other.name = "other".into();
    let clips = Arc::make_mut(&mut other.clips);
    clips.iter_mut().for_each(|clip| clip.file = clip.file.with_extension("flac"));
    let sum = data.concat(&other).expect("a sum");
    assert_eq!(sum.classes, ["class0", "class1", "class2", "new"]);
    assert_eq!(counts(&sum, Split::Train), [50, 31, 4, 1]);
    assert_eq!(sum.clips[84].id, "other/clip0");
    let wrong = data.concat(&data).expect_err("twice").to_string();
    assert!(wrong.contains("a clip is in both sets"), "{wrong}");
}

#[test]
fn windows_reach_to_the_end_of_each_clip() {
    let data = set(&[(0, "")], 1);
    let spans = |seconds, hop| -> Vec<(usize, usize)> {
        let cut = data.windows(seconds, hop).expect("windows");
        assert!(cut.clips.iter().all(|clip| clip.group.as_deref() == Some("clip0")));
        cut.clips.iter().filter_map(|clip| clip.span).map(|s| (s.start, s.samples)).collect()
    };
    assert_eq!(spans(1.0, 1.0), [(0, 1000), (1000, 1000), (2000, 500)]);
    assert_eq!(spans(2.0, 0.5), [(0, 2000), (500, 2000)]);
    assert_eq!(spans(9.0, 9.0), [(0, 2500)]);
    // Windows of windows lie within them.
    let twice = data.windows(1.0, 1.0).and_then(|cut| cut.windows(0.4, 0.4)).expect("windows");
    assert_eq!(twice.clips[3].span.map(|s| (s.start, s.samples)), Some((1000, 400)));
    assert!(data.windows(0.0, 1.0).is_err() && data.windows(1.0, f64::NAN).is_err());
    // Every sample a clip of its own would be more than memory has.
    let long = Clip { samples: 5_000_000, ..data.clips[0].clone() };
    let long = Dataset { clips: Arc::new(vec![long]), ..data.clone() };
    let error = long.windows(1e-7, 1e-7).expect_err("millions of windows");
    assert!(error.to_string().contains("too many clips"), "{error}");
}

#[test]
fn balanced_weights_are_those_of_ast() {
    // 1000 / (count + 0.01), summed over a clip's labels.
    let mut data = set(&[(0, ""), (0, ""), (1, "")], 2);
    Arc::make_mut(&mut data.clips)[1].labels = vec![(0, 1.0), (1, 1.0)];
    let weights = balanced(&data.clips, 2);
    let one = 1000.0 / 2.01;
    assert_eq!(weights, [one, one + one, one]);
}

#[test]
fn weighted_draws_follow_their_weights() {
    let weights: Arc<[f64]> = [1.0, 0.0, 3.0, 4.0].into();
    let sampler = Sampler::Weights(weights.clone());
    sampler.check(4).expect("weights");
    let mut seen = [0usize; 4];
    for epoch in 0..5000 {
        sampler.order(Some(&weights), 4, 7, epoch).into_iter().for_each(|clip| seen[clip] += 1);
    }
    assert_eq!(seen[1], 0);
    for (count, weight) in seen.iter().zip(weights.iter()) {
        let share = *count as f64 / 20_000.0;
        // Four standard errors.
        assert!((share - weight / 8.0).abs() < 4.0 * (0.25f64 / 20_000.0).sqrt(), "{seen:?}");
    }
    let bad: [&[f64]; 4] =
        [&[1.0; 3], &[0.0; 4], &[1.0, f64::NAN, 1.0, 1.0], &[-1.0, 1.0, 1.0, 1.0]];
    for weights in bad {
        assert!(Sampler::Weights(weights.into()).check(4).is_err(), "{weights:?}");
    }
}
