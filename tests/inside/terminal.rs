//! What is shown in a terminal: sparklines, and whether their letters can be; values of options.

use stillroom::cli::inside::{column_of, locale_speaks_unicode, spark, values};

fn known(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}

#[test]
fn values_become_letters() {
    let rising = known(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    assert_eq!(spark(&rising, 8, true), "▁▂▃▄▅▆▇█");
    assert_eq!(spark(&rising, 8, false), "_.:-=+*#");
    assert_eq!(spark(&rising, 4, true), "▁▃▆█");
    assert_eq!(spark(&rising, 100, true).chars().count(), 8);
    assert_eq!(spark(&known(&[2.0, 2.0]), 8, true), "▄▄");
    assert_eq!(spark(&[Some(1.0), None, Some(f64::NAN), Some(2.0)], 8, true), "▁  █");
    assert_eq!(spark(&known(&[-1e308, 1e308]), 8, true).chars().count(), 2);
    assert_eq!(spark(&[], 8, true), "");
    assert_eq!(spark(&[None], 8, true), " ");
    assert_eq!(spark(&rising, 0, true), "");
}

#[test]
fn marks_stand_under_their_values() {
    for (count, width) in [(8, 8), (8, 4), (7, 3), (100, 24), (3, 8), (1, 1)] {
        for index in 0..count {
            let mut values = vec![Some(0.0); count];
            values[index] = Some(1.0);
            let column = column_of(index, count, width);
            let shown = spark(&values, width, false);
            let highest = shown.chars().position(|letter| letter == '#');
            assert!(count == 1 || highest == Some(column), "{index} of {count}: {shown}");
        }
    }
}

#[test]
fn the_locale_says_what_can_be_shown() {
    for (variables, expected) in [
        (vec![], true),
        (vec![("LANG", "C.UTF-8")], true),
        (vec![("LANG", "de_DE.utf8")], true),
        (vec![("LANG", "C")], false),
        (vec![("LANG", "en_US.UTF-8"), ("LC_ALL", "POSIX")], false),
        (vec![("LC_ALL", ""), ("LANG", "en_US.UTF-8")], true),
        (vec![("TERM", "linux"), ("LANG", "en_US.UTF-8")], false),
        (vec![("TERM", "dumb")], false),
        (vec![("TERM", "xterm-256color")], true),
    ] {
        let of = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).into())
        };
        assert_eq!(locale_speaks_unicode(&of), expected, "{variables:?}");
    }
}

#[test]
fn ranges_have_both_ends_and_lists_their_order() {
    let numbers = |text: &str| values("--folds", text, true).map_err(|error| error.headline());
    assert_eq!(numbers("1..3").as_deref(), Ok(["1", "2", "3"].map(String::from).as_slice()));
    assert_eq!(numbers("1..=2, 7").as_deref(), Ok(["1", "2", "7"].map(String::from).as_slice()));
    assert_eq!(numbers("0").as_deref(), Ok(["0".to_string()].as_slice()));
    for (text, problem) in [
        ("", "a value is missing"),
        ("1,", "a value is missing"),
        ("3..1", "the range goes down"),
        ("1..", "this is no whole number"),
        ("-1", "this is no whole number"),
        ("1.5", "this is no whole number"),
        ("18446744073709551615", "this is no whole number"),
        ("0..18446744073709551615", "this is no whole number"),
        ("0..9223372036854775807", "more than 1000 runs"),
        ("1,0..2", "1 is named twice"),
    ] {
        assert_eq!(numbers(text), Err(format!("--folds: {problem}")), "{text}");
    }
}

#[test]
fn values_for_recipes_stand_as_typed() {
    let all = values("--each", "0.10,../data,small, 2..3", false).map_err(|it| it.headline());
    assert_eq!(all, Ok(["0.10", "../data", "small", "2", "3"].map(String::from).to_vec()));
}
