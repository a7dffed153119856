//! What the viewer chose to see.

use crate::run::Picture;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What the viewer chose.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The stage that is shown; None follows the one that is being done.
    pub chosen: Option<String>,
    pub help: bool,
    pub unicode: bool,
    pub colours: bool,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Leave,
    Draw,
    Nothing,
}

impl View {
    /// The place of the stage that is shown.
    pub fn stage(&self, picture: &Picture) -> Option<usize> {
        let courses = picture.courses();
        let place = |name: &str| courses.iter().position(|course| course.stage.name == name);
        let chosen = self.chosen.as_deref().and_then(place);
        let current = || picture.current().and_then(|course| place(&course.stage.name));
        chosen.or_else(current).or(courses.len().checked_sub(1))
    }

    /// Whether the stage that is being done is followed.
    pub fn follows(&self) -> bool {
        self.chosen.is_none()
    }

    pub fn key(&mut self, key: KeyEvent, picture: &Picture) -> Asked {
        if key.kind == KeyEventKind::Release {
            return Asked::Nothing;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c' | 'd') if control => return Asked::Leave,
            KeyCode::Char('q') => return Asked::Leave,
            KeyCode::Esc if !self.help => return Asked::Leave,
            KeyCode::Esc => self.help = false,
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.help = !self.help,
            KeyCode::Tab | KeyCode::Right | KeyCode::Down => {
                self.turn(picture, 1);
            }
            KeyCode::BackTab | KeyCode::Left | KeyCode::Up => {
                self.turn(picture, picture.courses().len().saturating_sub(1));
            }
            KeyCode::Char('f') => self.chosen = None,
            _ => return Asked::Nothing,
        }
        Asked::Draw
    }

    fn turn(&mut self, picture: &Picture, by: usize) {
        let courses = picture.courses();
        if let Some(at) = self.stage(picture) {
            let next = courses.get((at + by) % courses.len().max(1));
            self.chosen = next.map(|course| course.stage.name.clone());
        }
    }
}
