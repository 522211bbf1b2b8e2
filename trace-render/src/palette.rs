//! The colours of the pictures. Tests hold them apart for every reader: see `tests/colours.rs`.

/// Which colours a picture has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Theme {
    /// What the reader's system prefers.
    #[default]
    Auto,
    /// Dark on white.
    Light,
    /// Light on black.
    Dark,
}

impl Theme {
    /// `auto`, `light` or `dark`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The colours of one theme.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    pub(crate) background: &'static str,
    pub(crate) text: &'static str,
    pub(crate) faint: &'static str,
    pub(crate) line: &'static str,
    pub(crate) error: &'static str,
    /// By the number of the service, in the order in which the services appear.
    pub(crate) services: [&'static str; 8],
}

pub(crate) const LIGHT: Palette = Palette {
    background: "#FFFFFF",
    text: "#1A1D21",
    faint: "#5A626C",
    line: "#E3E6EA",
    error: "#C5221F",
    services: ["#256A62", "#8451B9", "#D67000", "#7C7BFF", "#142E50", "#482303", "#6E1895", "#AB7FA0"],
};

pub(crate) const DARK: Palette = Palette {
    background: "#14171C",
    text: "#E6E9ED",
    faint: "#9AA3AE",
    line: "#2A2F37",
    error: "#FF6B60",
    services: ["#40AC9F", "#B274F6", "#F3B01D", "#B1B7FD", "#8EF9FF", "#F8E597", "#A44CA3", "#057918"],
};

#[cfg(test)]
mod tests {
    use super::*;

    type Rgb = [f64; 3];

    fn linear(hex: &str) -> Rgb {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        [channel(1), channel(3), channel(5)]
    }

    fn times(matrix: &[Rgb; 3], vector: Rgb) -> Rgb {
        matrix.map(|row| row.iter().zip(vector).map(|(factor, value)| factor * value).sum())
    }

    /// [OKLab](https://bottosson.github.io/posts/oklab/).
    fn oklab(rgb: Rgb) -> Rgb {
        let cones = times(
            &[
                [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
                [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
                [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
            ],
            rgb.map(|channel| channel.clamp(0.0, 1.0)),
        );
        times(
            &[
                [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
                [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
                [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
            ],
            cones.map(f64::cbrt),
        )
    }

    /// Machado, Oliveira and Fernandes 2009, severity 1: normal, protan, deutan, tritan.
    const VISIONS: [[Rgb; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ];

    fn distance(left: &str, right: &str) -> f64 {
        let distance = |vision: &[Rgb; 3]| {
            let (left, right) = (oklab(times(vision, linear(left))), oklab(times(vision, linear(right))));
            left.iter().zip(right).map(|(left, right)| (left - right).powi(2)).sum::<f64>().sqrt()
        };
        VISIONS.iter().map(distance).fold(f64::INFINITY, f64::min)
    }

    fn contrast(left: &str, right: &str) -> f64 {
        let luminance = |hex| times(&[[0.2126, 0.7152, 0.0722]; 3], linear(hex))[0] + 0.05;
        let (left, right) = (luminance(left), luminance(right));
        left.max(right) / left.min(right)
    }

    #[test]
    fn colours_stay_apart_in_every_vision_and_from_the_background() {
        for palette in [LIGHT, DARK] {
            for (number, colour) in palette.services.iter().enumerate() {
                for other in &palette.services[number + 1..] {
                    assert!(distance(colour, other) >= 0.10, "{colour} {other}: {}", distance(colour, other));
                }
                assert!(distance(colour, palette.error) >= 0.10, "{colour} reads as an error");
                assert!(contrast(colour, palette.background) >= 3.0, "{colour} on {}", palette.background);
            }
            for text in [palette.text, palette.faint, palette.error] {
                assert!(contrast(text, palette.background) >= 4.5, "text {text} on {}", palette.background);
            }
        }
    }

    #[test]
    fn the_page_has_the_same_colours() {
        let style = include_str!("../assets/viewer.css");
        for palette in [LIGHT, DARK] {
            for colour in palette.services.iter().chain([&palette.error, &palette.background, &palette.faint]) {
                assert!(style.contains(colour), "{colour} is not in the page's style sheet");
            }
        }
    }
}
