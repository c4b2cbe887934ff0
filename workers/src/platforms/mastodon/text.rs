//! A status's HTML as the text that it was made of.

use html_escape::decode_html_entities;

/// The text that people read: a space for each break, no tags, no entities, white space in ones; of `@name@server` the
/// name, as servers show it.
pub(super) fn of_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('>') else {
            rest = "";
            break;
        };
        if is_break(&rest[start + 1..start + end]) {
            text.push('\n');
        }
        rest = &rest[start + end + 1..];
    }
    text.push_str(rest);
    normal(&decode_html_entities(&text))
}

/// The same of the text as it was sent.
pub(super) fn normal(text: &str) -> String {
    text.split_whitespace().map(without_server).collect::<Vec<_>>().join(" ")
}

/// Its letters and digits alone. Two texts that agree in these and not in [`normal`] may be one that the server has
/// dressed.
pub(super) fn skeleton(normal: &str) -> String {
    normal.chars().filter(|c| c.is_alphanumeric()).collect()
}

fn is_break(tag: &str) -> bool {
    let name = tag.trim_start_matches('/').trim_end_matches('/').split_whitespace().next().unwrap_or_default();
    ["br", "p", "div", "li", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

fn without_server(word: &str) -> String {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let mut kept = String::with_capacity(word.len());
    let mut rest = word;
    // An address such as https://example.com/@name keeps what follows it.
    while let Some(at) = rest.find('@').filter(|_| !word.contains("://")) {
        let after = &rest[at + 1..];
        let name = &after[..after.find(|c| !is_name(c)).unwrap_or(after.len())];
        kept.push_str(&rest[..=at]);
        kept.push_str(name);
        rest = &after[name.len()..];
        if let Some(server) = rest.strip_prefix('@').filter(|_| !name.is_empty()) {
            let host = server[..server.find(|c| !is_name(c)).unwrap_or(server.len())].trim_end_matches('.');
            rest = &server[host.len()..];
        }
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_shows_reads_as_what_was_sent() {
        for (sent, html) in [
            ("Guten Morgen", "<p>Guten Morgen</p>"),
            ("a < b & c > d \"e\" 'f'", "<p>a &lt; b &amp; c &gt; d &quot;e&quot; &#39;f&#39;</p>"),
            ("one\ntwo\n\nthree", "<p>one<br />two</p><p>three</p>"),
            ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
            ("  spaced   out \n", "<p>spaced out</p>"),
            (
                "@alice@example.social, hi",
                "<p><span class=\"h-card\"><a href=\"https://example.social/@alice\" class=\"u-url mention\">@<span>alice\
                 </span></a></span>, hi</p>",
            ),
            (
                "see https://example.com/a/very/long/path#x",
                "<p>see <a href=\"https://example.com/a/very/long/path#x\"><span class=\"invisible\">https://</span>\
                 <span class=\"ellipsis\">example.com/a/very/long/pa</span><span class=\"invisible\">th#x</span></a></p>",
            ),
            ("#launch day", "<p><a href=\"https://m.example/tags/launch\">#<span>launch</span></a> day</p>"),
            ("(@bob@b.example) 🔔", "<p>(@<span>bob</span>) 🔔</p>"),
            ("https://m.example/@alice@b.example/1", "<p>https://m.example/@alice@b.example/1</p>"),
        ] {
            assert_eq!(of_html(html), normal(sent), "{sent:?}");
        }
    }

    #[test]
    fn other_texts_stay_others() {
        assert_ne!(of_html("<p>one two</p>"), normal("onetwo"));
        assert_ne!(of_html("<p>a</p>"), normal("b"));
        assert_eq!(normal("mail me: a@b.example"), "mail me: a@b.example");
        assert_eq!(of_html("<p>cut <a"), "cut");
    }

    #[test]
    fn a_dressed_text_keeps_its_letters() {
        let dressed = of_html("<p>It\u{2019}s <strong>here</strong>\u{2026}</p>");
        let sent = normal("It's **here**...");
        assert_ne!(dressed, sent);
        assert_eq!(skeleton(&dressed), skeleton(&sent));
        assert_ne!(skeleton(&dressed), skeleton("It is here"));
    }
}
