"""How the preview page looks: close to Slack, light and dark, readable on a phone; and its few drawings."""

AVATAR = (
    '<svg viewBox="0 0 40 40" width="40" height="40"><rect width="40" height="40" rx="9" fill="#5b2a86"/>'
    '<path d="M7 27h6l3-3 4-15 5 21 3-8 2 5h3" fill="none" stroke="#ffd166" stroke-width="2.8" '
    'stroke-linecap="round" stroke-linejoin="round"/></svg>'
)

_SVG = '<svg class="emoji" viewBox="0 0 20 20" role="img" aria-label="{}">{}</svg>'
EMOJI = {
    "🔴": _SVG.format("🔴", '<circle cx="10" cy="10" r="8.5" fill="#dd2e44"/>'),
    "🔺": _SVG.format("🔺", '<path d="M10 1.5 19 18H1z" fill="#dd2e44"/>'),
    "✅": _SVG.format(
        "✅",
        '<rect x="1" y="1" width="18" height="18" rx="4" fill="#3f9b4b"/>'
        '<path d="m5 10.5 3.4 3.5L15 6" fill="none" stroke="#fff" stroke-width="2.6"/>',
    ),
    "📣": _SVG.format(
        "📣",
        '<path d="M2 8v4l3 .6V17h3v-3.7l8 2.7V4L5 7.4z" fill="#e0a528"/>'
        '<path d="M17.5 7.5v5" stroke="#e0a528" stroke-width="1.6" stroke-linecap="round"/>',
    ),
}
"""Our own emoji as drawings: a machine without an emoji font shows boxes."""

COLOURS = """
:root{--bg:#fff;--page:#f3f1f5;--ink:#1d1c1d;--soft:#616061;--line:#e4e2e6;--code:#c01343;--code-bg:#f6f5f7;
--link:#1264a3;--mention:#1264a3;--mention-bg:#e8f5fa;--quote:#dcdadd}
@media (prefers-color-scheme:dark){:root{--bg:#1a1d21;--page:#121416;--ink:#e2e3e5;--soft:#9a9ea3;
--line:#33373c;
--code:#e8912d;--code-bg:#24272b;--link:#4da3e0;--mention:#6cc0f0;--mention-bg:#12324a;--quote:#4a4e53}}
"""

MESSAGES = """
.messages{padding:8px 0 16px}
.root{padding:10px 20px}.root+.root{border-top:1px solid var(--line)}
.message{display:flex;gap:10px;padding:4px 0}
.avatar{flex:0 0 40px;height:40px}.avatar svg{display:block;width:100%;height:auto}
.body{flex:1;min-width:0}
.who{margin:0 0 2px;line-height:1.3}.who b{font-weight:900}
.app{font-size:10px;font-weight:700;background:var(--line);color:var(--soft);border-radius:3px;
padding:1px 4px;margin:0 6px;vertical-align:1px}
.who time{color:var(--soft);font-size:12px}
.messages h2{font-size:18px;line-height:1.33;font-weight:900;margin:6px 0 8px}
.section{margin:4px 0 8px;max-width:640px}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:10px 24px;margin:4px 0 12px;max-width:600px}
.fields b,.section b,.rich b{font-weight:700}
.rich{margin:4px 0 12px;max-width:640px}.rich p{margin:0}
.rich ul{margin:2px 0;padding-left:22px}
.messages blockquote{margin:4px 0;padding:1px 0 1px 12px;border-left:4px solid var(--quote);border-radius:2px}
.context{display:flex;flex-wrap:wrap;gap:2px 14px;color:var(--soft);font-size:13px;line-height:1.4;
margin:4px 0;max-width:640px}
.messages code{font:12px/1.5 Monaco,Menlo,Consolas,"DejaVu Sans Mono",monospace;color:var(--code);
background:var(--code-bg);border:1px solid var(--line);border-radius:3px;padding:1px 4px}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
.emoji{width:1.05em;height:1.05em;vertical-align:-.14em}
.mention{color:var(--mention);background:var(--mention-bg);border-radius:3px;padding:0 3px}
.thread{margin:6px 0 2px 50px;border-left:2px solid var(--line);padding-left:12px}
.thread summary{color:var(--link);font-size:13px;font-weight:700;cursor:pointer;padding:2px 0}
.thread .avatar{flex-basis:24px;height:24px}.thread .message{gap:8px}
.messages hr{border:0;border-top:1px solid var(--line)}
@media (max-width:560px){.root{padding-left:14px;padding-right:14px}
.avatar{flex-basis:32px}.thread{margin-left:16px}.fields{gap:8px 14px}.messages h2{font-size:17px}}
"""
"""How messages look, for any page that shows some."""

STYLE = (
    COLOURS
    + """
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.47 Lato,"Slack-Lato","Helvetica Neue",Helvetica,"Segoe UI",
Arial,"Noto Sans","Noto Color Emoji",sans-serif;
overflow-wrap:anywhere}
main{max-width:820px;margin:24px auto;background:var(--bg);border:1px solid var(--line);border-radius:12px;
overflow:hidden;box-shadow:0 8px 30px rgba(20,10,40,.07)}
.channel{padding:14px 20px;border-bottom:1px solid var(--line)}
.channel h1{font-size:18px;font-weight:900;margin:0}.hash{color:var(--soft);font-weight:400;margin-right:3px}
.channel p{margin:2px 0 0;color:var(--soft);font-size:13px}
@media (max-width:560px){main{margin:0;border:0;border-radius:0}
.channel{padding-left:14px;padding-right:14px}}
"""
    + MESSAGES
)
"""How a page of messages looks."""
