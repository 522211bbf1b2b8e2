//! The style sheet of a picture.

use std::fmt::Write as _;

use crate::palette::{DARK, LIGHT, Palette, Theme};

/// The class of the picture in this theme, which every rule of its style sheet names.
pub(super) const fn class(theme: Theme) -> &'static str {
    match theme {
        Theme::Auto => "trace-auto",
        Theme::Light => "trace-light",
        Theme::Dark => "trace-dark",
    }
}

/// The style sheet. It is the same for every trace, so that several pictures in one page agree and a page can name its hash.
pub(crate) fn style(theme: Theme) -> String {
    let class = class(theme);
    let mut out = format!(
        ".{class} text{{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;font-size:12px;\
         white-space:pre}}.{class} text[font-size=\"10\"]{{font-size:10px}}.{class} text[font-size=\"11\"]{{font-size:11px}}\
         .{class} .h{{font-weight:600;font-size:14px}}.{class} .l{{stroke-width:1;fill:none}}\
         .{class} .p{{fill:currentColor;fill-opacity:.25;stroke:currentColor;stroke-width:.75}}\
         .{class} .c{{fill:currentColor}}.{class} .k{{fill:none;stroke-width:1.2}}"
    );
    match theme {
        Theme::Light => colours(&mut out, class, &LIGHT),
        Theme::Dark => colours(&mut out, class, &DARK),
        Theme::Auto => {
            colours(&mut out, class, &LIGHT);
            out.push_str("@media (prefers-color-scheme:dark){");
            colours(&mut out, class, &DARK);
            out.push('}');
        }
    }
    out
}

fn colours(out: &mut String, class: &str, palette: &Palette) {
    let Palette { background, text, faint, line, error, services } = palette;
    let _ = write!(
        out,
        ".{class} .b{{fill:{background}}}.{class} .t{{fill:{text}}}.{class} .f,.{class} .m{{fill:{faint}}}\
         .{class} .l{{stroke:{line}}}.{class} .k{{stroke:{faint}}}.{class} .e{{fill:{error}}}.{class} .v{{fill:{background};stroke:{text}}}"
    );
    for (number, colour) in services.iter().enumerate() {
        let _ = write!(out, ".{class} .s{number}{{color:{colour}}}");
    }
}
