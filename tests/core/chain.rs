//! Steps of steps: how often each is done, in which order, and that nothing moves what another draws.

use std::collections::BTreeMap;
use std::sync::Arc;
use stillroom::augment::{Chance, Pick, Shuffled};
use stillroom::data::{Augmentation, Draws, Level, Normal, Spectrogram};

type Step = Arc<dyn Augmentation>;

/// Writes its name and one number that it draws behind what is there.
struct Mark(&'static str);

impl Augmentation for Mark {
    fn describe(&self) -> String {
        format!("mark({})", self.0)
    }

    fn level(&self) -> Level {
        Level::Clip
    }

    fn clip(&self, clip: &mut Spectrogram, draws: &mut Draws) {
        let free = clip.features.iter().position(|value| *value == 0.0).expect("room");
        let name = self.0.bytes().next().expect("a name");
        clip.features[free] = f32::from(name);
        clip.features[free + 1] = draws.stream.uniform() as f32 + 1.0;
    }
}

fn marks(names: &[&'static str]) -> Vec<Step> {
    names.iter().map(|name| Arc::new(Mark(name)) as Step).collect()
}

/// What a step wrote at one draw: names, with the number of each.
fn written(step: &dyn Augmentation, draw: u64) -> (String, BTreeMap<char, f32>) {
    let mut features = vec![0.0; 32];
    let normal = Normal { mean: 0.0, scale: 1.0 };
    let mut clip = Spectrogram { features: &mut features, frames: 1, bins: 32, normal, gain: None };
    step.clip(&mut clip, &mut Draws::of(step, 5, &[draw]));
    let all = features.chunks(2).take_while(|pair| pair[0] != 0.0);
    let all: Vec<(char, f32)> = all.map(|pair| (char::from(pair[0] as u8), pair[1])).collect();
    (all.iter().map(|(name, _)| name).collect(), all.into_iter().collect())
}

fn counts(step: &dyn Augmentation, draws: u64) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    (0..draws).for_each(|draw| *counts.entry(written(step, draw).0).or_default() += 1);
    counts
}

#[test]
fn each_choice_and_each_order_is_as_likely() {
    let step = |names: &[&'static str]| marks(names);
    let one = Pick::new("test", 1, step(&["a", "b", "c"])).expect("a group");
    let two = Pick::new("test", 2, step(&["a", "b", "c"])).expect("a group");
    let any = Shuffled::new("test", step(&["a", "b", "c"])).expect("a group");
    let cases: [(&dyn Augmentation, &[&str]); 3] = [
        (&one, &["a", "b", "c"]),
        (&two, &["ab", "ac", "bc"]),
        (&any, &["abc", "acb", "bac", "bca", "cab", "cba"]),
    ];
    for (step, expected) in cases {
        let found = counts(step, 3000);
        assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), expected);
        let mean = 3000 / expected.len() as u64;
        assert!(found.values().all(|count| count.abs_diff(mean) < mean / 6), "{found:?}");
    }
    let some = counts(&Chance::new(0.3, marks(&["a"]).remove(0)), 3000);
    assert!(some["a"].abs_diff(900) < 100, "{some:?}");
}

#[test]
fn what_else_is_in_a_group_moves_no_number() {
    let small = Shuffled::new("test", marks(&["a", "b"])).expect("a group");
    let large = Shuffled::new("test", marks(&["c", "a", "d", "b"])).expect("a group");
    let lone = Mark("a");
    for draw in 0..200 {
        let (order, numbers) = written(&small, draw);
        let (wide_order, wide) = written(&large, draw);
        assert!(numbers.iter().all(|(name, number)| wide[name] == *number));
        // Nor do others change who of the two comes first.
        assert_eq!(wide_order.replace(['c', 'd'], ""), order);
        assert_eq!(written(&lone, draw).1[&'a'], numbers[&'a']);
        let maybe = written(&Chance::new(0.5, Arc::new(Mark("a"))), draw).1;
        assert!(maybe.get(&'a').is_none_or(|number| *number == numbers[&'a']));
    }
}

#[test]
fn the_same_step_twice_draws_twice() {
    let twice = Shuffled::new("test", marks(&["a", "a"])).expect("a group");
    let mut features = vec![0.0; 8];
    let normal = Normal { mean: 0.0, scale: 1.0 };
    let mut clip = Spectrogram { features: &mut features, frames: 1, bins: 8, normal, gain: None };
    twice.clip(&mut clip, &mut Draws::of(&twice, 5, &[0]));
    assert!(features[1] != features[3]);
}

#[test]
fn a_group_names_all_that_is_in_it() {
    let inner: Step = Arc::new(Pick::new("test", 1, marks(&["a", "b"])).expect("a group"));
    let group =
        Shuffled::new("test", vec![Arc::new(Chance::new(0.25, inner)), Arc::new(Mark("c"))]);
    let told = group.expect("a group").describe();
    assert_eq!(told, "shuffled([chance(0.25, one_of([mark(a), mark(b)])), mark(c)])");
}
