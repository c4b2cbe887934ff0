//! What somebody wrote, for a terminal.

/// In one line, with what would move the cursor or color the screen shown rather than done: who names a thing may not
/// forge the lines around it.
pub(super) fn one_line(text: &str) -> String {
    let shown = |it: char| if it.is_control() { it.escape_default().to_string() } else { it.to_string() };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_moves_the_cursor() {
        assert_eq!(one_line("Glöckner 🔔"), "Glöckner 🔔");
        assert_eq!(one_line("red\u{1b}[31m\nkey_x\tactive\u{9b}"), r"red\u{1b}[31m\nkey_x\tactive\u{9b}");
    }
}
