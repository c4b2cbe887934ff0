//! Colour where a person reads along, none where a file does.

use std::io::IsTerminal;

/// How a piece of text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// A heading.
    Title,
    /// It went well.
    Good,
    /// It went wrong, and that is being dealt with.
    Warn,
    /// It ended badly.
    Bad,
    /// Something is under way.
    Busy,
    /// Beside the point.
    Faint,
}

/// Paints text, or leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    colour: bool,
    /// Whether a line may be written over.
    pub live: bool,
}

impl Paint {
    /// By what standard output is, and whether the reader wants no colour.
    pub fn of_stdout() -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self { colour: terminal && std::env::var_os("NO_COLOR").is_none(), live: terminal }
    }

    pub fn text(self, tone: Tone, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Title => "1",
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Busy => "36",
            Tone::Faint => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
