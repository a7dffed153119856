//! Teacher and student, clip by clip.

use super::classes::by_class;
use super::{answers, label};
use crate::metrics::Labelling;
use crate::report::draw::{Axis, Frame, Scale, mark, missing, n, series};
use crate::report::evidence::{Answers, Evidence};
use crate::report::words::{brief, counted};
use maud::{Markup, html};

/// So many points are drawn; of more, every so-manieth.
const MOST: usize = 1500;
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 400.0;
/// So many pairs of teacher and student.
const FIGURES: usize = 4;

/// A kind of point: its series, and what it means.
const KINDS: [(usize, &str); 4] = [
    (0, "both right"),
    (2, "only the student right"),
    (5, "only the teacher right"),
    (4, "both wrong"),
];

/// A scatter for each group whose teacher is among these.
pub fn teacher(evidence: &Evidence, compared: &[(usize, usize)]) -> Markup {
    let wanted = compared.iter().map(|(group, _)| *group).chain(0..evidence.groups.len());
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for group in wanted {
        if let Some(teacher) = evidence.teacher(group)
            && !pairs.contains(&(group, teacher))
        {
            pairs.push((group, teacher));
        }
    }
    if pairs.is_empty() {
        let why = "no stage of these was taught by another one of them.";
        return missing("fig-teacher-1", "Teacher and student", why);
    }
    html! {
        div.panels {
            @for (index, pair) in pairs.iter().take(FIGURES).enumerate() {
                @let id = format!("fig-teacher-{}", index + 1);
                @match scatter(evidence, &id, *pair) {
                    Ok(figure) => { (figure) }
                    Err(why) => { (missing(&id, "Teacher and student", &format!("{why}."))) }
                }
            }
        }
    }
}

/// A point, and its kind's place in [`KINDS`].
struct Point {
    teacher: f64,
    student: f64,
    kind: usize,
    name: String,
}

fn scatter(
    evidence: &Evidence,
    id: &str,
    (group, teacher): (usize, usize),
) -> Result<Markup, String> {
    let (own, other) = (answers(evidence, group)?, answers(evidence, teacher)?);
    let multi = own.iter().any(|answers| answers.labelling == Labelling::Multi);
    let points = match multi {
        true => classes(&own, &other)?,
        false => clips(&own, &other)?,
    };
    let kinds: &[(usize, &str)] = if multi { &[(0, "a class")] } else { &KINDS };
    let count = |kind: usize| points.iter().filter(|point| point.kind == kind).count();
    let step = points.len().div_ceil(MOST).max(1);
    let x = Scale::over([0.0, 1.0], [56.0, WIDTH - 12.0]);
    let y = Scale::over([0.0, 1.0], [HEIGHT - 46.0, 12.0]);
    let say = |value: f64| brief(value);
    let what = if multi { "average precision of a class" } else { "probability of the true class" };
    let names = format!("“{}”, taught by “{}”", label(evidence, group), label(evidence, teacher));
    let told: Vec<String> = kinds
        .iter()
        .enumerate()
        .map(|(kind, (_, name))| format!("{} {name}", count(kind)))
        .collect();
    let frame = Frame {
        id,
        about: format!("{what}: {names}. {}.", told.join(", ")),
        size: [WIDTH, HEIGHT],
        x: Axis::of(&format!("teacher: {what}"), x, 6, say),
        y: Axis::of(&format!("student: {what}"), y, 6, say),
    };
    let body = html! {
        path.zero d={ "M" (n(x.at(0.0))) " " (n(y.at(0.0))) "L" (n(x.at(1.0))) " " (n(y.at(1.0))) } {}
        @for (kind, (colour, _)) in kinds.iter().enumerate() {
            g.points.(series(*colour)) {
                @for point in points.iter().step_by(step).filter(|point| point.kind == kind) {
                    @if points.len() <= 400 {
                        g { title { (point.name) } (mark(*colour, x.at(point.teacher), y.at(point.student), 3.6)) }
                    } @else {
                        (mark(*colour, x.at(point.teacher), y.at(point.student), 2.8))
                    }
                }
            }
        }
    };
    let key = kinds
        .iter()
        .enumerate()
        .map(|(kind, (colour, name))| (*colour, format!("{name}: {}", count(kind))));
    Ok(html! {
        figure {
            figcaption { (names) }
            (frame.draw(&names, &body))
            @if !multi { (super::key(key)) }
            p.note {
                "Above the line the student is surer of what is true than its teacher."
                @if step > 1 { " Of " (counted(points.len(), "clip")) " one in " (step) " is drawn." }
            }
        }
    })
}

/// Of clips: how likely each holds the true class. The results are paired in their order.
fn clips(own: &[&Answers], other: &[&Answers]) -> Result<Vec<Point>, String> {
    let mut points = Vec::new();
    for (index, student) in own.iter().enumerate() {
        // One teacher may have taught several.
        let teacher = if other.len() == own.len() { other.get(index) } else { other.first() };
        let Some(pairs) = teacher.and_then(|teacher| student.paired(teacher)) else { continue };
        let Some(teacher) = teacher else { continue };
        points.extend(pairs.into_iter().map(|(place, theirs)| {
            let class = student.label(place);
            let of = |all: &[f64]| all.get(class).copied().unwrap_or(0.0);
            let kind = match (student.right(place), teacher.right(theirs)) {
                (true, true) => 0,
                (true, false) => 1,
                (false, true) => 2,
                (false, false) => 3,
            };
            let (mine, his) =
                (of(&student.probabilities(place)), of(&teacher.probabilities(theirs)));
            let id = student.ids.get(place).map_or("?", String::as_str);
            let name =
                format!("{id} ({}): teacher {his:.2}, student {mine:.2}", student.class(class));
            Point { teacher: his, student: mine, kind, name }
        }));
    }
    match points.is_empty() {
        true => Err("teacher and student were not tested on the same clips".into()),
        false => Ok(points),
    }
}

/// Of classes, where clips have several: average precision.
fn classes(own: &[&Answers], other: &[&Answers]) -> Result<Vec<Point>, String> {
    let both = by_class(own).and_then(|mine| Ok((mine, by_class(other)?)));
    let (mine, theirs) = both.map_err(|error| error.headline())?;
    let name = |class: usize| own.first().map_or("?", |answers| answers.class(class)).to_string();
    let all = mine.into_iter().zip(theirs).enumerate();
    Ok(all
        .filter(|(_, (mine, theirs))| mine.is_finite() && theirs.is_finite())
        .map(|(class, (student, teacher))| Point {
            teacher,
            student,
            kind: 0,
            name: format!("{}: teacher {teacher:.2}, student {student:.2}", name(class)),
        })
        .collect())
}
