//! Drawing: a row for each look at the clip, its waveform on the left, its features on the right.

use super::frequencies::Frequencies;
use crate::audio::Axes;
use crate::augment::Look;
use crate::error::{Error, Kind, Result, unknown};
use crate::report::viridis;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use plotters::backend::{BitMapBackend, SVGBackend};
use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Polygon, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoTextStyle, RGBColor, WHITE, register_font};
use std::path::Path;
use std::sync::OnceLock;

/// Glyphs of Latin-1, so that a picture has the same letters everywhere. Its licence lies beside it.
static FONT: &[u8] = include_bytes!("DejaVuSans-latin.ttf");
const FAMILY: &str = "sans-serif";

const WIDTH: u32 = 1200;
const WAVE_WIDTH: i32 = 430;
const HEAD_HEIGHT: u32 = 44;
const ROW_HEIGHT: u32 = 240;
const INK: RGBColor = RGBColor(32, 32, 32);
const BLUE: RGBColor = RGBColor(38, 98, 160);
/// The colour bar: from the left, from the right, and its height.
const BAR: [u32; 3] = [780, 300, 14];
/// So much of the plain clip's features may be as dark as can be: bins without any power would take all contrast.
const DARK: f64 = 0.02;

/// A sort of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Lines and letters, with features as embedded pictures.
    Svg,
    /// Points.
    Png,
}

impl Format {
    /// As the ending of a file's name says.
    pub fn of(file: &Path) -> Result<Self> {
        let ending = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match ending.as_str() {
            "svg" => Ok(Format::Svg),
            "png" => Ok(Format::Png),
            "" => Err(Error::new(Kind::Usage, "--output", "the file's name has no ending")
                .expected("a name that ends in .svg or .png")
                .received(file.display().to_string())),
            other => {
                Err(unknown("--output", "format", other, &["svg", "png"]).as_kind(Kind::Usage))
            }
        }
    }
}

/// A row of the picture.
pub(super) struct Row {
    /// What stands above it.
    pub title: String,
    /// What it shows.
    pub look: Look,
}

/// The bytes of a picture of `rows`, all on the same scales.
///
/// # Errors
/// None but of our own making.
pub(super) fn draw(format: Format, name: &str, axes: Axes, rows: &[Row]) -> Result<Vec<u8>> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    if !*REGISTERED.get_or_init(|| register_font(FAMILY, FontStyle::Normal, FONT).is_ok()) {
        return Err(failed("the font cannot be read"));
    }
    let size = (WIDTH, HEAD_HEIGHT + ROW_HEIGHT * rows.len() as u32);
    let sheet = Sheet::new(name, axes, rows);
    match format {
        Format::Svg => {
            let mut text = String::new();
            let panels =
                sheet.draw(SVGBackend::with_string(&mut text, size).into_drawing_area())?;
            embed(text, &panels).map(String::into_bytes)
        }
        Format::Png => {
            let mut points = vec![0; size.0 as usize * size.1 as usize * 3];
            let panels =
                sheet.draw(BitMapBackend::with_buffer(&mut points, size).into_drawing_area())?;
            panels.iter().for_each(|panel| panel.put(&mut points, size.0 as usize));
            png_of(&points, size)
        }
    }
}

fn failed(cause: impl ToString) -> Error {
    Error::new(Kind::Internal, "drawing", cause.to_string())
}

fn png_of(points: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(points).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// The features of a row, and where they stand on the sheet.
struct Panel {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    /// Red, green and blue of each point, top row first.
    points: Vec<u8>,
}

impl Panel {
    /// Copies it onto a sheet of points.
    fn put(&self, sheet: &mut [u8], sheet_width: usize) {
        for (row, own) in self.points.chunks_exact((self.width * 3).max(1)).enumerate() {
            let start = ((self.top + row) * sheet_width + self.left) * 3;
            if let Some(place) = sheet.get_mut(start..start + own.len()) {
                place.copy_from_slice(own);
            }
        }
    }
}

/// An SVG with the panels in it, as embedded PNGs: a rectangle a point would be megabytes.
fn embed(mut text: String, panels: &[Panel]) -> Result<String> {
    let end = text.rfind("</svg>").ok_or_else(|| failed("the SVG does not end"))?;
    text.truncate(end);
    for Panel { left, top, width, height, points } in panels {
        let png = STANDARD.encode(png_of(points, (*width as u32, *height as u32))?);
        text.push_str(&format!(
            "<image x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" \
             href=\"data:image/png;base64,{png}\"/>\n"
        ));
    }
    text.push_str("</svg>\n");
    Ok(text)
}

/// What all rows share.
struct Sheet<'a> {
    name: &'a str,
    rows: &'a [Row],
    hop_seconds: f64,
    frequencies: Frequencies,
    /// The bin that lies at no frequency, which is not drawn.
    energy: Option<usize>,
    /// The longest time.
    seconds: f64,
    /// The loudest sample.
    peak: f64,
    /// What is dark and what is bright: nearly the least, and the greatest feature of the plain clip.
    power: [f32; 2],
}

impl<'a> Sheet<'a> {
    fn new(name: &'a str, Axes { hop_seconds, bins, energy }: Axes, rows: &'a [Row]) -> Self {
        let length = |row: &Row| {
            let samples =
                row.look.samples.values.len() as f64 / f64::from(row.look.samples.rate_hz);
            samples.max(row.look.features.frames as f64 * hop_seconds)
        };
        let samples = || rows.iter().flat_map(|row| &row.look.samples.values);
        let peak = samples().fold(0.0f32, |peak, value| peak.max(value.abs()));
        let count = rows.first().map_or(1, |row| row.look.features.bins.max(1));
        let first = rows.iter().take(1).flat_map(|row| row.look.features.values.iter().enumerate());
        let drawn = first.filter(|(at, _)| Some(at % count) != energy);
        let mut plain: Vec<f32> = drawn.map(|(_, value)| *value).collect();
        plain.sort_by(f32::total_cmp);
        let low = plain.get((plain.len() as f64 * DARK) as usize).map_or(0.0, |low| *low);
        let top = plain.last().map_or(1.0, |top| *top);
        Sheet {
            name,
            rows,
            hop_seconds,
            frequencies: Frequencies::of(bins),
            energy,
            seconds: rows.iter().map(length).fold(hop_seconds, f64::max),
            peak: if peak > 0.0 { f64::from(peak) } else { 1.0 },
            power: [low, if top > low { top } else { low + 1.0 }],
        }
    }

    fn draw<DB: DrawingBackend>(&self, area: DrawingArea<DB, Shift>) -> Result<Vec<Panel>> {
        area.fill(&WHITE).map_err(failed)?;
        let (head, body) = area.split_vertically(HEAD_HEIGHT);
        let mut panels = vec![self.head(&head)?];
        for (row, area) in self.rows.iter().zip(body.split_evenly((self.rows.len(), 1))) {
            let (left, right) = area.split_horizontally(WAVE_WIDTH);
            self.wave(row, &left)?;
            panels.push(self.features(row, &right)?);
        }
        area.present().map_err(failed)?;
        Ok(panels)
    }

    /// The clip's name, and what the colours mean.
    fn head<DB: DrawingBackend>(&self, head: &DrawingArea<DB, Shift>) -> Result<Panel> {
        let style = (FAMILY, 18).into_text_style(head).color(&INK);
        head.draw(&Text::new(self.name.to_string(), (14, 14), style)).map_err(failed)?;
        let [low, high] = self.power;
        let [left, from_right, height] = BAR;
        let (width, top) = (WIDTH - left - from_right, (HEAD_HEIGHT - height) / 2);
        let at = |across, x: u32, text: String| {
            let style = (FAMILY, 13).into_text_style(head).color(&INK);
            let style = style.pos(Pos::new(across, VPos::Center));
            head.draw(&Text::new(text, (x as i32, (HEAD_HEIGHT / 2) as i32), style)).map_err(failed)
        };
        at(HPos::Right, left - 8, format!("features: {low:.1} and less"))?;
        at(HPos::Left, left + width + 8, format!("{high:.1}"))?;
        let colour = |x: u32| viridis(x as f32 / (width.max(2) - 1) as f32);
        let row: Vec<u8> = (0..width).flat_map(colour).collect();
        let points = row.repeat(height as usize);
        let [left, top, width, height] = [left, top, width, height].map(|own| own as usize);
        Ok(Panel { left, top, width, height, points })
    }

    fn wave<DB: DrawingBackend>(&self, row: &Row, area: &DrawingArea<DB, Shift>) -> Result<()> {
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .margin_top(34)
            .x_label_area_size(40)
            .y_label_area_size(62)
            .build_cartesian_2d(0.0..self.seconds, -self.peak..self.peak)
            .map_err(failed)?;
        let title = match row.look.made_of.len() {
            0 | 1 => row.title.clone(),
            _ => row.title.split(':').next().unwrap_or_default().to_string(),
        };
        title_of(area, title)?;
        chart
            .configure_mesh()
            .disable_mesh()
            .axis_style(INK)
            .label_style((FAMILY, 13, &INK))
            .x_desc("seconds")
            .y_desc("amplitude")
            .x_labels(6)
            .y_labels(5)
            .y_label_formatter(&amplitude)
            .draw()
            .map_err(failed)?;
        let columns = chart.plotting_area().dim_in_pixel().0.max(1) as usize;
        let samples = &row.look.samples;
        let whole = self.seconds * f64::from(samples.rate_hz);
        let mut upper = Vec::new();
        let mut lower = Vec::new();
        for column in 0..columns {
            let at = |column: usize| (whole * column as f64 / columns as f64) as usize;
            let end = at(column + 1).max(at(column) + 1).min(samples.values.len());
            let Some(own) = samples.values.get(at(column)..end).filter(|own| !own.is_empty())
            else {
                break;
            };
            let time = self.seconds * (column as f64 + 0.5) / columns as f64;
            let most = own.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let least = own.iter().copied().fold(f32::INFINITY, f32::min);
            // A line at least, where nothing moves.
            let thin = self.peak / 300.0;
            upper.push((time, f64::from(most) + thin));
            lower.push((time, f64::from(least) - thin));
        }
        upper.extend(lower.into_iter().rev());
        chart.plotting_area().draw(&Polygon::new(upper, BLUE.filled())).map_err(failed)
    }

    fn features<DB: DrawingBackend>(
        &self,
        row: &Row,
        area: &DrawingArea<DB, Shift>,
    ) -> Result<Panel> {
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .margin_top(34)
            .x_label_area_size(40)
            .y_label_area_size(62)
            .build_cartesian_2d(0.0..self.seconds, self.frequencies.clone())
            .map_err(failed)?;
        title_of(area, row.title.clone())?;
        chart
            .configure_mesh()
            .disable_mesh()
            .axis_style(INK)
            .label_style((FAMILY, 13, &INK))
            .x_desc("seconds")
            .y_desc(self.frequencies.unit)
            .x_labels(10)
            .draw()
            .map_err(failed)?;
        let (across, down) = chart.plotting_area().get_pixel_range();
        let [left, right, top, bottom] = [across.start, across.end, down.start, down.end]
            .map(|place| usize::try_from(place).unwrap_or(0));
        // Right of the axis, and above it.
        let (width, height) = (right.saturating_sub(left), bottom.saturating_sub(top));
        Ok(Panel { left, top, width, height, points: self.points(row, width, height) })
    }

    /// The colours of the features, top row first; white where the clip is over.
    fn points(&self, row: &Row, width: usize, height: usize) -> Vec<u8> {
        let features = &row.look.features;
        let [low, high] = self.power;
        let frames = self.seconds / self.hop_seconds;
        let mut points = Vec::with_capacity(width * height * 3);
        let drawn = features.bins - usize::from(self.energy.is_some());
        for y in 0..height {
            let bin = (height - 1 - y) * drawn / height.max(1);
            let bin = bin + usize::from(self.energy == Some(0));
            for x in 0..width {
                let frame = (x as f64 * frames / width as f64) as usize;
                let value = (frame < features.frames)
                    .then(|| features.values.get(frame * features.bins + bin))
                    .flatten();
                points.extend(match value {
                    Some(value) => viridis((value - low) / (high - low)),
                    None => [255; 3],
                });
            }
        }
        points
    }
}

/// A number of the axis in short; its middle is 0, from whichever side it was reached.
fn amplitude(value: &f64) -> String {
    let text = format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').to_string();
    if text == "-0" { "0".into() } else { text }
}

fn title_of<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, title: String) -> Result<()> {
    let style = (FAMILY, 15).into_text_style(area).color(&INK);
    area.draw(&Text::new(title, (72, 12), style)).map_err(failed)
}
