//! When and how the console tree is coloured.

use std::ffi::OsString;

use anstyle::{AnsiColor, Style};

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal that can show colours, unless the environment says otherwise:
    /// [`NO_COLOR`](https://no-color.org) (not empty) turns it off, else
    /// [`CLICOLOR_FORCE`](https://bixense.com/clicolors/) (neither empty nor `0`) turns it on, else `CLICOLOR=0` turns it
    /// off. A terminal can show colours if `TERM` is set and not `dumb`, or if `WT_SESSION` or `ANSICON` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorChoice {
    /// Whether to colour what goes to a terminal, or to something else, in this environment.
    pub(crate) fn decide(self, to_terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
        let set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let is = |name, text: &str| variable(name).is_some_and(|value| value == text);
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if set("NO_COLOR") => false,
            Self::Auto if set("CLICOLOR_FORCE") && !is("CLICOLOR_FORCE", "0") => true,
            Self::Auto if is("CLICOLOR", "0") => false,
            Self::Auto if is("TERM", "dumb") => false,
            Self::Auto => to_terminal && (set("TERM") || set("WT_SESSION") || set("ANSICON")),
        }
    }
}

/// What a piece of the tree is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Strong,
    Faint,
    Bar,
    Key,
    Failed,
    GivenUp,
    Open,
}

impl Tone {
    /// Only the 16 colours that a terminal's theme defines, so that it is readable on light and dark.
    const fn style(self) -> Style {
        let style = Style::new();
        match self {
            Self::Plain => style,
            Self::Strong => style.bold(),
            Self::Faint => style.dimmed(),
            Self::Bar => AnsiColor::Blue.on_default(),
            Self::Key => AnsiColor::Cyan.on_default(),
            Self::Failed => AnsiColor::Red.on_default(),
            Self::GivenUp => AnsiColor::Yellow.on_default(),
            Self::Open => AnsiColor::Magenta.on_default(),
        }
    }

    /// Appends the text, in this tone if `colored`.
    pub(crate) fn paint(self, out: &mut String, text: &str, colored: bool) {
        let style = self.style();
        if !colored || style.is_plain() || text.is_empty() {
            return out.push_str(text);
        }
        out.extend([&*style.render().to_string(), text, &*style.render_reset().to_string()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_where_the_program_does_not() {
        for (choice, terminal, environment, expected, reason) in [
            (ColorChoice::Auto, true, &[("TERM", "xterm")][..], true, "a terminal"),
            (ColorChoice::Auto, false, &[("TERM", "xterm")], false, "a pipe"),
            (ColorChoice::Auto, true, &[("TERM", "dumb")], false, "a terminal without colours"),
            (ColorChoice::Auto, true, &[], false, "nothing is known of the terminal"),
            (ColorChoice::Auto, true, &[("WT_SESSION", "1")], true, "Windows Terminal"),
            (ColorChoice::Auto, true, &[("TERM", "xterm"), ("NO_COLOR", "1")], false, "NO_COLOR"),
            (ColorChoice::Auto, true, &[("TERM", "xterm"), ("NO_COLOR", "")], true, "an empty NO_COLOR says nothing"),
            (ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "1")], true, "CLICOLOR_FORCE"),
            (ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "0")], false, "CLICOLOR_FORCE=0 forces nothing"),
            (ColorChoice::Auto, true, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false, "NO_COLOR wins"),
            (ColorChoice::Auto, true, &[("TERM", "xterm"), ("CLICOLOR", "0")], false, "CLICOLOR=0"),
            (ColorChoice::Always, false, &[("NO_COLOR", "1")], true, "the program said always"),
            (ColorChoice::Never, true, &[("CLICOLOR_FORCE", "1")], false, "the program said never"),
        ] {
            let variable =
                |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
            assert_eq!(choice.decide(terminal, variable), expected, "{reason}");
        }
    }
}
