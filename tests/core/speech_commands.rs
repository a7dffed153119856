//! Speech Commands' reader at the size of the published set.

use super::layouts::{clip, read, tree};
use stillroom::data::{ReadOptions, Split, speech_commands};

/// Clips a word of version 2, as its README has them.
const WORDS: [(&str, usize); 35] = [
    ("backward", 1664),
    ("bed", 2014),
    ("bird", 2064),
    ("cat", 2031),
    ("dog", 2128),
    ("down", 3917),
    ("eight", 3787),
    ("five", 4052),
    ("follow", 1579),
    ("forward", 1557),
    ("four", 3728),
    ("go", 3880),
    ("happy", 2054),
    ("house", 2113),
    ("learn", 1575),
    ("left", 3801),
    ("marvin", 2100),
    ("nine", 3934),
    ("no", 3941),
    ("off", 3745),
    ("on", 3845),
    ("one", 3890),
    ("right", 3778),
    ("seven", 3998),
    ("sheila", 2022),
    ("six", 3860),
    ("stop", 3872),
    ("three", 3727),
    ("tree", 1759),
    ("two", 3880),
    ("up", 3723),
    ("visual", 1592),
    ("wow", 2123),
    ("yes", 4044),
    ("zero", 4052),
];

#[test]
fn speech_commands_at_its_full_size() {
    let folder = tree(&[("_background_noise_/white_noise.wav", ""), ("LICENSE", "x")]);
    let mut names = Vec::new();
    for (word, count) in WORDS {
        let at = |index: usize| format!("{word}/{:08x}_nohash_{}.wav", index / 2, index % 2);
        let first = folder.path().join(at(0));
        std::fs::create_dir_all(first.parent().expect("a word")).expect("a folder");
        clip(&first, 8);
        for index in 1..count {
            std::fs::hard_link(&first, folder.path().join(at(index))).expect("a link");
        }
        names.extend((0..count).map(at));
    }
    // As many as are published; which ones does not matter.
    let list = |name: &str, part: &[String]| {
        std::fs::write(folder.path().join(name), part.join("\n") + "\n").expect("a list");
    };
    list("validation_list.txt", &names[..9_981]);
    list("testing_list.txt", &names[9_981..9_981 + 11_005]);
    let options = ReadOptions::default();
    let data = read(|reach| speech_commands(folder.path(), &options, reach)).expect("the set");
    assert_eq!((data.classes.len(), data.clips.len()), (35, 105_829));
    let of = |split: Split| data.of(split).count();
    assert_eq!([of(Split::Train), of(Split::Validation), of(Split::Test)], [84_843, 9_981, 11_005]);
    for (class, (word, count)) in WORDS.into_iter().enumerate() {
        assert_eq!(data.classes[class], word);
        let own = data.clips.iter().filter(|clip| clip.labels[0].0 == class);
        assert_eq!(own.count(), count, "{word}");
    }
}
