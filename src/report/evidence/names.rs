//! Names of stages: what is repeated over seeds and folds has one name.

/// Words that say which repetition a stage is.
const WORDS: [&str; 2] = ["fold", "seed"];

/// A stage's name without its seed and fold, and these: `taught, fold 2, seed 1` is `taught` of `fold 2, seed 1`.
pub fn parts(name: &str) -> (String, String) {
    let words: Vec<&str> = name.split_whitespace().collect();
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let (mut kept, mut told): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let (own, next) = (bare(word), words.get(at + 1).map(|next| bare(next)));
        let number =
            next.filter(|next| WORDS.contains(&own.as_str()) && next.parse::<u64>().is_ok());
        let joined = WORDS.iter().find_map(|known| {
            let rest = own.strip_prefix(known)?.trim_start_matches(['=', ':', '_', '-']);
            rest.parse::<u64>().ok().map(|number| format!("{known} {number}"))
        });
        match (number, joined) {
            (Some(number), _) => {
                told.push(format!("{own} {number}"));
                at += 1;
            }
            (None, Some(one)) => told.push(one),
            (None, None) => kept.push(word),
        }
        at += 1;
    }
    let label = kept.join(" ");
    let label = label.trim_end_matches([',', ';', ':', '-', '–', '·', '(', '[', ' ']).trim();
    match label.is_empty() {
        true => (name.to_string(), String::new()),
        false => (label.to_string(), told.join(", ")),
    }
}

/// How many comma-separated parts two labels share: `taught, 0.1` and `alone, 0.1` one.
pub fn shared(a: &str, b: &str) -> usize {
    let parts = |label: &str| -> Vec<String> {
        label.split(',').map(|part| part.trim().to_lowercase()).collect()
    };
    let others = parts(b);
    parts(a).iter().filter(|part| others.contains(part)).count()
}
