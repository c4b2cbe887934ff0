//! The page for people: what became visible, and a form for faults.

use std::fmt::Write;

use html_escape::encode_text;

use crate::platforms::sandbox::SandboxJournal;

const HEAD: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Campanile's sandbox</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd}
td.text{white-space:pre-wrap}form{display:flex;flex-wrap:wrap;gap:.6rem;align-items:end}label{display:flex;flex-direction:column;font-size:.85rem}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th,td{border-color:#444}}
</style></head><body><h1>Campanile's sandbox</h1>
<h2>Make something go wrong</h2>
<form id="fault">
<label>What<select name="kind"><option>lose_answer<option>error_before<option>error_after<option>refuse<option>rate_limit
<option>answer_late<option>reset<option>reset_after<option>hang<option>effect_late<option>key_stored_late<option>token_expired
<option>nonsense</select></label>
<label>Account (none: all)<input name="account"></label>
<label>When<select name="on"><option value="send">a post is sent<option value="look_up">posts are asked for<option value="connect">an account is checked<option value="upload">a picture is brought<option value="delete">a post is taken away</select></label>
<label>Times<input name="times" type="number" min="1"></label>
<label>Seconds<input name="seconds" type="number" min="0" step="any"></label>
<label>Status<input name="status" type="number" min="500" max="599"></label>
<label>Retry after (s)<input name="retry_after" type="number" min="0"></label>
<label>Not the first<input name="after" type="number" min="0"></label>
<label>Chance (0 to 1)<input name="probability" type="number" min="0" max="1" step="any"></label>
<button>Add</button><button type="button" id="clear">Clear all</button><output id="said"></output></form>
<script>
const form=document.getElementById("fault"),said=document.getElementById("said");
form.onsubmit=async event=>{event.preventDefault();const fault={};
for(const[name,value]of new FormData(form))if(value!=="")fault[name]=form.elements[name].type==="number"?Number(value):value;
const answer=await fetch("/faults",{method:"POST",headers:{"content-type":"application/json"},body:JSON.stringify(fault)});
said.textContent=answer.ok?"Added.":await answer.text()};
document.getElementById("clear").onclick=async()=>{await fetch("/faults",{method:"DELETE"});said.textContent="Cleared."};
</script>
"#;

pub(super) fn render(journal: &SandboxJournal) -> String {
    let mut page = HEAD.to_owned();
    // Writing into a string can't fail.
    let _ = write!(page, "<h2>What became visible: {}</h2>", journal.visible.len());
    page.push_str(
        "<table><tr><th>#</th><th>Account</th><th>Text</th><th>Follows</th><th>At (UTC)</th><th>Gone at</th></tr>",
    );
    for post in journal.visible.iter().rev() {
        let gone = journal.removed.iter().find(|it| it.remote_id == post.remote_id);
        let _ = write!(
            page,
            "<tr id=\"{}\"><td>{}</td><td>@{}</td><td class=\"text\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            post.seq,
            post.seq,
            encode_text(&post.account),
            encode_text(&post.text),
            encode_text(post.reply_to.as_deref().unwrap_or("")),
            post.visible_at.format("%Y-%m-%d %H:%M:%S%.3f"),
            gone.map(|it| it.removed_at.format("%Y-%m-%d %H:%M:%S%.3f").to_string()).unwrap_or_default(),
        );
    }
    let _ = write!(page, "</table><h2>What was received: {}</h2>", journal.requests.len());
    page.push_str(
        "<table><tr><th>#</th><th>Account</th><th>Fault</th><th>Answered</th><th>Post</th><th>At (UTC)</th></tr>",
    );
    for request in journal.requests.iter().rev() {
        let _ = write!(
            page,
            "<tr><td>{}</td><td>@{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            request.seq,
            encode_text(&request.account),
            encode_text(request.fault.as_deref().unwrap_or("")),
            request.answered.map_or_else(|| "nothing".to_owned(), |status| status.to_string()),
            encode_text(request.remote_id.as_deref().unwrap_or("")),
            request.received_at.format("%Y-%m-%d %H:%M:%S%.3f"),
        );
    }
    page.push_str("</table></body></html>");
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platforms::sandbox::Visible;

    #[test]
    fn a_text_is_shown_and_not_run() {
        let post = Visible {
            seq: 1,
            account: "demo".into(),
            remote_id: "1".into(),
            url: "/@demo/1".into(),
            text: "<script>alert(1)</script>".into(),
            marker: None,
            reply_to: None,
            media_ids: Vec::new(),
            visible_at: "2026-12-01T09:00:00Z".parse().unwrap(),
            request_seq: 1,
        };
        let page = render(&SandboxJournal { visible: vec![post], requests: Vec::new(), ..SandboxJournal::default() });
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
        assert_eq!(page.matches("<script>").count(), 1, "only the page's own");
    }
}
