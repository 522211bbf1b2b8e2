//! What every picture can be told: how it is called, and its colours.

use crate::palette::Theme;
use crate::scene::Scene;

/// The options that [`Html`](crate::Html) and [`Svg`](crate::Svg) have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heading {
    pub(crate) title: Option<String>,
    pub(crate) theme: Theme,
}

impl Heading {
    pub(crate) const fn new() -> Self {
        Self { title: None, theme: Theme::Auto }
    }

    /// What the picture is called: what it was told, else the first root's name and its service.
    pub(crate) fn title_of(&self, scene: &Scene<'_>) -> String {
        self.title.clone().unwrap_or_else(|| scene.title())
    }
}
